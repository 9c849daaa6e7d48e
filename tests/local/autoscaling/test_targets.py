import pytest
from botocore.exceptions import ClientError

from tests.local.autoscaling.conftest import PLACE, START

METRIC = {"PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}}


def refusal(call, **params):
    """Code and message of a call that is refused."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_target_is_described_as_it_was_registered(account):
    """With the role that is linked to the service; registered again, it is changed."""
    arn = account.register()["ScalableTargetARN"]
    [target] = account.client.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert target == {
        **PLACE,
        "MinCapacity": 2,
        "MaxCapacity": 8,
        "CreationTime": START,
        "RoleARN": "arn:aws:iam::123456789012:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
        "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
        "ScalableTargetARN": arn,
        "SuspendedState": {
            "DynamicScalingInSuspended": False,
            "DynamicScalingOutSuspended": False,
            "ScheduledScalingSuspended": False,
        },
    }
    again = account.client.register_scalable_target(**PLACE, MaxCapacity=4)
    asked = {"ServiceNamespace": "sagemaker", "ResourceIds": [PLACE["ResourceId"]]}
    [target] = account.client.describe_scalable_targets(**asked)["ScalableTargets"]
    assert (again["ScalableTargetARN"], target["MinCapacity"], target["MaxCapacity"]) == (arn, 2, 4)


def test_a_policy_is_described_as_it_was_put(account):
    """Put again, it keeps its ARN. This cloud looks at the metric itself and makes no alarms."""
    account.register()
    arn = account.follow(70.0, ScaleInCooldown=120)["PolicyARN"]
    assert arn.startswith("arn:aws:autoscaling:eu-west-1:123456789012:scalingPolicy:")
    assert arn.endswith(f":resource/sagemaker/{PLACE['ResourceId']}:policyName/p")
    assert account.follow(80.0)["PolicyARN"] == arn
    [policy] = account.client.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert policy == {
        **PLACE,
        "PolicyARN": arn,
        "PolicyName": "p",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 80.0, **METRIC},
        "Alarms": [],
        "CreationTime": START,
    }


def test_what_is_not_there_is_said_so(account):
    """A policy needs its target; what is to be deleted must exist."""
    client = account.client
    code, message = refusal(client.put_scaling_policy, **PLACE, PolicyName="p")
    assert code == "ObjectNotFoundException"
    assert message == (
        "No scalable target registered for service namespace: sagemaker, resource ID: "
        "endpoint/churn-prod/variant/AllTraffic, scalable dimension: sagemaker:variant:DesiredInstanceCount"
    )
    assert refusal(client.deregister_scalable_target, **PLACE)[0] == "ObjectNotFoundException"
    account.register()
    assert refusal(client.delete_scaling_policy, **PLACE, PolicyName="p")[0] == "ObjectNotFoundException"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"MinCapacity": 5, "MaxCapacity": 4}, "Maximum capacity cannot be less than minimum capacity"),
        ({"MinCapacity": 0}, "at least 1"),
        ({"ResourceId": "endpoint/churn-prod"}, "Unsupported service namespace, resource type"),
        ({"ResourceId": "endpoint/other/variant/AllTraffic"}, 'Could not find endpoint "other"'),
        ({"ResourceId": "endpoint/churn-prod/variant/Blue"}, "has no variant Blue"),
    ],
)
def test_a_target_that_cannot_be_is_refused(account, changes, said):
    """Limits in the wrong order, and what is no variant of an endpoint that exists."""
    members = {**PLACE, "MinCapacity": 2, "MaxCapacity": 4, **changes}
    code, message = refusal(account.client.register_scalable_target, **members)
    assert (code, said in message) == ("ValidationException", True), message


def test_a_new_target_needs_both_limits(account):
    """One that is registered keeps those that are not given."""
    assert refusal(account.client.register_scalable_target, **PLACE, MinCapacity=2)[0] == "ValidationException"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}, "service namespace ecs"),
        ({"ScalableDimension": "sagemaker:inference-component:DesiredCopyCount"}, "DesiredCopyCount"),
    ],
)
def test_other_targets_are_refused_by_name(account, changes, named):
    """Rather than registered without effect."""
    members = {**PLACE, "MinCapacity": 2, "MaxCapacity": 4, **changes}
    code, message = refusal(account.client.register_scalable_target, **members)
    assert (code, named in message) == ("UnsupportedLocally", True), message


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"PolicyType": "StepScaling"}, "StepScaling"),
        (
            {
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 1,
                    "PredefinedMetricSpecification": {
                        "PredefinedMetricType": "SageMakerVariantConcurrentRequestsPerModelHighResolution"
                    },
                }
            },
            "SageMakerVariantConcurrentRequestsPerModelHighResolution",
        ),
        (
            {
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 1,
                    "CustomizedMetricSpecification": {"MetricName": "m", "Namespace": "n", "Statistic": "Sum"},
                }
            },
            "CustomizedMetricSpecification",
        ),
    ],
)
def test_other_policies_are_refused_by_name(account, members, named):
    """Other kinds, other metrics."""
    account.register()
    asked = {**PLACE, "PolicyName": "p", "PolicyType": "TargetTrackingScaling", **members}
    code, message = refusal(account.client.put_scaling_policy, **asked)
    assert (code, named in message) == ("UnsupportedLocally", True), message


def test_a_target_has_tags(account):
    """By its ARN."""
    arn = account.register(Tags={"k": "v"})["ScalableTargetARN"]
    account.client.tag_resource(ResourceARN=arn, Tags={"l": "w"})
    account.client.untag_resource(ResourceARN=arn, TagKeys=["k"])
    assert account.client.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"l": "w"}
    other = f"{arn[:-1]}x"
    assert refusal(account.client.list_tags_for_resource, ResourceARN=other)[0] == "ResourceNotFoundException"
