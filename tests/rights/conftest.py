"""A stage on a local cloud in this process, so that the guard can be heard."""

from __future__ import annotations

import os

import pytest

import env
from cli.up import environment
from local.bootstrap import bootstrap
from local.cloud import LocalCloud
from tests.rights.paths import town_of

_SPEED = 60.0
"""The demo's: its traffic floors fit it."""


@pytest.fixture(scope="module")
def town():
    """The stage `local`, to be deployed by whoever walks there; its CloudFormation cannot roll endpoints back."""
    stage, before = env.load("local"), dict(os.environ)
    with LocalCloud(region=stage.region, speed=_SPEED, rollbacks="stuck") as cloud:
        url = cloud.start()
        bootstrap(cloud.services)
        os.environ.update(environment(url, stage))
        try:
            yield town_of(cloud)
        finally:
            os.environ.clear()
            os.environ.update(before)
