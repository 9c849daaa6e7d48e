from typing import get_args

import pytest

from local.cloudformation import Rollbacks
from tests.local.releases import Releases

ENDED = {
    "unnoticed": "UPDATE_COMPLETE",
    "noticed": "UPDATE_ROLLBACK_COMPLETE",
    "noticed-again": "UPDATE_ROLLBACK_COMPLETE",
    "stuck": "UPDATE_ROLLBACK_FAILED",
}


HEAVY = {"noticed-again"}
"""What CloudFormation makes of it in two ways of which the other is tried each time."""


@pytest.mark.parametrize(
    "rollbacks", [pytest.param(way, marks=[pytest.mark.clients] * (way in HEAVY)) for way in get_args(Rollbacks)]
)
def test_an_aborted_release_leaves_the_old_model_serving(small_cloud, rollbacks):
    """Whatever CloudFormation makes of it; and the next release gets through once the stack is at rest."""
    releases = Releases(small_cloud, rollbacks)
    assert releases.create("one") == "CREATE_COMPLETE"
    assert releases.update("r2", "two", abort=True) == ENDED[rollbacks]
    assert releases.answers() == "one x"
    if rollbacks == "stuck":
        releases.client.continue_update_rollback(StackName="s", ResourcesToSkip=["Endpoint"])
        assert releases.ended() == "UPDATE_ROLLBACK_COMPLETE"
    assert releases.update("r3", "three") == "UPDATE_COMPLETE"
    assert releases.answers() == "three x"


def _scaling():
    place = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/churn-local/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    tracking = {
        "TargetValue": 2,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
    }
    target = {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "DependsOn": "Endpoint"}
    policy = {"Type": "AWS::ApplicationAutoScaling::ScalingPolicy", "DependsOn": "Target"}
    named = {"PolicyName": "p", "PolicyType": "TargetTrackingScaling"}
    return {
        "Target": {**target, "Properties": {**place, "MinCapacity": 2, "MaxCapacity": 3}},
        "Policy": {**policy, "Properties": {**place, **named, "TargetTrackingScalingPolicyConfiguration": tracking}},
    }


def test_a_release_keeps_the_instances_that_traffic_asked_for(small_cloud):
    """An endpoint under traffic is scaled out, and its next version has as many instances."""
    releases = Releases(small_cloud, **_scaling())
    assert releases.create("one") == "CREATE_COMPLETE"

    def count():
        releases.answers()
        return releases.endpoint()["ProductionVariants"][0]["CurrentInstanceCount"]

    releases.world.until(count, lambda instances: instances == 3)
    assert releases.update("r2", "two") == "UPDATE_COMPLETE"
    assert releases.answers() == "two x"
    assert releases.endpoint()["ProductionVariants"][0]["CurrentInstanceCount"] == 3
