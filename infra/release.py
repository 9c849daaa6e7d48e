"""What reacts to approvals: two Lambdas, the events that wake them, and the people who hear of it."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from env import naming
from env.stage import Stage
from infra import rights
from infra.function import Function
from infra.rights import Right
from infra.roles import DeployRole, ServingRole
from infra.rules import acknowledge
from infra.stack import StageStack
from lambdas import apply, release

_STACK_IDS = "The ARN of a stack ends in an id that CloudFormation chooses."
_PACKAGE_NUMBERS = "SageMaker numbers the packages of a group."


class Release(StageStack):
    """The release of the models of one stage.

    ``release`` observes and decides; ``apply`` alone may update a serving stack, under that stack's narrow role.
    """

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        super().__init__(scope, stage=stage, capability="release")
        self._stage = stage
        self._topic = self._people()
        self._failures = self._dead_letters()
        for model in stage.models:
            ServingRole(self, stage=stage, model=model)
            DeployRole(self, stage=stage, model=model)
        self._apply()
        release_function = self._release()
        self._wake(release_function)
        if (stage.account, stage.region) != (stage.registry_account, stage.registry_region):
            self._admit_events()
        CfnOutput(self, "ReleaseFunction", value=release_function.function_name)

    def _people(self) -> sns.Topic:
        stage = self._stage
        topic = sns.Topic(
            self,
            "People",
            topic_name=naming.topic(stage),
            master_key=kms.Alias.from_alias_name(self, "Key", naming.key_alias(stage)),
            enforce_ssl=True,
        )
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": stage.account}},
            )
        )
        for address in stage.notify:
            topic.add_subscription(subscriptions.EmailSubscription(address))
        return topic

    def _dead_letters(self) -> sqs.Queue:
        """Events that no function could digest; one of them is a reason to tell people."""
        queue = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=naming.dead_letter_queue(self._stage),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        acknowledge(queue, "SQS3", reason="It is the dead-letter queue of the rules and functions of this stack.")
        alarm = cloudwatch.Alarm(
            self,
            "DeadLettersAlarm",
            alarm_name=naming.alarm(naming.dead_letter_queue(self._stage), "arrived"),
            alarm_description="Events were lost to the release functions: see the queue and their logs",
            metric=queue.metric_approximate_number_of_messages_visible(statistic="Maximum", period=Duration.minutes(1)),
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            threshold=1,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self._topic))
        return queue

    def _apply(self) -> None:
        stage = self._stage
        function = Function(
            self,
            naming.function(stage, "apply"),
            module=apply,
            settings=apply.Settings(stage=stage.name, account=stage.account, region=stage.region),
            failures=self._failures,
        )
        function.execution_role.add_to_policy(_never_another_template())
        given = [right for model in stage.models for right in _update_stack(stage, model)]
        rights.give(function.execution_role, given)

    def _release(self) -> Function:
        stage = self._stage
        function = Function(
            self,
            naming.function(stage, "release"),
            module=release,
            settings=release.Settings(
                stage=stage.name,
                first=stage.first,
                models=tuple(stage.models),
                apply_function=naming.function(stage, "apply"),
                registry=_registry(stage),
            ),
            failures=self._failures,
        )
        given = [right for model in stage.models for right in _observe(stage, model)]
        rights.give(function.execution_role, [*given, _ask_apply(stage)])
        return function

    def _wake(self, function: Function) -> None:
        stage = self._stage
        arn = f"arn:aws:cloudformation:{stage.region}:{stage.account}:stack"
        stacks = [f"{arn}/{naming.stack(stage, 'serving', model)}/" for model in stage.models]
        patterns = {
            "PackageChanged": events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Model Package State Change"],
                detail={"ModelPackageGroupName": list(stage.models)},
            ),
            "EndpointChanged": events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Endpoint State Change"],
                detail={"EndpointName": [naming.endpoint(stage, model) for model in stage.models]},
            ),
            "StackChanged": events.EventPattern(
                source=["aws.cloudformation"],
                detail_type=["CloudFormation Stack Status Change"],
                detail={"stack-id": [{"prefix": stack} for stack in stacks]},
            ),
        }
        for name, pattern in patterns.items():
            target = targets.LambdaFunction(
                function, dead_letter_queue=self._failures, retry_attempts=3, max_event_age=Duration.hours(1)
            )
            events.Rule(self, name, event_pattern=pattern, targets=[target])

    def _admit_events(self) -> None:
        """Let the account that owns the registry tell what happens to its packages."""
        stage = self._stage
        bus = f"arn:aws:events:{stage.region}:{stage.account}:event-bus/default"
        statement = iam.PolicyStatement(
            sid=f"sluice-{stage.name}",
            principals=[iam.AccountPrincipal(stage.registry_account)],
            actions=["events:PutEvents"],
            resources=[bus],
            conditions={"StringEquals": {"events:source": "aws.sagemaker"}},
        )
        events.CfnEventBusPolicy(
            self, "RegistryEvents", statement_id=f"sluice-{stage.name}", statement=statement.to_statement_json()
        )


def _update_stack(stage: Stage, model: str) -> list[Right]:
    """Updating one serving stack, in its narrow role only.

    The role must be named: without one the call would run in the role of the last ``cdk deploy``, an administrator.
    """
    stack = _stack_arn(stage, model)
    role = naming.role_arn(stage, naming.deploy_role(stage, model))
    return [
        Right(
            actions=["cloudformation:UpdateStack"],
            resources=[stack],
            conditions={"StringEquals": {"cloudformation:RoleArn": role}},
            because=_STACK_IDS,
        ),
        # A release brings a stack policy along, which protects the endpoint.
        Right(
            actions=["cloudformation:DescribeStacks", "cloudformation:SetStackPolicy"],
            resources=[stack],
            because=_STACK_IDS,
        ),
        rights.pass_role(role, service="cloudformation.amazonaws.com"),
        Right(
            actions=["sagemaker:DescribeModelPackage"],
            resources=[f"{_registry(stage)}:model-package/{model}/*"],
            because=_PACKAGE_NUMBERS,
        ),
    ]


def _never_another_template() -> iam.PolicyStatement:
    """A release keeps the template; IAM can at least refuse one that is fetched from somewhere."""
    return iam.PolicyStatement(
        effect=iam.Effect.DENY,
        actions=["cloudformation:UpdateStack"],
        resources=["*"],
        conditions={"Null": {"cloudformation:TemplateUrl": "false"}},
    )


def _ask_apply(stage: Stage) -> Right:
    return Right(actions=["lambda:InvokeFunction"], resources=[naming.function_arn(stage, "apply")])


def _observe(stage: Stage, model: str) -> list[Right]:
    """Seeing what should serve, what does, and what is under way."""
    endpoint = f"arn:aws:sagemaker:{stage.region}:{stage.account}:endpoint/{naming.endpoint(stage, model)}"
    group, packages = f"{_registry(stage)}:model-package-group/{model}", f"{_registry(stage)}:model-package/{model}/*"
    return [
        Right(
            actions=["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"],
            resources=[group, packages],
            because=_PACKAGE_NUMBERS,
        ),
        Right(actions=["sagemaker:DescribeEndpoint"], resources=[endpoint]),
        Right(
            actions=["cloudformation:DescribeStackEvents", "cloudformation:DescribeStacks"],
            resources=[_stack_arn(stage, model)],
            because=_STACK_IDS,
        ),
    ]


def _stack_arn(stage: Stage, model: str) -> str:
    return f"arn:aws:cloudformation:{stage.region}:{stage.account}:stack/{naming.stack(stage, 'serving', model)}/*"


def _registry(stage: Stage) -> str:
    return f"arn:aws:sagemaker:{stage.registry_region}:{stage.registry_account}"
