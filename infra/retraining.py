"""Retraining: the function that starts a model's pipeline when what it sees has drifted, and what wakes it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from env import naming
from env.monitor import Monitor
from env.stage import Stage
from infra import ledger, rights
from infra.alarms import MONITORING
from infra.bundle import Bundle
from infra.duties import Duty
from infra.errors import ParameterError
from infra.function import Function
from infra.rights import Right
from lambdas import retrain


def models(stage: Stage) -> dict[str, Monitor]:
    """The models that are trained anew when they drift, with how they are monitored."""
    return {model: monitor for model, monitor in stage.monitored.items() if monitor.retraining is not None}


def check(stage: Stage, bundles: Mapping[str, Bundle]) -> None:
    """See that pipelines take what a retraining gives them. Raises ParameterError for one that does not."""
    for model, monitor in models(stage).items():
        known = [parameter["Name"] for parameter in bundles[model].definition.get("Parameters", [])]
        where, settings = f"env/{stage.name}.toml: models.{model}.monitor.retraining", monitor.retraining
        assert settings is not None
        if missing := [name for name in retrain.PARAMETERS if name not in known]:
            raise ParameterError(
                f"{where} starts the pipeline with {', '.join(retrain.PARAMETERS)}, and it has no {', '.join(missing)}"
                f"; add them to pipelines/{naming.folder(model)}/pipeline.py and run sluice compile {model}."
            )
        for name in settings.parameters:
            if name not in known or name in retrain.PARAMETERS:
                free = ", ".join(each for each in known if each not in retrain.PARAMETERS)
                raise ParameterError(f"{where}.parameters.{name} cannot be set: those of the pipeline are {free}.")


def add(scope: Construct, *, stage: Stage, failures: sqs.IQueue) -> None:
    """Add the function ``retrain`` to the stack of the monitors, where a model of the stage may be trained anew."""
    if models(stage):
        function = Function(scope, duty(stage), stage=stage, failures=failures)
        _wake(scope, function, stage=stage)


def duty(stage: Stage) -> Duty:
    """What the function is told and what it may do: look, write into the ledger, start pipelines."""
    policies = {model: _policy(stage, model, monitor) for model, monitor in models(stage).items()}
    return Duty(
        verb="retrain",
        module=retrain,
        settings=retrain.Settings(
            stage=stage.name,
            registry=rights.registry_arn(stage),
            ledger=naming.ledger(stage),
            captures=naming.capture_bucket(stage),
            monitor_function=naming.function(stage, "monitor"),
            models=policies,
        ),
        rights=[
            *ledger.append(stage),
            *_look(stage),
            *(right for model in policies for right in _train(stage, model)),
            rights.ask(stage, "monitor"),
            rights.put_metrics_of_ours(MONITORING),
        ],
        # Gathering labelled rows takes minutes, and is waited for.
        timeout_seconds=900,
    )


def _policy(stage: Stage, model: str, monitor: Monitor) -> retrain.Policy:
    settings = monitor.retraining
    assert settings is not None
    return retrain.Policy(
        pipeline=naming.pipeline(stage, model),
        stop=settings.stop,
        cooldown_hours=settings.cooldown_hours,
        at_most_per_day=settings.at_most_per_day,
        minimum_rows=settings.minimum_rows,
        lookback_hours=settings.lookback_hours,
        parameters=_texts(settings.parameters),
        alarms={kind: naming.monitor_alarm(stage, model, kind) for kind in monitor.kinds},
    )


def _texts(parameters: Mapping[str, str | int | float | bool]) -> dict[str, str]:
    """Values as StartPipelineExecution takes them, which knows texts alone."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}


def _look(stage: Stage) -> list[Right]:
    """Seeing what serves, what the monitors said last, which of their alarms ring, and which versions wait."""
    bucket, drifting = naming.capture_bucket(stage), models(stage)
    verdicts = [f"reports/{model}/judged/{kind}.json" for model, monitor in drifting.items() for kind in monitor.kinds]
    return [
        Right(actions=["s3:GetObject"], resources=[f"arn:aws:s3:::{bucket}/{verdict}" for verdict in verdicts]),
        Right(
            actions=["s3:ListBucket"],
            resources=[f"arn:aws:s3:::{bucket}"],
            conditions={"StringEquals": {"s3:prefix": verdicts}},
        ),
        rights.use_key(stage, actions=["Decrypt"], via="s3"),
        rights.see_alarms(),
        Right(
            actions=["sagemaker:DescribeEndpoint"], resources=[rights.endpoint_arn(stage, model) for model in drifting]
        ),
        *(rights.read_packages(stage, model) for model in drifting),
    ]


def _train(stage: Stage, model: str) -> list[Right]:
    """Starting a model's pipeline, unless it runs already, and seeing which code it has."""
    pipeline = f"arn:aws:sagemaker:{stage.region}:{stage.account}:pipeline/{naming.pipeline(stage, model)}"
    verbs = ("DescribePipeline", "ListPipelineExecutions", "StartPipelineExecution")
    return [
        Right(actions=[f"sagemaker:{verb}" for verb in verbs], resources=[pipeline]),
        Right(
            actions=["sagemaker:DescribePipelineExecution"],
            resources=[f"{pipeline}/execution/*"],
            because="SageMaker chooses the ids of executions.",
        ),
    ]


def _wake(scope: Construct, function: Function, *, stage: Stage) -> None:
    """By an alarm that rings, by the end of a run, and by the clock, since events may get lost.

    Shape: CloudWatch User Guide, "Alarm events and EventBridge".
    """
    alarms = [
        naming.monitor_alarm(stage, model, kind) for model, monitor in models(stage).items() for kind in monitor.kinds
    ]
    patterns = {
        "MonitorRang": events.EventPattern(
            source=["aws.cloudwatch"],
            detail_type=["CloudWatch Alarm State Change"],
            detail={"alarmName": alarms, "state": {"value": ["ALARM"]}},
        ),
        "MonitorRan": events.EventPattern(
            source=["sluice"],
            detail_type=["Monitoring run ended"],
            detail={"stage": [stage.name], "model": list(models(stage))},
        ),
    }
    target = targets.LambdaFunction(function, retry_attempts=3, max_event_age=Duration.hours(1))
    for name, pattern in patterns.items():
        events.Rule(scope, name, event_pattern=pattern, targets=[target])
    events.Rule(
        scope,
        "RetrainTick",
        description="Asks whether a model is to be trained anew, whether or not an event says so",
        schedule=events.Schedule.rate(Duration.hours(1)),
        targets=[target],
    )
