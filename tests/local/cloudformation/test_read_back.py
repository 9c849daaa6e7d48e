import io
import json
import random
import zipfile

import pytest

from local.autoscaling import AutoScaling
from local.cloudformation import CloudFormation
from local.cloudformation.resources import CATALOGUE
from local.cloudwatch import CloudWatch
from local.events import Events
from local.functions import Functions
from local.sagemaker import SageMaker
from local.scheduler import Scheduler
from tests.local.cloudformation.account import Account
from tests.local.cloudformation.fakes import FakeSageMaker
from tests.local.cloudformation.samples import bucket, parameter, serving
from tests.local.cloudformation.universe import AFTER, KEPT, UNIVERSE

MAKERS = (CloudFormation, AutoScaling, SageMaker, Events, Scheduler, Functions, CloudWatch)
BROKEN = parameter("v", name="/broken", type="Nonsense")

# Types of which there is nothing to read, or whose reading has a test of its own.
ELSEWHERE = {
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CDK::Metadata",
    "AWS::CloudFormation::CustomResource",
    "AWS::CloudFormation::Stack",
    "AWS::CloudFormation::WaitConditionHandle",
    "AWS::SageMaker::Endpoint",
}


@pytest.fixture
def account(small_cloud):
    """An account with everything that the local cloud owns."""
    cloud = small_cloud(*MAKERS)
    cloud.listen()
    s3, packed = cloud.client("s3"), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("python/shared.py", "")
    s3.create_bucket(Bucket="layers", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="layers", Key="l.zip", Body=packed.getvalue())
    return Account(cloud, cloud.parts[0])


def resources(chosen):
    """The template's resources: the chosen variants by logical id."""
    made = {
        name: {"Type": UNIVERSE[name][0], "Properties": UNIVERSE[name][1][variant]} for name, variant in chosen.items()
    }
    for name, first in AFTER.items():
        if name in made:
            made[name]["DependsOn"] = first
    for name in KEPT & made.keys():
        made[name]["DeletionPolicy"] = "Retain"
    return made


def drifts(account):
    """What of a stack is not as its template says: status, and path, expected and found, by logical id."""
    detection = account.client.detect_stack_drift(StackName="s")["StackDriftDetectionId"]
    assert account._part.settled(30)
    status = account.client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
    assert status["DetectionStatus"] == "DETECTION_COMPLETE", status.get("DetectionStatusReason")
    filters = {"StackResourceDriftStatusFilters": ["MODIFIED", "DELETED", "NOT_CHECKED"]}
    found = account.client.describe_stack_resource_drifts(StackName="s", **filters)["StackResourceDrifts"]
    assert status["DriftedStackResourceCount"] == len(found)
    return {
        drift["LogicalResourceId"]: (
            drift["StackResourceDriftStatus"],
            [(d["PropertyPath"], d["ExpectedValue"], d["ActualValue"]) for d in drift["PropertyDifferences"]],
        )
        for drift in found
    }


def test_everything_is_as_its_template_says(account):
    """Every type, in its first variant and, after an update, in its other one; then nothing is left."""
    assert account.create(resources(dict.fromkeys(UNIVERSE, 0)))["StackStatus"] == "CREATE_COMPLETE"
    assert drifts(account) == {}
    other = {name: len(variants) - 1 for name, (_, variants) in UNIVERSE.items()}
    assert account.update(resources(other))["StackStatus"] == "UPDATE_COMPLETE"
    assert drifts(account) == {}
    assert account.delete()["StackStatus"] == "DELETE_COMPLETE"


def test_the_universe_has_every_type():
    """Those with nothing to read apart."""
    plain = {kind for kind in CATALOGUE if kind.startswith("AWS::SageMaker::")}
    assert {kind for kind, _ in UNIVERSE.values()} == CATALOGUE.keys() - ELSEWHERE - (plain - _plain_in_universe())


def _plain_in_universe():
    return {kind for kind, _ in UNIVERSE.values() if kind.startswith("AWS::SageMaker::")}


