"""One SageMaker for all tests of a file, in process: each test makes resources of its own names."""

from __future__ import annotations

import re

import pytest
from botocore.exceptions import ClientError

from local.clock import Clock
from local.sagemaker import SageMaker
from tests.local.conftest import SmallCloud
from tests.local.sagemaker.conftest import PlainImages, World


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A world that the tests of a file share; its time goes a hundred times as fast."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
        cloud = SmallCloud(
            tmp_path_factory.mktemp("cloud"),
            lambda services: SageMaker(services, images=PlainImages()),
            clock=Clock(speed=100),
        )
        cloud.listen()
        yield World(cloud)
        cloud.close()


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
