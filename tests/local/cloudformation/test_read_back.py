import pytest

from local.autoscaling import AutoScaling
from local.cloudformation import CloudFormation
from local.cloudwatch import CloudWatch
from local.events import Events
from local.functions import Functions
from local.sagemaker import SageMaker
from local.scheduler import Scheduler
from tests.local.cloudformation.account import Account
from tests.local.cloudformation.universe import AFTER, UNIVERSE

MAKERS = (CloudFormation, AutoScaling, SageMaker, Events, Scheduler, Functions, CloudWatch)


@pytest.fixture
def account(small_cloud):
    """An account with everything that the local cloud owns."""
    cloud = small_cloud(*MAKERS)
    cloud.listen()
    return Account(cloud, cloud.parts[0])


def resources(chosen):
    """The template's resources: the chosen variants by logical id."""
    made = {
        name: {"Type": UNIVERSE[name][0], "Properties": UNIVERSE[name][1][variant]} for name, variant in chosen.items()
    }
    for name, first in AFTER.items():
        if name in made:
            made[name]["DependsOn"] = first
    return made


def drifts(account, name="s"):
    """What of a stack is not as its template says: path, expected and found, by logical id."""
    detection = account.client.detect_stack_drift(StackName=name)["StackDriftDetectionId"]
    assert account._part.settled(30)
    status = account.client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
    assert status["DetectionStatus"] == "DETECTION_COMPLETE", status.get("DetectionStatusReason")
    found, token = [], {}
    while True:
        page = account.client.describe_stack_resource_drifts(StackName=name, **token)
        found += page["StackResourceDrifts"]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    return {
        drift["LogicalResourceId"]: (
            drift["StackResourceDriftStatus"],
            [(d["PropertyPath"], d["ExpectedValue"], d["ActualValue"]) for d in drift["PropertyDifferences"]],
        )
        for drift in found
        if drift["StackResourceDriftStatus"] != "IN_SYNC"
    }


def test_everything_is_as_its_template_says(account):
    """Every type, in its first variant and, after an update, in its other one."""
    assert account.create(resources(dict.fromkeys(UNIVERSE, 0)))["StackStatus"] == "CREATE_COMPLETE"
    assert drifts(account) == {}
    account.update(resources({name: len(kind[1]) - 1 for name, kind in UNIVERSE.items()}))
    assert account.stack()["StackStatus"] == "UPDATE_COMPLETE"
    assert drifts(account) == {}
