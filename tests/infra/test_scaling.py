from tests.infra.templates import only, resources
from tests.infra.test_serving import renewed

VARIANT = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/credit-risk-prod/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


def test_instances_follow_the_requests(scaled):
    """The variant is scaled between the bounds of the stage's file by the requests that each instance gets."""
    template = scaled.template("serving")
    target = only(template, "AWS::ApplicationAutoScaling::ScalableTarget")
    policy = only(template, "AWS::ApplicationAutoScaling::ScalingPolicy")

    assert {**target, "Tags": None} == {**VARIANT, "MinCapacity": 4, "MaxCapacity": 10, "Tags": None}
    assert policy == {
        **VARIANT,
        "PolicyName": "credit-risk-prod-invocations",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
            "TargetValue": 600,
            "ScaleInCooldown": 300,
            "ScaleOutCooldown": 60,
        },
    }


def test_what_is_scaled_is_there_first(scaled):
    """The target follows the endpoint, the policy its target, and neither is there without a model."""
    template = scaled.template("serving")
    ((endpoint, _),) = resources(template, "AWS::SageMaker::Endpoint")
    ((target, registered),) = resources(template, "AWS::ApplicationAutoScaling::ScalableTarget")
    ((_, policy),) = resources(template, "AWS::ApplicationAutoScaling::ScalingPolicy")

    assert (registered["DependsOn"], policy["DependsOn"]) == ([endpoint], [target])
    assert (registered["Condition"], policy["Condition"]) == ("HasModel", "HasModel")


def test_a_release_keeps_the_scaled_count(scaled):
    """Where something scales the endpoint, an update keeps its count and takes only capture from the file."""
    endpoint = only(scaled.template("serving"), "AWS::SageMaker::Endpoint")

    assert endpoint["RetainAllVariantProperties"] is True
    assert renewed(endpoint) == {"DataCaptureConfig"}


def test_a_stage_that_scales_nothing_holds_nothing_of_it(every):
    """Without bounds in the stage's file there is no target and no policy."""
    types = {resource["Type"] for resource in every.template("serving")["Resources"].values()}

    assert [kind for kind in types if "AutoScaling" in kind] == []
