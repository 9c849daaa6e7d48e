"""Columns that are never captured in clear: the key to hash them with, who may read it, what containers are told."""

from __future__ import annotations

import json

from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from env import naming
from env.stage import Stage
from infra import rights
from infra.errors import MaskError
from infra.rights import Right
from infra.rules import acknowledge

LONGEST_VALUE = 1024
"""Characters of an environment variable of a container (SageMaker API Reference, "ContainerDefinition")."""


def hashes(stage: Stage, model: str | None = None) -> bool:
    """Whether a column of a model, or of any model of a stage, is hashed."""
    models = stage.models.values() if model is None else [stage.models[model]]
    return any("hash" in parts.serving.capture.masked.values() for parts in models)


class MaskKey(secretsmanager.CfnSecret):
    """The key of a stage, made up when the stage is deployed; nobody needs to know it."""

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        super().__init__(
            scope,
            "MaskKey",
            name=naming.mask_key(stage),
            description="Masked columns of captured requests are hashed with it",
            kms_key_id=naming.key_alias_arn(stage),
            generate_secret_string=secretsmanager.CfnSecret.GenerateSecretStringProperty(
                password_length=64, exclude_punctuation=True
            ),
        )
        acknowledge(self, "SMG4", reason="With another key the same value would no longer have the same hash.")


def read_key(stage: Stage) -> list[Right]:
    """Reading the key, as a model's container does when it has something to hash."""
    arn = f"arn:aws:secretsmanager:{stage.region}:{stage.account}:secret:{naming.mask_key(stage)}"
    return [
        Right(
            actions=["secretsmanager:GetSecretValue"],
            resources=[f"{arn}-??????"],
            because="Secrets Manager ends the ARNs of secrets in six characters of its own.",
        ),
        rights.use_key(stage, actions=["Decrypt"], via="secretsmanager"),
    ]


def environment(stage: Stage, model: str, *, folder: str) -> dict[str, str]:
    """What the container of a model is told of its masked columns, and of the ``folder`` of the capture bucket that it
    writes requests to; nothing where no column is masked. MaskError for more columns than a variable holds.
    """
    capture = stage.models[model].serving.capture
    if not capture.masked:
        return {}
    masked = json.dumps(dict(capture.masked), sort_keys=True, separators=(",", ":"))
    if len(masked) > LONGEST_VALUE:
        raise MaskError(
            f"env/{stage.name}.toml: models.{model}.serving.capture.masked takes {len(masked):,} characters, "
            f"{LONGEST_VALUE:,} is the most; mask fewer columns, or set capture.percent to 0."
        )
    return {
        "SLUICE_MASKED": masked,
        "SLUICE_CAPTURE_FOLDER": f"{folder}/{naming.endpoint(stage, model)}/{naming.VARIANT}",
        "SLUICE_CAPTURE_PERCENT": str(capture.percent),
        "SLUICE_CAPTURE_KEY": naming.key_alias_arn(stage),
        "SLUICE_MASK_SECRET": naming.mask_key(stage),
    }
