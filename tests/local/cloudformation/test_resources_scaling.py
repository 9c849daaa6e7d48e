import pytest
from botocore.exceptions import ClientError

from local.autoscaling import AutoScaling
from local.cloudformation import CloudFormation
from tests.local.cloudformation.account import Account
from tests.local.cloudformation.fakes import FakeSageMaker
from tests.local.cloudformation.samples import serving

RESOURCE = "endpoint/live/variant/AllTraffic"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
PLACE = {"ServiceNamespace": "sagemaker", "ResourceId": RESOURCE, "ScalableDimension": DIMENSION}


@pytest.fixture
def account(small_cloud, stepped_clock):
    """An account with the cloud's own Application Auto Scaling, whose clock stands still."""
    cloud = small_cloud(CloudFormation, FakeSageMaker, AutoScaling, clock=stepped_clock)
    return Account(cloud, cloud.parts[0])


@pytest.fixture
def scaling(account):
    """Application Auto Scaling of the account."""
    return account.cloud.client("application-autoscaling")


def _scaled(most, *, target="70", place=PLACE, **more):
    tracking = {
        "TargetValue": target,
        "ScaleInCooldown": 300,
        "ScaleOutCooldown": 60,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
    }
    return serving("1") | {
        "Scaling": {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "DependsOn": "Endpoint",
            "Properties": {**PLACE, "MinCapacity": 2, "MaxCapacity": most, **more},
        },
        "Policy": {
            "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
            "DependsOn": "Scaling",
            "Properties": {
                "PolicyName": "live-invocations",
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": tracking,
                **place,
            },
        },
    }


@pytest.mark.parametrize("place", [PLACE, {"ScalingTargetId": {"Ref": "Scaling"}}])
def test_an_endpoint_is_scaled_as_its_template_says(account, scaling, place):
    """Target and policy come, change and go with their stack; the policy may name its target either way."""
    assert account.create(_scaled(8, place=place))["StackStatus"] == "CREATE_COMPLETE"
    assert account.physical("Scaling") == f"{RESOURCE}|{DIMENSION}|sagemaker"
    [policy] = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert account.physical("Policy") == policy["PolicyARN"]
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 70.0
    account.update(_scaled(4, target="90", place=place))
    [target] = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert target["MaxCapacity"] == 4
    [policy] = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 90.0
    account.delete()
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []


def test_a_target_that_is_registered_is_not_taken_over(account, scaling):
    """The stack that would fails, and leaves it."""
    account.create(serving("1"), name="other")
    scaling.register_scalable_target(**PLACE, MinCapacity=1, MaxCapacity=2)
    resources = {"Scaling": {**_scaled(8)["Scaling"]}}
    del resources["Scaling"]["DependsOn"]
    assert account.create(resources)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "already exists" in account.reasons("Scaling")[-1]
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"][0]["MaxCapacity"] == 2


def test_a_target_bears_its_tags(account, scaling):
    """Those of the template, and no longer those that left it."""

    def labels():
        [target] = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
        return scaling.list_tags_for_resource(ResourceARN=target["ScalableTargetARN"])["Tags"]

    account.create(_scaled(8, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]))
    assert labels() == {"a": "1", "b": "2"}
    account.update(_scaled(8, Tags=[{"Key": "b", "Value": "3"}]))
    assert labels() == {"b": "3"}


@pytest.mark.parametrize("name", ["ScheduledActions", "Surprise"])
def test_an_unknown_property_is_refused_by_name(account, name):
    """Before there is a stack."""
    with pytest.raises(ClientError, match=f"does not support the property {name}"):
        account.create(_scaled(8, **{name: []}))
