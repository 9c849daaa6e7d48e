"""A cloud whose guard evaluates."""

import pytest

from local.clock import Clock
from local.cloud import LocalCloud
from tests.local.iam.town import REGION, Town


@pytest.fixture(scope="module")
def town():
    """A cloud without AWS's managed policies, which take a second to load."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
        with LocalCloud(region=REGION, clock=Clock(speed=0)) as cloud:
            yield Town(cloud)
