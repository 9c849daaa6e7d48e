"""The endpoint of a model, as a stack that a release can update under a role that may do nothing else.

The stack holds literals only: no IAM resource, import, SSM parameter, dynamic reference, transform, asset or custom
resource, since the narrow role could not create or resolve them.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, TypeVar

from aws_cdk import (
    CfnCondition,
    CfnDeletionPolicy,
    CfnOutput,
    CfnParameter,
    CfnResource,
    CfnTag,
    CfnWaitConditionHandle,
    Fn,
)
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from env import naming
from env.stage import AllAtOnce, Canary, Deployment, Linear, Network, Stage
from env.stage import Serving as Settings
from infra import masking, model_monitor
from infra.alarms import Alarms
from infra.scaling import Scaling
from infra.stack import StageStack

_Resource = TypeVar("_Resource", bound=CfnResource)


class Serving(StageStack):
    """Model, endpoint config, endpoint, alarms and scaling of one model; without a package, a placeholder alone."""

    def __init__(self, scope: Construct, *, stage: Stage, model: str, settings: Settings) -> None:
        super().__init__(scope, stage=stage, capability="serving", model=model)
        self._stage, self._model, self._settings = stage, model, settings
        self._parameters()
        # A stack must hold something while its condition is false, and this is free. CloudFormation takes over a
        # template only where one of its resources changes: of other settings it must be another, or a first release
        # would go by those of before, and capture in clear what they have masked since.
        CfnWaitConditionHandle(self, f"Placeholder{self._digest()}")
        sagemaker_model = self._sagemaker_model()
        config = self._config(sagemaker_model)
        fleet = config.attr_endpoint_config_name
        alarms = Alarms(self, stage=stage, model=model, config=fleet, settings=settings.alarms)
        endpoint = self._endpoint(config, alarms)
        scaled = settings.autoscaling
        scaling = Scaling(self, stage=stage, model=model, endpoint=endpoint, settings=scaled).all if scaled else []
        for resource in (sagemaker_model, config, endpoint, *alarms.all, *scaling):
            resource.cfn_options.condition = self._has_model
        self._have_it_monitored(endpoint)
        output = CfnOutput(self, "EndpointName", value=naming.endpoint(stage, model))
        output.condition = self._has_model

    def _have_it_monitored(self, endpoint: sagemaker.CfnEndpoint) -> None:
        """Leave the monitors to SageMaker, where the stage says so."""
        monitor = self._stage.models[self._model].monitor
        if monitor is None or not model_monitor.chosen(self._stage, self._model):
            return
        monitors = model_monitor.ModelMonitor(
            self,
            stage=self._stage,
            model=self._model,
            monitor=monitor,
            serves=self._has_model,
            release=self._release.value_as_string,
        )
        for resource in monitors.all:
            resource.cfn_options.condition = monitors.condition
            resource.add_dependency(endpoint)

    def _digest(self) -> str:
        """What tells the settings of the stack from others."""
        parts = self._stage.models[self._model].model_dump(mode="json", include={"serving", "monitor"})
        network = self._stage.network.model_dump(mode="json") if self._stage.network else None
        return hashlib.sha256(json.dumps([parts, network], sort_keys=True).encode()).hexdigest()[:8]

    def _parameters(self) -> None:
        """What a release chooses; each keeps its value when the template changes."""
        self._package = CfnParameter(
            self,
            "ModelPackageArn",
            default="none",
            allowed_pattern=f"^(none|arn:aws:sagemaker:[a-z0-9-]+:[0-9]{{12}}:model-package/{self._model}/[0-9]+)$",
            description="The model package that serves",
        )
        self._rollout = CfnParameter(
            self,
            "Rollout",
            default="guarded",
            allowed_values=["guarded", "immediate"],
            description="guarded: as the stage deploys; immediate: all at once, without waits and alarms",
        )
        self._release = CfnParameter(
            self,
            "ReleaseId",
            default="none",
            allowed_pattern="^[A-Za-z0-9-]{1,128}$",
            description="The release that chose these parameters",
        )
        self._has_model = CfnCondition(
            self,
            "HasModel",
            expression=Fn.condition_not(Fn.condition_equals(self._package.value_as_string, "none")),
        )
        self._guarded = CfnCondition(
            self, "Guarded", expression=Fn.condition_equals(self._rollout.value_as_string, "guarded")
        )

    def _sagemaker_model(self) -> sagemaker.CfnModel:
        network = self._stage.network
        role = naming.role_arn(self._stage, naming.serving_role(self._stage, self._model))
        return _replaceable(
            sagemaker.CfnModel(
                self,
                logical_id(self._stage, self._model, "Model"),
                execution_role_arn=role,
                containers=[
                    sagemaker.CfnModel.ContainerDefinitionProperty(
                        model_package_name=self._package.value_as_string, environment=self._environment()
                    )
                ],
                enable_network_isolation=network is not None,
                vpc_config=_vpc(network) if network else None,
                tags=self._tags(),
            )
        )

    def _environment(self) -> dict[str, str]:
        """What makes a new model, hence a new config, of every release and every change of the way to deploy.

        UpdateEndpoint takes no config that already serves, and a model can only be replaced.
        """
        settings = self._settings.model_dump(mode="json", include={"deployment", "alarms"})
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
        return {
            "SLUICE_RELEASE_ID": self._release.value_as_string,
            "SLUICE_ROLLOUT": self._rollout.value_as_string,
            "SLUICE_DEPLOYMENT": digest[:16],
            **masking.environment(self._stage, self._model, folder=self._capture_folder()),
        }

    def _config(self, model: sagemaker.CfnModel) -> sagemaker.CfnEndpointConfig:
        return _replaceable(
            sagemaker.CfnEndpointConfig(
                self,
                logical_id(self._stage, self._model, "Config"),
                production_variants=[
                    sagemaker.CfnEndpointConfig.ProductionVariantProperty(
                        variant_name=naming.VARIANT,
                        model_name=model.attr_model_name,
                        instance_type=self._settings.instance_type,
                        initial_instance_count=self._settings.instance_count,
                        initial_variant_weight=1,
                    )
                ],
                data_capture_config=self._capture(),
                kms_key_id=naming.key_alias_arn(self._stage),
                tags=self._tags(),
            )
        )

    def _capture(self) -> sagemaker.CfnEndpointConfig.DataCaptureConfigProperty:
        """Requests and answers; answers alone where columns are masked, since SageMaker would keep them in clear."""
        option = sagemaker.CfnEndpointConfig.CaptureOptionProperty
        modes = ["Output"] if self._settings.capture.masked else ["Input", "Output"]
        return sagemaker.CfnEndpointConfig.DataCaptureConfigProperty(
            enable_capture=self._settings.capture.percent > 0,
            initial_sampling_percentage=self._settings.capture.percent,
            destination_s3_uri=self._capture_folder(),
            kms_key_id=naming.key_alias_arn(self._stage),
            capture_options=[option(capture_mode=mode) for mode in modes],
            capture_content_type_header=sagemaker.CfnEndpointConfig.CaptureContentTypeHeaderProperty(
                csv_content_types=["text/csv"], json_content_types=["application/json"]
            ),
        )

    def _capture_folder(self) -> str:
        """What is captured, kept apart by package version: ``s3://<capture bucket>/<model>/<version>``."""
        version = Fn.select(2, Fn.split("/", self._package.value_as_string))
        return f"s3://{naming.capture_bucket(self._stage)}/{self._model}/{version}"

    def _endpoint(self, config: sagemaker.CfnEndpointConfig, alarms: Alarms) -> sagemaker.CfnEndpoint:
        guarded = {
            "BlueGreenUpdatePolicy": _shift(self._settings.deployment),
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm.ref} for alarm in alarms.of_the_fleet]},
        }
        immediate = {"BlueGreenUpdatePolicy": _shift(AllAtOnce(policy="all-at-once"))}
        return sagemaker.CfnEndpoint(
            self,
            logical_id(self._stage, self._model, "Endpoint"),
            endpoint_name=naming.endpoint(self._stage, self._model),
            endpoint_config_name=config.attr_endpoint_config_name,
            deployment_config=Fn.condition_if(self._guarded.logical_id, guarded, immediate),
            retain_all_variant_properties=True,
            exclude_retained_variant_properties=[
                sagemaker.CfnEndpoint.VariantPropertyProperty(variant_property_type=kind) for kind in self._renewed()
            ],
            tags=self._tags(),
        )

    def _renewed(self) -> list[str]:
        """What an update takes from the stage's file instead of keeping it as it is.

        Capture always is: kept, a change of it would be dropped without a word. The instance count is where nothing
        scales it. Where something does, a release must keep the scaled count: one that began with the file's would
        answer the traffic of noon with the fleet of midnight.
        """
        return ["DataCaptureConfig"] if self._settings.autoscaling else ["DataCaptureConfig", "DesiredInstanceCount"]

    def _tags(self) -> list[CfnTag]:
        """By these a sweeper finds what releases have left behind."""
        return [
            CfnTag(key="sluice:model", value=self._model),
            CfnTag(key="sluice:release", value=self._release.value_as_string),
        ]


