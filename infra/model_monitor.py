"""The monitors of a model that SageMaker itself runs: a job definition and a schedule each, in the serving stack.

They come and go with the parameter ``BaselineUri``, the folder of what the package that serves is held to: a rollback
brings back the baseline of what it brings back. Definitions cannot be changed: their names tell the release and the
settings, so that another baseline makes another definition before the schedule leaves the old one. No name is left to
CloudFormation: a schedule calls its definition by name, and CloudFormation tells only the ARN, in small letters.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from aws_cdk import CfnCondition, CfnParameter, CfnResource, CfnTag, Fn
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from env import images, naming
from env.monitor import Monitor, Quality
from env.stage import Stage
from infra import rights
from infra.rights import Right

BASELINE: Final = "BaselineUri"
KINDS: Final[Mapping[str, str]] = {
    "data-quality": "DataQuality",
    "model-quality": "ModelQuality",
    "bias": "ModelBias",
    "explainability": "ModelExplainability",
}
"""The monitors that SageMaker has, by their names here, as its API calls their types."""

_ARN_TYPES: Final[Mapping[str, str]] = {
    "data-quality": "data-quality",
    "model-quality": "model-quality",
    "bias": "model-bias",
    "explainability": "model-explainability",
}
_FAMILIES: Final = ("data", "model", "bias", "explainability")
_EVERY: Final = re.compile(r"rate\((?P<count>\d+) (?P<unit>hour|day)s?\)")
_HOURS: Final = {"hour": 1, "day": 24}
_INPUT: Final = "/opt/ml/processing/input/endpoint"
_OUTPUT: Final = "/opt/ml/processing/output"
_DIGITS: Final = 4
"""Two settings in a row differ by them; a name has room for no more."""
_VOLUME_GB: Final = 30
_LONGEST_SECONDS: Final = 3300
"""A run ends before the next of an hourly schedule begins."""


class ModelMonitor:
    """The definitions and schedules of one model's monitors, while it serves and its package has a baseline."""

    def __init__(
        self, scope: Construct, *, stage: Stage, model: str, monitor: Monitor, serves: CfnCondition, release: str
    ) -> None:
        """``serves`` says whether a package serves, ``release`` by which release."""
        self._scope, self._stage, self._model, self._monitor = scope, stage, model, monitor
        settings = hashlib.sha256(monitor.model_dump_json().encode()).hexdigest()
        self._name = Fn.join("-", [naming.endpoint(stage, model), settings[:_DIGITS], release])
        self._baseline = CfnParameter(
            scope,
            BASELINE,
            default="none",
            allowed_pattern=r"^(none|s3://[a-z0-9.-]{3,63}/[A-Za-z0-9._/-]+)$",
            description="The folder with what the monitors of the package that serves are held to",
        )
        none = Fn.condition_equals(self._baseline.value_as_string, "none")
        # The CDK's stubs do not know that a condition is an expression too.
        both: Any = [serves, Fn.condition_not(none)]
        self.condition = CfnCondition(scope, "HasBaseline", expression=Fn.condition_and(*both))
        self.all: list[CfnResource] = []
        for kind in (kind for kind in monitor.kinds if kind in KINDS):
            self._add(kind)

    def _add(self, kind: str) -> None:
        definition = _MADE[kind](self)
        schedule = sagemaker.CfnMonitoringSchedule(
            self._scope,
            f"{KINDS[kind]}Schedule",
            monitoring_schedule_name=naming.monitoring_schedule(self._stage, self._model, kind),
            monitoring_schedule_config=sagemaker.CfnMonitoringSchedule.MonitoringScheduleConfigProperty(
                monitoring_job_definition_name=self._name,
                monitoring_type=KINDS[kind],
                schedule_config=sagemaker.CfnMonitoringSchedule.ScheduleConfigProperty(
                    schedule_expression=expression(self._monitor.every)
                ),
            ),
            tags=self._tags(),
        )
        schedule.add_dependency(definition)
        self.all += [definition, schedule]

    def data_quality(self) -> sagemaker.CfnDataQualityJobDefinition:
        """Whether requests and answers look as those of the baseline."""
        kind = sagemaker.CfnDataQualityJobDefinition
        return kind(
            self._scope,
            "DataQuality",
            data_quality_app_specification=kind.DataQualityAppSpecificationProperty(image_uri=self._image()),
            data_quality_baseline_config=kind.DataQualityBaselineConfigProperty(
                constraints_resource={"s3Uri": self._held("data-quality/constraints.json")},
                statistics_resource={"s3Uri": self._held("data-quality/statistics.json")},
            ),
            data_quality_job_input={"endpointInput": self._endpoint()},
            data_quality_job_output_config=self._output(),
            **self._common(),
        )

    def model_quality(self) -> sagemaker.CfnModelQualityJobDefinition:
        """Whether predictions come true, once labels are there."""
        kind, quality = sagemaker.CfnModelQualityJobDefinition, self._quality
        return kind(
            self._scope,
            "ModelQuality",
            model_quality_app_specification=kind.ModelQualityAppSpecificationProperty(
                image_uri=self._image(),
                problem_type="Regression" if quality.kind == "regression" else "BinaryClassification",
            ),
            model_quality_baseline_config=kind.ModelQualityBaselineConfigProperty(
                constraints_resource={"s3Uri": self._held("model-quality/constraints.json")}
            ),
            model_quality_job_input={
                "endpointInput": {**self._endpoint(), **self._late(), **self._answer()},
                "groundTruthS3Input": self._labels(),
            },
            model_quality_job_output_config=self._output(),
            **self._common(),
        )

    def bias(self) -> sagemaker.CfnModelBiasJobDefinition:
        """Whether groups of people are treated alike."""
        kind = sagemaker.CfnModelBiasJobDefinition
        return kind(
            self._scope,
            "ModelBias",
            model_bias_app_specification=kind.ModelBiasAppSpecificationProperty(
                image_uri=self._image("clarify:1.0"), config_uri=self._config("bias")
            ),
            model_bias_baseline_config=kind.ModelBiasBaselineConfigProperty(
                constraints_resource={"s3Uri": self._held("bias/analysis.json")}
            ),
            model_bias_job_input={
                "endpointInput": {**self._endpoint(), **self._late(), **self._answer()},
                "groundTruthS3Input": self._labels(),
            },
            model_bias_job_output_config=self._output(),
            **self._common(),
        )

    def explainability(self) -> sagemaker.CfnModelExplainabilityJobDefinition:
        """Whether the features still weigh as they did."""
        kind = sagemaker.CfnModelExplainabilityJobDefinition
        return kind(
            self._scope,
            "ModelExplainability",
            model_explainability_app_specification=kind.ModelExplainabilityAppSpecificationProperty(
                image_uri=self._image("clarify:1.0"), config_uri=self._config("explainability")
            ),
            model_explainability_baseline_config=kind.ModelExplainabilityBaselineConfigProperty(
                constraints_resource={"s3Uri": self._held("explainability/analysis.json")}
            ),
            model_explainability_job_input={"endpointInput": self._endpoint()},
            model_explainability_job_output_config=self._output(),
            **self._common(),
        )

    @property
    def _quality(self) -> Quality:
        assert self._monitor.quality is not None, "env asks for it where labels are judged"
        return self._monitor.quality

    def _image(self, key: str = "model-monitor") -> str:
        return images.uri(key, region=self._stage.region)

    def _held(self, file: str) -> str:
        return Fn.join("/", [self._baseline.value_as_string, file])

    def _config(self, kind: str) -> str:
        """What the function `monitor` keeps for Clarify: it alone knows which model serves."""
        return f"s3://{naming.capture_bucket(self._stage)}/reports/{self._model}/config/{kind}/analysis_config.json"

    def _labels(self) -> dict[str, str]:
        return {"s3Uri": f"s3://{naming.capture_bucket(self._stage)}/labels/{self._model}"}

    def _endpoint(self) -> dict[str, Any]:
        return {
            "endpointName": naming.endpoint(self._stage, self._model),
            "localPath": _INPUT,
            "s3DataDistributionType": "FullyReplicated",
            "s3InputMode": "File",
        }

    def _late(self) -> dict[str, str]:
        """How much earlier the window lies than the run, since labels come late; whole hours."""
        delay, period = -(-self._quality.label_delay_minutes // 60), hours(self._monitor.every)
        return {"startTimeOffset": f"-PT{period + delay}H", "endTimeOffset": f"-PT{delay}H"}

    def _answer(self) -> dict[str, Any]:
        """Where the answer stands in the container's output, a column of CSV."""
        if self._quality.kind == "regression":
            return {"inferenceAttribute": "0"}
        return {"probabilityAttribute": "0", "probabilityThresholdAttribute": self._quality.decision_threshold}

    def _output(self) -> dict[str, Any]:
        folder = f"s3://{naming.capture_bucket(self._stage)}/reports/{self._model}/model-monitor"
        place = {"s3Uri": folder, "localPath": _OUTPUT, "s3UploadMode": "Continuous"}
        return {"kmsKeyId": naming.key_alias_arn(self._stage), "monitoringOutputs": [{"s3Output": place}]}

    def _common(self) -> dict[str, Any]:
        network = self._stage.network
        groups, subnets = (list(network.security_groups), list(network.subnets)) if network else ([], [])
        cluster = {
            "instanceCount": 1,
            "instanceType": self._monitor.job_instance_type,
            "volumeSizeInGb": _VOLUME_GB,
            "volumeKmsKeyId": naming.key_alias_arn(self._stage),
        }
        return {
            "job_definition_name": self._name,
            "job_resources": {"clusterConfig": cluster},
            "network_config": {"vpcConfig": {"securityGroupIds": groups, "subnets": subnets}} if network else None,
            "role_arn": naming.role_arn(self._stage, naming.monitor_job_role(self._stage)),
            "stopping_condition": {"maxRuntimeInSeconds": _LONGEST_SECONDS},
            "tags": self._tags(),
        }

    def _tags(self) -> list[CfnTag]:
        return [CfnTag(key="sluice:model", value=self._model)]


def chosen(stage: Stage, model: str) -> tuple[str, ...]:
    """The monitors of a model that SageMaker itself runs."""
    monitor = stage.models[model].monitor
    if monitor is None or monitor.schedule != "model-monitor":
        return ()
    return tuple(kind for kind in monitor.kinds if kind in KINDS)


def deploying(stage: Stage, model: str) -> list[Right]:
    """What CloudFormation needs to make and remove what stands here.

    Source: AWS CloudFormation registry schemas of the types, "handlers".
    """
    kinds, arn = chosen(stage, model), f"arn:aws:sagemaker:{stage.region}:{stage.account}"
    if not kinds:
        return []
    made = {KINDS[kind]: f"{arn}:{_ARN_TYPES[kind]}-job-definition/{naming.endpoint(stage, model)}-*" for kind in kinds}
    schedules = [f"{arn}:monitoring-schedule/{naming.monitoring_schedule(stage, model, kind)}" for kind in kinds]
    verbs, named = ("Create", "Delete", "Describe"), "A definition's name ends in the release that it was made by."
    return [
        *(
            Right(
                actions=[f"sagemaker:{verb}{kind}JobDefinition" for verb in verbs],
                resources=[definitions],
                because=named,
            )
            for kind, definitions in made.items()
        ),
        Right(actions=[f"sagemaker:{verb}MonitoringSchedule" for verb in (*verbs, "Update")], resources=schedules),
        Right(
            actions=[f"sagemaker:{verb}Tags" for verb in ("Add", "Delete", "List")],
            resources=[*made.values(), *schedules],
            because=named,
        ),
        rights.pass_role(naming.role_arn(stage, naming.monitor_job_role(stage)), service="sagemaker.amazonaws.com"),
    ]


def telling(stage: Stage) -> list[Right]:
    """What the function `monitor` needs to tell what SageMaker's monitors have found."""
    if not any(chosen(stage, model) for model in stage.monitored):
        return []
    return [
        Right(
            actions=["sagemaker:ListMonitoringExecutions"],
            resources=["*"],
            because="ListMonitoringExecutions knows no resources.",
        )
    ]


def running(stage: Stage) -> list[Right]:
    """What the jobs of SageMaker's monitors need beside what those of the kit do.

    Clarify starts an endpoint of its own for the model that it explains.
    """
    kinds = {kind for model in stage.monitored for kind in chosen(stage, model)}
    arn = f"arn:aws:sagemaker:{stage.region}:{stage.account}"
    metrics = rights.put_metrics_of_ours(*(f"aws/sagemaker/Endpoints/{family}-metrics" for family in _FAMILIES))
    own = [f"{arn}:{kind}/sagemaker-clarify-*" for kind in ("endpoint", "endpoint-config")]
    calls = [f"{verb}{what}" for what in ("Endpoint", "EndpointConfig") for verb in ("Create", "Delete", "Describe")]
    explained = Right(
        actions=[f"sagemaker:{call}" for call in (*calls, "InvokeEndpoint")],
        resources=own,
        because="Clarify ends the names of what it makes.",
    )
    return [*([metrics] if kinds else []), *([explained] if "explainability" in kinds else [])]


_MADE: Final = {
    "data-quality": ModelMonitor.data_quality,
    "model-quality": ModelMonitor.model_quality,
    "bias": ModelMonitor.bias,
    "explainability": ModelMonitor.explainability,
}


def hours(every: str) -> int:
    """How many hours lie between two runs."""
    found = _EVERY.fullmatch(every)
    assert found is not None, "env admits nothing else for Model Monitor"
    return int(found["count"]) * _HOURS[found["unit"]]


def expression(every: str) -> str:
    """A rate as Model Monitor writes it (SageMaker API Reference, "ScheduleConfig")."""
    count = hours(every)
    if count == 1:
        return "cron(0 * ? * * *)"
    return "cron(0 0 ? * * *)" if count == 24 else f"cron(0 0/{count} ? * * *)"
