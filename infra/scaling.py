"""How the number of an endpoint's instances follows its traffic, as part of its serving stack."""

from __future__ import annotations

from aws_cdk import CfnResource
from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from env import naming
from env.stage import Autoscaling, Stage

_Policy = autoscaling.CfnScalingPolicy


class Scaling:
    """A target and its policy: as many instances as the requests need, within the bounds of the stage's file.

    Both follow the endpoint: what does not exist cannot be scaled. Neither has a role of ours: Application Auto Scaling
    uses the one that it keeps in the account (``infra/README.md``).
    """

    def __init__(
        self, scope: Construct, *, stage: Stage, model: str, endpoint: sagemaker.CfnEndpoint, settings: Autoscaling
    ) -> None:
        variant = f"endpoint/{naming.endpoint(stage, model)}/variant/{naming.VARIANT}"
        target = autoscaling.CfnScalableTarget(
            scope,
            "ScalableTarget",
            service_namespace="sagemaker",
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            resource_id=variant,
            min_capacity=settings.minimum,
            max_capacity=settings.maximum,
        )
        target.add_dependency(endpoint)
        policy = _Policy(
            scope,
            "ScalingPolicy",
            policy_name=naming.scaling_policy(stage, model),
            policy_type="TargetTrackingScaling",
            service_namespace="sagemaker",
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            resource_id=variant,
            target_tracking_scaling_policy_configuration=_tracking(settings),
        )
        policy.add_dependency(target)
        self.all: list[CfnResource] = [target, policy]


def _tracking(settings: Autoscaling) -> _Policy.TargetTrackingScalingPolicyConfigurationProperty:
    return _Policy.TargetTrackingScalingPolicyConfigurationProperty(
        predefined_metric_specification=_Policy.PredefinedMetricSpecificationProperty(
            predefined_metric_type="SageMakerVariantInvocationsPerInstance"
        ),
        target_value=settings.invocations_per_instance,
        scale_in_cooldown=settings.scale_in_cooldown_seconds,
        scale_out_cooldown=settings.scale_out_cooldown_seconds,
    )