def logical_id(stage: Stage, model: str, kind: str) -> str:
    """What one of the serving stack's resources is called: CloudFormation names unnamed ones after it.

    Hence it is unique among models and stages: roles are given rights by it.
    """
    return "".join(word.capitalize() for word in [*model.split("-"), *stage.name.split("-"), kind])


def _vpc(network: Network) -> sagemaker.CfnModel.VpcConfigProperty:
    return sagemaker.CfnModel.VpcConfigProperty(
        subnets=list(network.subnets), security_group_ids=list(network.security_groups)
    )


def _replaceable(resource: _Resource) -> _Resource:
    """A resource whose predecessor stays when a release replaces it: an endpoint may have been rolled back to it."""
    resource.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN
    resource.cfn_options.deletion_policy = CfnDeletionPolicy.DELETE
    return resource


def _shift(deployment: Deployment) -> dict[str, Any]:
    """A deployment policy as SageMaker spells it (SageMaker API Reference, "BlueGreenUpdatePolicy")."""
    match deployment:
        case AllAtOnce():
            routing: dict[str, Any] = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
        case Canary():
            routing = {
                "Type": "CANARY",
                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": deployment.canary_percent},
                "WaitIntervalInSeconds": deployment.bake_seconds,
            }
        case Linear():
            routing = {
                "Type": "LINEAR",
                "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": deployment.step_percent},
                "WaitIntervalInSeconds": deployment.bake_seconds,
            }
    return {
        "TrafficRoutingConfiguration": routing,
        "TerminationWaitInSeconds": deployment.final_bake_seconds,
        "MaximumExecutionTimeoutInSeconds": deployment.timeout_seconds,
    }
