"""The layer of the monitor's function: the stage's own, or one that is built and published with the stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_

from env import naming
from env.stage import Stage
from infra import libraries
from infra.publishing import Built


@dataclass(frozen=True, kw_only=True)
class Layers:
    """The ARNs of a function's layers, and what must be built and published for them."""

    arns: Sequence[str]
    built: Sequence[Built] = ()


def of(scope: Stack, stage: Stage) -> Layers:
    """The layers of the monitor's function: those that the stage names, else one of the versions in `uv.lock`.

    Its archive is no file of the assembly: who publishes the stage builds it then.
    """
    if stage.monitoring.layers:
        return Layers(arns=list(stage.monitoring.layers))
    archive = Built(key=f"assets/{libraries.digest()[:16]}/libraries.zip", command=libraries.COMMAND)
    layer = lambda_.CfnLayerVersion(
        scope,
        "Libraries",
        layer_name=naming.libraries(stage),
        description="numpy, pyarrow and orjson, in the versions of uv.lock",
        compatible_runtimes=[f"python{libraries.PYTHON}"],
        compatible_architectures=["arm64"],
        content=lambda_.CfnLayerVersion.ContentProperty(s3_bucket=naming.artifact_bucket(stage), s3_key=archive.key),
    )
    return Layers(arns=[layer.ref], built=[archive])
