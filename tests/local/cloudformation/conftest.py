"""An account whose SageMaker is a fake, in front of moto."""

from __future__ import annotations

import pytest

from local.cloudformation import CloudFormation
from tests.local.cloudformation.account import Account
from tests.local.cloudformation.fakes import FakeSageMaker


@pytest.fixture
def rollbacks():
    """What CloudFormation makes of a deployment that SageMaker takes back."""
    return "unnoticed"


@pytest.fixture
def cloud(small_cloud, rollbacks):
    """CloudFormation and a fake SageMaker, in front of moto."""
    return small_cloud(lambda services: CloudFormation(services, rollbacks=rollbacks), FakeSageMaker)


@pytest.fixture
def account(cloud):
    """Stacks in that cloud."""
    return Account(cloud, cloud.parts[0])


@pytest.fixture
def sagemaker(cloud):
    """The fake SageMaker of that cloud."""
    return cloud.parts[1]
