"""The one recipe for a Lambda: code, environment, logs, a role of its own, and where its failures go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import Duration, IgnoreMode, RemovalPolicy, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from env import naming
from env.stage import Stage
from infra import ledger, rights
from infra.duties import Duty
from infra.rights import Right
from lambdas.settings import to_environ

_CHECKOUT = Path(__file__).parents[1]

_FREE_STORAGE_MB = 512
"""What every function has in ``/tmp``."""


class Function(lambda_.Function):
    """A Lambda of the room ``lambdas``: the handler of one module, with the rights of its duty.

    The asset holds its rooms with their paths, so that imports read the same everywhere. Beside its duty a function may
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
            code=lambda_.Code.from_asset(str(_CHECKOUT), exclude=_all_but(duty.rooms), ignore_mode=IgnoreMode.GIT),
            environment=to_environ(duty.settings),
            role=role,
            timeout=Duration.seconds(duty.timeout_seconds),
            memory_size=duty.memory_mb,
            ephemeral_storage_size=Size.mebibytes(duty.storage_mb) if duty.storage_mb > _FREE_STORAGE_MB else None,
            layers=[
                lambda_.LayerVersion.from_layer_version_arn(scope, f"{construct_id}Layer{number}", arn)
                for number, arn in enumerate(duty.layers)
            ]
            or None,
            log_group=logs_,
            logging_format=lambda_.LoggingFormat.JSON,
        )
        rights.refuse(role, [ledger.never_change(stage), *duty.refusals])
        rights.give(role, [*duty.rights, _report_failures(stage)])
        self._send_failures(failures)

    def _send_failures(self, failures: sqs.IQueue) -> None:
        """Have Lambda try an event three times within an hour and then leave it in the queue.

        Not by the CDK's own destination, which would give the role more than Lambda needs. The path is that one's, so
        that stacks keep the resource.
        """
        lambda_.CfnEventInvokeConfig(
            Construct(self, "EventInvokeConfig"),
            "Resource",
            function_name=self.function_name,
            qualifier="$LATEST",
            maximum_retry_attempts=2,
            maximum_event_age_in_seconds=3600,
            destination_config=lambda_.CfnEventInvokeConfig.DestinationConfigProperty(
                on_failure=lambda_.CfnEventInvokeConfig.OnFailureProperty(destination=failures.queue_arn)
            ),
        )


def _all_but(rooms: Sequence[str]) -> list[str]:
    """What is left out of an asset, in the words of a .gitignore: all but these rooms' own files."""
    lambdas = ["!/lambdas/", "/lambdas/*", "!/lambdas/*.py"]
    return ["/*", *lambdas, *(f"!/{room}/" for room in rooms if room != "lambdas"), "__pycache__"]


def _report_failures(stage: Stage) -> Right:
    """Leaving what it could not digest in the queue of dead letters.

    Source: Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations".
    """
    queue = f"arn:aws:sqs:{stage.region}:{stage.account}:{naming.dead_letter_queue(stage)}"
    return Right(actions=["sqs:SendMessage"], resources=[queue])
