"""The one recipe for a Lambda: code, environment, logs, a role of its own, and where its failures go."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import Duration, IgnoreMode, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from env import naming
from env.stage import Stage
from infra import ledger, rights
from infra.duties import Duty
from lambdas.settings import to_environ

_CHECKOUT = Path(__file__).parents[1]
_ALL_BUT_LAMBDAS = ["/*", "!/lambdas/", "/lambdas/*", "!/lambdas/*.py"]


class Function(lambda_.Function):
    """A Lambda of the room ``lambdas``: the handler of one module, with the rights of its duty.

    The asset holds ``lambdas/`` with its path, so that imports read the same everywhere. Beside its duty a function may
    write its logs and report its failures; the ledger it may never change.
    """

    def __init__(self, scope: Construct, duty: Duty, *, stage: Stage, failures: sqs.IQueue) -> None:
        construct_id, name = duty.verb.capitalize(), naming.function(stage, duty.verb)
        logs_ = logs.LogGroup(
            scope,
            f"{construct_id}Logs",
            log_group_name=f"/aws/lambda/{name}",
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = iam.Role(
            scope,
            f"{construct_id}Role",
            role_name=naming.function_role(stage, duty.verb),
            description=f"The Lambda function {name}",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        )
        logs_.grant_write(role)
        super().__init__(
            scope,
            construct_id,
            function_name=name,
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"{duty.module.__name__}.handler",
            code=lambda_.Code.from_asset(str(_CHECKOUT), exclude=_ALL_BUT_LAMBDAS, ignore_mode=IgnoreMode.GIT),
            environment=to_environ(duty.settings),
            role=role,
            timeout=Duration.seconds(duty.timeout_seconds),
            memory_size=duty.memory_mb,
            log_group=logs_,
            logging_format=lambda_.LoggingFormat.JSON,
            on_failure=destinations.SqsDestination(failures),
            retry_attempts=2,
            max_event_age=Duration.hours(1),
        )
        rights.refuse(role, [ledger.never_change(stage), *duty.refusals])
        rights.give(role, duty.rights)
