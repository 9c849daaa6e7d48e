"""What all templates obey: tags, and the AwsSolutions rules of cdk-nag with the exceptions we answer for."""

from __future__ import annotations

import cdk_nag
from aws_cdk import Acknowledgment, App, Tags, Validations
from constructs import IConstruct

from env.stage import Stage


def judge(app: App, stage: Stage) -> None:
    """Tag everything in the app, and let cdk-nag judge it at synthesis."""
    for key, value in {"sluice:stage": stage.name, **stage.tags}.items():
        Tags.of(app).add(key, value)
    Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))


def acknowledge(construct: IConstruct, finding: str, *, reason: str) -> None:
    """Answer for one finding of the AwsSolutions rules on one construct: ``SQS3``, or ``IAM5[Resource::*]``."""
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions-{finding}", reason=reason))
