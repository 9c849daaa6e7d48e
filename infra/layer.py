"""The layer of the monitor's function: the stage's own, or one that is built and published with the stage."""

from __future__ import annotations

from aws_cdk import FileAssetSource, Stack
from aws_cdk import aws_lambda as lambda_

from env import naming
from env.stage import Stage
from infra import libraries


def arns(scope: Stack, stage: Stage) -> list[str]:
    """The layers of the monitor's function: those that the stage names, else one of the versions in `uv.lock`.

    Its archive is no file of the assembly: who publishes the stage builds it then.
    """
    if stage.monitoring.layers:
        return list(stage.monitoring.layers)
    archive = FileAssetSource(source_hash=libraries.digest(), executable=list(libraries.COMMAND))
    place = scope.synthesizer.add_file_asset(archive)
    layer = lambda_.CfnLayerVersion(
        scope,
        "Libraries",
        layer_name=naming.libraries(stage),
        description="numpy, pyarrow and orjson, in the versions of uv.lock",
        compatible_runtimes=[f"python{libraries.PYTHON}"],
        compatible_architectures=["arm64"],
        content=lambda_.CfnLayerVersion.ContentProperty(s3_bucket=place.bucket_name, s3_key=place.object_key),
    )
    return [layer.ref]
