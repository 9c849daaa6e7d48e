"""One SageMaker for all tests of a file, in process: each test makes resources of its own names."""

from __future__ import annotations

import re

import pytest
from botocore.exceptions import ClientError

from local.clock import Clock
from tests.local.sagemaker.clouds import sagemaker_cloud
from tests.local.sagemaker.conftest import World


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A world that the tests of a file share; its time goes a hundred times as fast."""
    with sagemaker_cloud(tmp_path_factory, clock=Clock(speed=100)) as cloud:
        yield World(cloud)


@pytest.fixture(scope="module")
def sm(shared):
    """A SageMaker client."""
    return shared.sm


@pytest.fixture
def refused():
    """Calls what must fail, and gives code and message."""

    def call(operation, **params) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            operation(**params)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return call


@pytest.fixture
def own_name(request):
    """A name that no other test of the file uses."""
    return re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[-50:].strip("-")
