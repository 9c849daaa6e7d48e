"""The pipeline that trains a model, deployed as data, and the role of its jobs."""

from __future__ import annotations

import hashlib

from aws_cdk import CfnOutput
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from env import naming
from env.stage import Stage
from env.stage import Training as Settings
from infra import bundle as bundles
from infra import rights
from infra.bundle import Asset, Bundle
from infra.rights import Right
from infra.stack import StageStack

# A template may have a million bytes, and quotes within quotes count twice.
_LARGEST_INLINE = 400_000


class Training(StageStack):
    """The pipeline of one model and the role that its jobs run in.

    ``assets`` are the files that must stand in the artifact bucket when the stack is deployed.
    """

    def __init__(self, scope: Construct, *, stage: Stage, bundle: Bundle, settings: Settings) -> None:
        super().__init__(scope, stage=stage, capability="training", model=bundle.model)
        self.assets = list(bundle.assets)
        role = self._role(stage, bundle.model)
        pipeline = sagemaker.CfnPipeline(
            self,
            "Pipeline",
            pipeline_name=naming.pipeline(stage, bundle.model),
            pipeline_definition=self._definition(bundles.definition(bundle, stage, settings), stage),
            role_arn=role.role_arn,
        )
        # SageMaker looks at the role's rights when it takes a pipeline.
        pipeline.node.add_dependency(role)
        CfnOutput(self, "PipelineName", value=naming.pipeline(stage, bundle.model))
        CfnOutput(self, "PipelineRoleArn", value=role.role_arn)

    def _definition(self, text: str, stage: Stage) -> dict[str, object]:
        """The definition in the template, or where it can be read if it is large."""
        if len(text) <= _LARGEST_INLINE:
            return {"PipelineDefinitionBody": text}
        content = text.encode()
        asset = Asset(key=f"assets/{hashlib.sha256(content).hexdigest()[:16]}/definition.json", content=content)
        self.assets.append(asset)
        return {"PipelineDefinitionS3Location": {"Bucket": naming.artifact_bucket(stage), "Key": asset.key}}

    def _role(self, stage: Stage, model: str) -> iam.Role:
        name, bucket = naming.pipeline_role(stage, model), naming.artifact_bucket(stage)
        role = iam.Role(
            self,
            "Role",
            role_name=name,
            description=f"Jobs of the pipeline that trains {model}",
            assumed_by=iam.ServicePrincipal(
                "sagemaker.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stage.account}}
            ),
        )
        # Approving is for people: whatever else the role may be given, this it may not.
        role.add_to_policy(
            iam.PolicyStatement(effect=iam.Effect.DENY, actions=["sagemaker:UpdateModelPackage"], resources=["*"])
        )
        rights.give(
            role,
            [
                rights.read_objects(bucket, prefixes=[model, "assets"]),
                rights.list_objects(bucket, prefixes=[model, "assets"]),
                rights.write_objects(bucket, prefixes=[model]),
                # Amazon SageMaker API Reference, "OutputDataConfig": a key that is named by its alias asks for Encrypt.
                rights.use_key(stage, actions=["Decrypt", "Encrypt", "GenerateDataKey"]),
                rights.grant_key(stage),
                rights.write_logs(stage),
                rights.put_metrics(),
                *rights.pull_images(stage),
                *rights.join_network(stage),
                rights.pass_role(naming.role_arn(stage, name), service="sagemaker.amazonaws.com"),
                _run_jobs(stage),
                _keep_experiments(stage, model),
                *_register(stage, model),
            ],
        )
        return role


def _run_jobs(stage: Stage) -> Right:
    """Running the jobs of pipeline steps."""
    arn = f"arn:aws:sagemaker:{stage.region}:{stage.account}"
    kinds = {"ProcessingJob": "processing-job", "TrainingJob": "training-job"}
    jobs = [f"sagemaker:{verb}{kind}" for kind in kinds for verb in ("Create", "Describe", "Stop")]
    return Right(
        actions=[*jobs, "sagemaker:AddTags"],
        resources=[f"{arn}:{resource}/pipelines-*" for resource in kinds.values()],
        because="SageMaker names the jobs of steps pipelines-<execution>-<step>-<suffix>.",
    )


def _keep_experiments(stage: Stage, model: str) -> Right:
    """Recording executions as trials of an experiment that bears the pipeline's name."""
    arn = f"arn:aws:sagemaker:{stage.region}:{stage.account}"
    kinds = ("Experiment", "Trial", "TrialComponent")
    return Right(
        actions=[
            *(f"sagemaker:{verb}{kind}" for kind in kinds for verb in ("Create", "Describe")),
            "sagemaker:AddTags",
            "sagemaker:AssociateTrialComponent",
            "sagemaker:UpdateTrialComponent",
        ],
        resources=[
            f"{arn}:experiment/{naming.pipeline(stage, model)}",
            f"{arn}:experiment-trial/*",
            f"{arn}:experiment-trial-component/pipelines-*",
        ],
        because="Trials bear the names of executions, their components those of jobs.",
    )


def _register(stage: Stage, model: str) -> list[Right]:
    """Registering packages that wait for an approval."""
    arn = f"arn:aws:sagemaker:{stage.region}:{stage.account}"
    resources = [f"{arn}:model-package-group/{model}", f"{arn}:model-package/{model}/*"]
    because = "SageMaker numbers the packages of a group."
    return [
        Right(
            actions=["sagemaker:CreateModelPackage"],
            resources=resources,
            conditions={"StringEquals": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}},
            because=because,
        ),
        Right(
            actions=["sagemaker:DescribeModelPackage", "sagemaker:DescribeModelPackageGroup"],
            resources=resources,
            because=because,
        ),
    ]
