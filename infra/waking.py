"""What wakes the Lambdas and starts the pipelines of a stage: events, and the clock."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from env import naming
from env.stage import Stage
from infra import rights
from infra.function import Function
from infra.rights import Right

_Retry = scheduler.CfnSchedule.RetryPolicyProperty

_RHYTHMS: Mapping[naming.Verb, tuple[str, _Retry]] = {
    # What one minute has missed the next one does.
    "watch": ("rate(1 minute)", _Retry(maximum_retry_attempts=1, maximum_event_age_in_seconds=60)),
    "sweep": ("rate(1 day)", _Retry(maximum_retry_attempts=3, maximum_event_age_in_seconds=3600)),
}
"""How often a function works by the clock, and how long it is tried to wake it."""


def by_events(scope: Construct, function: Function, *, stage: Stage, failures: sqs.IQueue) -> None:
    """Wake the function that decides whenever something of its models changes, and every quarter of an hour.

    SageMaker may send an event twice, late or never: with events alone a release could rest for good.
    """
    for name, pattern in _patterns(stage).items():
        events.Rule(scope, name, event_pattern=pattern, targets=[_target(function, failures)])
    events.Rule(
        scope,
        "Tick",
        description="Asks what should serve, whether or not an event says so",
        schedule=events.Schedule.rate(Duration.minutes(15)),
        targets=[_target(function, failures)],
    )


def by_the_clock(
    scope: Construct, functions: Mapping[naming.Verb, Function], *, stage: Stage, failures: sqs.IQueue
) -> None:
    """Wake what watches a release each minute, and what sweeps each day."""
    role = iam.Role(
        scope,
        "SchedulerRole",
        role_name=naming.scheduler_role(stage),
        description="EventBridge Scheduler, while it wakes functions",
        assumed_by=rights.service_of(stage, "scheduler"),
    )
    rights.give(role, [rights.ask(stage, "watch", "sweep"), rights.bury(stage)])
    for verb, (rate, retry) in _RHYTHMS.items():
        scheduler.CfnSchedule(
            scope,
            f"{verb.capitalize()}Schedule",
            name=naming.schedule(stage, verb),
            schedule_expression=rate,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=functions[verb].function_arn,
                role_arn=role.role_arn,
                input="{}",
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=failures.queue_arn),
                retry_policy=retry,
            ),
        ).node.add_dependency(role)


def pipelines_by_the_clock(scope: Construct, *, stage: Stage, failures: sqs.IQueue) -> None:
    """Start the pipelines that have a schedule, each in a role that can start it and nothing else.

    Source: EventBridge Scheduler User Guide, "Using templated targets in EventBridge Scheduler".
    """
    for model, parts in stage.models.items():
        if parts.training is None or parts.training.schedule is None:
            continue
        pipeline = f"arn:aws:sagemaker:{stage.region}:{stage.account}:pipeline/{naming.pipeline(stage, model)}"
        role = _start_role(scope, stage, model, pipeline=pipeline)
        scheduler.CfnSchedule(
            scope,
            f"Schedule-{model}",
            name=naming.training_schedule(stage, model),
            description=f"Trains {model}",
            schedule_expression=parts.training.schedule,
            schedule_expression_timezone=parts.training.schedule_timezone,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=pipeline,
                role_arn=role.role_arn,
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=failures.queue_arn),
                retry_policy=_Retry(maximum_retry_attempts=3, maximum_event_age_in_seconds=3600),
            ),
        ).node.add_dependency(role)


def _start_role(scope: Construct, stage: Stage, model: str, *, pipeline: str) -> iam.Role:
    role = iam.Role(
        scope,
        f"Start-{model}",
        role_name=naming.start_role(stage, model),
        description=f"EventBridge Scheduler, while it starts the pipeline that trains {model}",
        assumed_by=rights.service_of(stage, "scheduler"),
    )
    rights.give(role, [Right(actions=["sagemaker:StartPipelineExecution"], resources=[pipeline]), rights.bury(stage)])
    return role


def _target(function: Function, failures: sqs.IQueue) -> targets.LambdaFunction:
    return targets.LambdaFunction(
        function, dead_letter_queue=failures, retry_attempts=3, max_event_age=Duration.hours(1)
    )


def _patterns(stage: Stage) -> dict[str, events.EventPattern]:
    """The events after which something else may have to serve.

    Shapes: SageMaker Developer Guide, "Automating SageMaker AI with Amazon EventBridge"; CloudFormation User Guide,
    "Managing events with CloudFormation and Amazon EventBridge"; CloudWatch User Guide, "Alarm events and EventBridge".
    """
    arn = f"arn:aws:cloudformation:{stage.region}:{stage.account}:stack"
    stacks = [f"{arn}/{naming.stack(stage, 'serving', model)}/" for model in stage.models]
    return {
        "PackageChanged": events.EventPattern(
            source=["aws.sagemaker"],
            detail_type=["SageMaker Model Package State Change"],
            detail={"ModelPackageGroupName": list(stage.models)},
        ),
        "EndpointChanged": events.EventPattern(
            source=["aws.sagemaker"],
            detail_type=["SageMaker Endpoint State Change", "SageMaker Endpoint Deployment State Change"],
            detail={"EndpointName": [naming.endpoint(stage, model) for model in stage.models]},
        ),
        "StackChanged": events.EventPattern(
            source=["aws.cloudformation"],
            detail_type=["CloudFormation Stack Status Change"],
            detail={"stack-id": [{"prefix": stack} for stack in stacks]},
        ),
        "BackstopRang": events.EventPattern(
            source=["aws.cloudwatch"],
            detail_type=["CloudWatch Alarm State Change"],
            detail={
                "alarmName": [naming.backstop(stage, model) for model in stage.models],
                "state": {"value": ["ALARM"]},
            },
        ),
    }
