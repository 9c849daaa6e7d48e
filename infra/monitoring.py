"""Monitoring of a stage: the function that judges traffic, when and by what, and the alarms on what it finds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from aws_cdk import CfnOutput
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from env import images, naming, rhythm
from env.monitor import Monitor
from env.stage import Model, Stage
from infra import layer, monitoring_rights, retraining, rights
from infra.alarms import MONITORING
from infra.bundle import Asset
from infra.duties import Duty
from infra.errors import PolicyError
from infra.function import Function
from infra.monitoring_code import code
from infra.publishing import Built
from infra.stack import StageStack
from lambdas import run_monitor

IMAGE = "sklearn:1.4-2-py312"
"""The image of the jobs that judge large windows."""
LARGEST_POLICY_BYTES = 8192
"""What an advanced parameter of SSM holds (Systems Manager User Guide, "Managing parameter tiers")."""

_SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
_MISSED_RUNS = 3
_SOON_SECONDS = 60
_LONGEST_LOOK_SECONDS = 604_800
_TITLES = {
    "data-quality": "The traffic no longer looks like the data that the model was trained with",
    "model-quality": "Predictions come true less often than they did at training, or than they must",
    "bias": "Groups of people are treated less alike than at training, or than they must be",
    "explainability": "Features no longer weigh as they did at training",
    "business": "A number that the business goes by is out of bounds",
}

_RUNBOOKS = {"data-quality": "drift"}
"""The sections of the runbooks that are not named as the monitor."""


def wanted(stage: Stage) -> bool:
    """Whether a stage has this stack: where a model is monitored, or trained, since training makes baselines."""
    return bool(stage.monitored) or any(parts.training for parts in stage.models.values())


def policy(parts: Model) -> dict[str, Any]:
    """How a model is monitored, as the analyzer reads it."""
    assert parts.monitor is not None
    masked = sorted(parts.serving.capture.masked)
    return {**parts.monitor.model_dump(mode="json", exclude_none=True), "masked": masked}


class Monitoring(StageStack):
    """The monitors of one stage.

    ``assets`` are the files that must stand in the artifact bucket when the stack is deployed: what jobs run.
    """

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        super().__init__(scope, stage=stage, capability="monitoring")
        self._stage = stage
        self._layers, self._code = layer.of(self, stage), code()
        self.assets: list[Asset | Built] = [*self._code, *self._layers.built]
        queue = f"arn:aws:sqs:{stage.region}:{stage.account}:{naming.dead_letter_queue(stage)}"
        failures = sqs.Queue.from_queue_arn(self, "Failures", queue)
        function = Function(self, self._duty(), stage=stage, failures=failures)
        if stage.monitored:
            function.node.add_dependency(self._job_role())
        for model in stage.monitored:
            self._tell(model)
        self._wake(function, failures)
        for model, monitor in stage.monitored.items():
            self._ring(model, monitor)
        retraining.add(self, stage=stage, failures=failures)
        CfnOutput(self, "MonitorFunction", value=function.function_name)

    def _duty(self) -> Duty:
        stage, network = self._stage, self._stage.network
        image = stage.images[IMAGE].uri if IMAGE in stage.images else images.uri(IMAGE, region=stage.region)
        return Duty(
            verb="monitor",
            module=run_monitor,
            settings=run_monitor.Settings(
                stage=stage.name,
                capture_bucket=naming.capture_bucket(stage),
                artifact_bucket=naming.artifact_bucket(stage),
                key=naming.key_alias_arn(stage),
                namespace=stage.monitoring.namespace,
                models={model: naming.monitor_parameter(stage, model) for model in stage.monitored},
                job_role=naming.role_arn(stage, naming.monitor_job_role(stage)),
                job_image=image,
                job_code=f"s3://{naming.artifact_bucket(stage)}/{self._code[0].key.rpartition('/')[0]}",
                subnets=network.subnets if network else (),
                security_groups=network.security_groups if network else (),
            ),
            rights=monitoring_rights.of_function(stage),
            timeout_seconds=900,
            memory_mb=2048,
            storage_mb=10_240,
            rooms=("lambdas", "monitor"),
            layers=self._layers.arns,
        )

    def _job_role(self) -> iam.Role:
        role = iam.Role(
            self,
            "JobRole",
            role_name=naming.monitor_job_role(self._stage),
            description="Processing jobs that judge large windows of traffic",
            assumed_by=rights.service_of(self._stage, "sagemaker"),
        )
        rights.give(role, monitoring_rights.of_job(self._stage))
        return role

    def _tell(self, model: str) -> None:
        """Write down how a model is monitored. Raises PolicyError for more than a parameter holds."""
        name = naming.monitor_parameter(self._stage, model)
        value = json.dumps(policy(self._stage.models[model]), sort_keys=True, separators=(",", ":"))
        size = len(value.encode())
        if size > LARGEST_POLICY_BYTES:
            raise PolicyError(
                f"env/{self._stage.name}.toml: [models.{model}.monitor] takes {size:,} bytes, {LARGEST_POLICY_BYTES:,} "
                "is the most; shorten its expressions, or say less of single features."
            )
        ssm.CfnParameter(
            self,
            f"Policy-{model}",
            name=name,
            type="String",
            tier="Intelligent-Tiering",
            value=value,
            description=f"How {model} is monitored",
        )

    def _wake(self, function: Function, failures: sqs.IQueue) -> None:
        stage = self._stage
        if not stage.monitored:
            return
        role = iam.Role(
            self,
            "SchedulerRole",
            role_name=naming.monitor_scheduler_role(stage),
            description="EventBridge Scheduler, while it has the traffic of models judged",
            assumed_by=rights.service_of(stage, "scheduler"),
        )
        rights.give(role, [rights.ask(stage, "monitor"), rights.bury(stage)])
        for model, monitor in stage.monitored.items():
            scheduler.CfnSchedule(
                self,
                f"Schedule-{model}",
                name=naming.monitor_schedule(stage, model),
                description=f"Judges the traffic of {model}",
                schedule_expression=monitor.every,
                flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
                target=scheduler.CfnSchedule.TargetProperty(
                    arn=function.function_arn,
                    role_arn=role.role_arn,
                    input=json.dumps({"action": "run", "model": model, "time": _SCHEDULED_TIME}),
                    dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=failures.queue_arn),
                    retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                        maximum_retry_attempts=3, maximum_event_age_in_seconds=3600
                    ),
                ),
            ).node.add_dependency(role)

    def _ring(self, model: str, monitor: Monitor) -> None:
        """An alarm for each monitor, that rings when M of N runs have found violations, and one on silence.

        CloudWatch judges a period when it is over. Where one run decides, periods are short, so that it need not wait
        for the next run; those between two runs have no data, and keep the alarm as it is.
        """
        pause = rhythm.longest_pause_seconds(monitor.every)
        period = _SOON_SECONDS if monitor.alarms.periods == 1 else pause
        for kind in monitor.kinds:
            cloudwatch.CfnAlarm(
                self,
                f"Alarm-{model}-{kind}",
                alarm_name=naming.monitor_alarm(self._stage, model, kind),
                alarm_description=f"{_TITLES[kind]}. What to do: docs/runbooks.md#{_RUNBOOKS.get(kind, kind)}. "
                f"What was found: sluice report {model} --stage {self._stage.name}",
                namespace=MONITORING,
                metric_name="Violations",
                dimensions=self._dimensions(model, kind),
                statistic="Maximum",
                period=period,
                comparison_operator="GreaterThanOrEqualToThreshold",
                threshold=1,
                evaluation_periods=monitor.alarms.periods,
                datapoints_to_alarm=monitor.alarms.datapoints,
                # A run that could not judge puts no number: what was found before still stands.
                treat_missing_data="ignore",
                alarm_actions=[naming.topic_arn(self._stage)],
            )
        self._ring_at_silence(model, pause)

    def _ring_at_silence(self, model: str, period: int) -> None:
        """Rings when data quality was not judged in three runs, be it that the function did not run at all.

        While nothing serves, the function says that it is idle: there is nothing to judge.
        """
        runs = min(_MISSED_RUNS, _LONGEST_LOOK_SECONDS // period)
        dimensions = self._dimensions(model, "data-quality")
        cloudwatch.CfnAlarm(
            self,
            f"Alarm-{model}-not-judged",
            alarm_name=naming.silence_alarm(self._stage, model),
            alarm_description=f"The traffic of {model} has not been judged in {runs} runs: too few requests, or the "
            "monitor does not work. What to do: docs/runbooks.md#not-judged",
            metrics=[
                _stat("judged", "Judged", dimensions, period),
                _stat("idle", "Idle", dimensions, period),
                cloudwatch.CfnAlarm.MetricDataQueryProperty(
                    id="heard", expression="MAX([FILL(judged, 0), FILL(idle, 0)])", label="judged, or nothing to judge"
                ),
            ],
            comparison_operator="LessThanThreshold",
            threshold=1,
            evaluation_periods=runs,
            datapoints_to_alarm=runs,
            treat_missing_data="breaching",
            alarm_actions=[naming.topic_arn(self._stage)],
        )

    def _dimensions(self, model: str, kind: str) -> Sequence[cloudwatch.CfnAlarm.DimensionProperty]:
        named = {"Endpoint": naming.endpoint(self._stage, model), "Monitor": kind}
        return [cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value) for name, value in named.items()]


def _stat(
    query_id: str, metric: str, dimensions: Sequence[cloudwatch.CfnAlarm.DimensionProperty], period: int
) -> cloudwatch.CfnAlarm.MetricDataQueryProperty:
    return cloudwatch.CfnAlarm.MetricDataQueryProperty(
        id=query_id,
        metric_stat=cloudwatch.CfnAlarm.MetricStatProperty(
            metric=cloudwatch.CfnAlarm.MetricProperty(
                namespace=MONITORING, metric_name=metric, dimensions=list(dimensions)
            ),
            period=period,
            stat="Maximum",
        ),
        return_data=False,
    )
