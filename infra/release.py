"""The release of a stage: its ledger, its Lambdas, the roles they and people work in, and who hears of it."""

from __future__ import annotations

from collections.abc import Collection

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from env import naming
from env.stage import Stage
from infra import dashboards, duties, masking, people, waking
from infra.function import Function
from infra.ledger import Ledger
from infra.masking import MaskKey
from infra.roles import DeployRole, ServingRole
from infra.rules import acknowledge
from infra.stack import StageStack


class Release(StageStack):
    """The release of the models of one stage.

    Of its functions ``release`` observes and decides; ``apply`` alone may update a serving stack, under that stack's
    narrow role. ``kinds`` are the kinds of steps that the stage's pipelines have.
    """

    def __init__(self, scope: Construct, *, stage: Stage, kinds: Collection[str]) -> None:
        super().__init__(scope, stage=stage, capability="release")
        self._stage = stage
        self._topic = self._notify()
        self._failures = self._dead_letters()
        if masking.hashes(stage):
            MaskKey(self, stage=stage)
        for model in stage.models:
            ServingRole(self, stage=stage, model=model)
            DeployRole(self, stage=stage, model=model)
        people.admit(self, stage=stage, kinds=kinds)
        Ledger(self, stage=stage)
        functions = {duty.verb: Function(self, duty, stage=stage, failures=self._failures) for duty in duties.of(stage)}
        waking.by_events(self, functions["release"], stage=stage, failures=self._failures)
        waking.by_the_clock(self, functions, stage=stage, failures=self._failures)
        waking.pipelines_by_the_clock(self, stage=stage, failures=self._failures)
        dashboards.add(self, stage=stage)
        if (stage.account, stage.region) != (stage.registry_account, stage.registry_region):
            self._admit_events()
        CfnOutput(self, "ReleaseFunction", value=functions["release"].function_name)

    def _notify(self) -> sns.Topic:
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
