"""The model registry: one group of model packages for each model, open to the later stages' accounts.

And the roles in which packages are made: that of each model's pipeline, and the one that may change the pipeline.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from env import naming
from env.stage import Place, Stage
from infra.bundle import Bundle
from infra.stack import StageStack
from infra.training_roles import PushRole, TrainingRole


class Registry(StageStack):
    """The model package groups, the forwarding of their events to the stages that live elsewhere, and who trains.

    ``bundles`` has the compiled pipeline of each model that the stage trains.
    """

    def __init__(self, scope: Construct, *, stage: Stage, bundles: Mapping[str, Bundle]) -> None:
        super().__init__(scope, stage=stage, capability="registry")
        readers = sorted({place.account for place in stage.others} - {stage.account})
        for model in stage.models:
            sagemaker.CfnModelPackageGroup(
                self,
                f"Group-{model}",
                model_package_group_name=model,
                model_package_group_policy=_policy(stage, model, readers).to_json() if readers else None,
            )
        for model, bundle in bundles.items():
            if settings := stage.models[model].training:
                TrainingRole(self, stage=stage, bundle=bundle, settings=settings)
                PushRole(self, stage=stage, model=model)
        buses = {(place.region, place.account): place for place in stage.others}
        buses.pop((stage.region, stage.account), None)
        if buses and stage.models:
            self._forward(list(buses.values()), models=list(stage.models))

    def _forward(self, places: list[Place], *, models: list[str]) -> None:
        """Events of packages occur in this account alone: send them on to the default buses of the others."""
        events.Rule(
            self,
            "Forward",
            description="Tells the stages in other accounts that a model package has changed",
            event_pattern=events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Model Package State Change"],
                detail={"ModelPackageGroupName": models},
            ),
            targets=[
                targets.EventBus(
                    events.EventBus.from_event_bus_arn(self, f"Bus-{place.name}", _default_bus(place)),
                )
                for place in places
            ],
        )


def _default_bus(place: Place) -> str:
    return f"arn:aws:events:{place.region}:{place.account}:event-bus/default"


def _policy(stage: Stage, model: str, readers: list[str]) -> iam.PolicyDocument:
    """Who may read a group and deploy from it.

    Source: SageMaker Developer Guide, "Deploy a Model Version from a Different Account".
    """
    arn = f"arn:aws:sagemaker:{stage.region}:{stage.account}"
    principals = [iam.AccountPrincipal(account) for account in readers]
    packages = f"{arn}:model-package/{model}/*"
    judges = [place for place in stage.others if place.account in readers]
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                sid="Group",
                principals=principals,
                actions=["sagemaker:DescribeModelPackageGroup", "sagemaker:ListModelPackages"],
                resources=[f"{arn}:model-package-group/{model}"],
            ),
            iam.PolicyStatement(
                sid="Packages",
                principals=principals,
                actions=["sagemaker:CreateModel", "sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"],
                resources=[packages],
            ),
            # A stage that refuses a package says why on it; its approval status is not that stage's to change.
            iam.PolicyStatement(
                sid="Refusals",
                principals=principals,
                actions=["sagemaker:UpdateModelPackage"],
                resources=[packages],
                conditions={
                    "ArnEquals": {"aws:PrincipalArn": [_judge(place) for place in judges]},
                    "Null": {"sagemaker:ModelApprovalStatus": "true"},
                },
            ),
            *_approvals(stage, packages),
        ]
    )


def _approvals(stage: Stage, packages: str) -> list[iam.PolicyStatement]:
    """Where the chain begins in another account, its first stage's people approve, and its release takes back."""
    if stage.first or stage.others[0].account == stage.account:
        return []
    first = stage.others[0]
    approver = naming.role_arn(first, naming.person_role(first, "approver"))
    conditions = {
        "Approvals": {"ArnEquals": {"aws:PrincipalArn": approver}},
        "Rejections": {
            "ArnEquals": {"aws:PrincipalArn": _judge(first)},
            "StringEquals": {"sagemaker:ModelApprovalStatus": "Rejected"},
        },
    }
    return [
        iam.PolicyStatement(
            sid=sid,
            principals=[iam.AccountPrincipal(first.account)],
            actions=["sagemaker:UpdateModelPackage"],
            resources=[packages],
            conditions=condition,
        )
        for sid, condition in conditions.items()
    ]


def _judge(place: Place) -> str:
    return naming.role_arn(place, naming.function_role(place, "release"))
