"""What tests of the commands share."""

import pytest

import env
from cli.connection import Connection
from local.cloud import LocalCloud


@pytest.fixture
def connection(monkeypatch):
    """Stage local on a local cloud that nobody listens to."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
    stage = env.load("local")
    with LocalCloud(region=stage.region) as cloud:
        yield Connection(stage, cloud.session())
