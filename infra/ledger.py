"""The ledger of a stage: a table to which its Lambdas append, and that nothing here may change or empty."""

from __future__ import annotations

from aws_cdk import CfnDeletionPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from constructs import Construct

from env import naming
from env.naming import Located
from env.stage import Place, Stage
from infra import rights
from infra.rights import Refusal, Right

_CHANGES = [
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:DeleteTable",
    "dynamodb:PartiQLDelete",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:UpdateItem",
    "dynamodb:UpdateTable",
]


class Ledger(dynamodb.CfnTable):
    """The table: one log per model, its records numbered. It outlives the stack, and can be restored to any second."""

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        readers = followers_elsewhere(stage)
        attribute, key = dynamodb.CfnTable.AttributeDefinitionProperty, dynamodb.CfnTable.KeySchemaProperty
        super().__init__(
            scope,
            "Ledger",
            table_name=naming.ledger(stage),
            attribute_definitions=[
                attribute(attribute_name="model", attribute_type="S"),
                attribute(attribute_name="sequence", attribute_type="N"),
            ],
            key_schema=[
                key(attribute_name="model", key_type="HASH"),
                key(attribute_name="sequence", key_type="RANGE"),
            ],
            billing_mode="PAY_PER_REQUEST",
            point_in_time_recovery_specification=dynamodb.CfnTable.PointInTimeRecoverySpecificationProperty(
                point_in_time_recovery_enabled=True
            ),
            sse_specification=dynamodb.CfnTable.SSESpecificationProperty(
                sse_enabled=True, sse_type="KMS", kms_master_key_id=naming.key_alias_arn(stage)
            ),
            resource_policy=_open_to(readers, stage) if readers else None,
        )
        # What a failed first deployment has made holds nothing yet, and would stand in the way of the next one.
        self.cfn_options.deletion_policy = CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE
        self.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN


def followers_elsewhere(stage: Stage) -> list[Place]:
    """The stages in other accounts whose approvals rest on what this one's ledger says."""
    return [place for place in stage.followers if place.account != stage.account]


def read(place: Located) -> list[Right]:
    """Reading a stage's ledger."""
    return [Right(actions=["dynamodb:Query"], resources=[naming.ledger_arn(place)]), _decrypt(place)]


def append(stage: Stage) -> list[Right]:
    """Reading a stage's ledger and writing after its end.

    IAM cannot see that a write is conditional. That none replaces another is the writers' affair
    (``lambdas/ledger.py``); what a faulty one has replaced is in the table's continuous backup.
    """
    return [
        Right(actions=["dynamodb:PutItem", "dynamodb:Query"], resources=[naming.ledger_arn(stage)]),
        _decrypt(stage),
    ]


def never_change(stage: Stage) -> Refusal:
    """What was written stays as it is."""
    return Refusal(actions=_CHANGES, resources=[naming.ledger_arn(stage)])


def _decrypt(place: Located) -> Right:
    """DynamoDB opens the table's key in the name of whoever asks, to write as well as to read.

    Source: Amazon DynamoDB Developer Guide, "DynamoDB encryption at rest".
    """
    return rights.use_key(place, actions=["Decrypt"], via="dynamodb")


def _open_to(places: list[Place], stage: Stage) -> dynamodb.CfnTable.ResourcePolicyProperty:
    """Let the stages that follow in other accounts see what has served well here: their approvals rest on it."""
    statements = [
        iam.PolicyStatement(
            sid=f"Approve{index}",
            principals=[iam.AccountPrincipal(place.account)],
            actions=["dynamodb:Query"],
            resources=[naming.ledger_arn(stage)],
            conditions={"ArnEquals": {"aws:PrincipalArn": reader(place)}},
        )
        for index, place in enumerate(places)
    ]
    return dynamodb.CfnTable.ResourcePolicyProperty(policy_document=iam.PolicyDocument(statements=statements))


def reader(place: Place) -> str:
    """The role of a stage that reads the ledger of the stage before: that of its function ``approve``."""
    return naming.role_arn(place, naming.function_role(place, "approve"))
