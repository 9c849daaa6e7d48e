"""The pipeline that trains a model, deployed as data, alone in its stack."""

from __future__ import annotations

import hashlib
import json

from aws_cdk import CfnOutput
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from env import naming
from env.stage import Stage
from env.stage import Training as Settings
from infra import bundle as bundles
from infra.bundle import Asset, Bundle
from infra.stack import StageStack

# CloudFormation takes 51,200 bytes of template with a request; who pushes may send no more. The rest of it is short.
_LARGEST_INLINE_BYTES = 46_000


class Training(StageStack):
    """The pipeline of one model, and nothing else: scientists update this stack.

    ``assets`` are the files that must stand in the artifact bucket when the stack is deployed.
    """

    def __init__(self, scope: Construct, *, stage: Stage, bundle: Bundle, settings: Settings) -> None:
        super().__init__(scope, stage=stage, capability="training", model=bundle.model)
        self.assets = list(bundle.assets)
        name = naming.pipeline(stage, bundle.model)
        role = naming.role_arn(stage, naming.training_role(stage, bundle.model))
        sagemaker.CfnPipeline(
            self,
            "Pipeline",
            pipeline_name=name,
            pipeline_definition=self._definition(bundles.definition(bundle, stage, settings), stage),
            role_arn=role,
        )
        CfnOutput(self, "PipelineName", value=name)
        CfnOutput(self, "PipelineRoleArn", value=role)

    def _definition(self, text: str, stage: Stage) -> dict[str, object]:
        """The definition in the template, or where it can be read if it is large."""
        if len(json.dumps(text, ensure_ascii=False).encode()) <= _LARGEST_INLINE_BYTES:
            return {"PipelineDefinitionBody": text}
        content = text.encode()
        asset = Asset(key=f"assets/{hashlib.sha256(content).hexdigest()[:16]}/definition.json", content=content)
        self.assets.append(asset)
        return {"PipelineDefinitionS3Location": {"Bucket": naming.artifact_bucket(stage), "Key": asset.key}}