CHEAP = ("Group", "Guest", "Inline", "Joined", "Key", "Logs", "Managed", "Other", "Parameter", "Queue", "Dead")
CHEAP += ("QueuePolicy", "Role", "Rule", "Subscription", "Table", "Topic", "TopicPolicy", "User", "Alarm", "Config")
CHEAP += ("Model", "LogGroup", "Schedule", "Schedules", "Packages", "Secret")


def chosen_by(dice):
    """Some resources in some variants, with all that they refer to."""
    chosen = {}
    waiting = dice.sample(CHEAP, 8)
    while waiting:
        name = waiting.pop()
        if name in chosen:
            continue
        chosen[name] = dice.randrange(len(UNIVERSE[name][1]))
        text = json.dumps(UNIVERSE[name][1][chosen[name]])
        waiting += [other for other in UNIVERSE if f'["{other}",' in text or f'{{"Ref": "{other}"}}' in text]
    return resources(chosen)


@pytest.mark.clients  # heavy: `make test` has every type in both variants by the test above
@pytest.mark.parametrize("seed", range(5))
def test_after_every_operation_the_services_are_as_the_template_says(account, seed):
    """Any update leaves what its template says, and one that fails what was before."""
    dice = random.Random(seed)
    assert account.create(chosen_by(dice))["StackStatus"] == "CREATE_COMPLETE"
    assert drifts(account) == {}
    for _ in range(2):
        wanted = chosen_by(dice)
        failing = {**wanted, "Broken": {**BROKEN, "DependsOn": list(wanted)}}
        assert account.update(failing)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        assert drifts(account) == {}
        assert account.update(wanted)["StackStatus"] == "UPDATE_COMPLETE"
        assert drifts(account) == {}


@pytest.fixture
def small(small_cloud):
    """An account with little in it."""
    cloud = small_cloud(CloudFormation, FakeSageMaker)
    return Account(cloud, cloud.parts[0])


def test_what_others_change_is_drift(small):
    """The value, its place and what is gone are named; the next operation forgets what was found."""
    small.create({"P": parameter("v", name="p"), "B": bucket(BucketName="bucket"), "Q": {"Type": "AWS::SQS::Queue"}})
    assert small.stack()["DriftInformation"] == {"StackDriftStatus": "NOT_CHECKED"}
    small.cloud.client("ssm").put_parameter(Name="p", Value="w", Type="String", Overwrite=True)
    small.cloud.client("s3").delete_bucket(Bucket="bucket")
    assert drifts(small) == {"P": ("MODIFIED", [("/Value", "v", "w")]), "B": ("DELETED", [])}
    assert small.stack()["DriftInformation"]["StackDriftStatus"] == "DRIFTED"
    listed = small.client.list_stack_resources(StackName="s")["StackResourceSummaries"]
    statuses = {one["LogicalResourceId"]: one["DriftInformation"]["StackResourceDriftStatus"] for one in listed}
    assert statuses == {"P": "MODIFIED", "B": "DELETED", "Q": "IN_SYNC"}
    small.update({"P": parameter("x", name="p"), "Q": {"Type": "AWS::SQS::Queue"}})
    assert small.stack()["DriftInformation"] == {"StackDriftStatus": "NOT_CHECKED"}
    found = small.client.detect_stack_resource_drift(StackName="s", LogicalResourceId="P")["StackResourceDrift"]
    assert (found["StackResourceDriftStatus"], json.loads(found["ActualProperties"])["Value"]) == ("IN_SYNC", "x")


def test_an_endpoint_serves_what_its_template_says(small):
    """Another configuration, put by others, is drift."""

    small.create(serving("1"))
    assert drifts(small) == {}
    client = small.cloud.client("sagemaker")
    model = small.physical("Model").rpartition("/")[2]
    variant = {"VariantName": "V", "ModelName": model, "InitialInstanceCount": 1}
    client.create_endpoint_config(
        EndpointConfigName="other", ProductionVariants=[{**variant, "InstanceType": "ml.m5.large"}]
    )
    client.update_endpoint(EndpointName="live", EndpointConfigName="other")
    assert drifts(small)["Endpoint"][0] == "MODIFIED"
