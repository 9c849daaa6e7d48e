"""The roles of a model's training: that of its jobs, and the narrow one in which a push updates its pipeline.

They stand in the stack of the registry, so that the stack of a pipeline, which scientists update, holds no rights.
"""

from __future__ import annotations

import json

from aws_cdk import aws_iam as iam
from constructs import Construct

from env import naming
from env.stage import Stage
from env.stage import Training as Settings
from infra import bundle as bundles
from infra import rights, step_rights
from infra.bundle import Bundle
from infra.rights import Right


class TrainingRole(iam.Role):
    """The role of a pipeline and of its jobs: what every pipeline of the kit does, and what its own steps ask for."""

    def __init__(self, scope: Construct, *, stage: Stage, bundle: Bundle, settings: Settings) -> None:
        model = bundle.model
        name, bucket = naming.training_role(stage, model), naming.artifact_bucket(stage)
        super().__init__(
            scope,
            f"Training-{model}",
            role_name=name,
            description=f"Jobs of the pipeline that trains {model}",
            assumed_by=rights.service_of(stage, "sagemaker"),
        )
        # Approving is for people: whatever else the role may be given, this it may not.
        rights.refuse(self, [rights.Refusal(actions=["sagemaker:UpdateModelPackage"])])
        definition = json.loads(bundles.definition(bundle, stage, settings))
        given = [
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
            _keep_experiments(stage, model),
            *step_rights.of(definition, stage, model),
        ]
        rights.give(self, given)


class PushRole(iam.Role):
    """What CloudFormation may do when a push updates a model's training stack: give the pipeline another definition.

    Source: AWS CloudFormation resource type schema of AWS::SageMaker::Pipeline. Tags are left to deployments.
    """

    def __init__(self, scope: Construct, *, stage: Stage, model: str) -> None:
        super().__init__(
            scope,
            f"Push-{model}",
            role_name=naming.push_role(stage, model),
            description=f"CloudFormation while somebody pushes the pipeline that trains {model}",
            assumed_by=iam.ServicePrincipal("cloudformation.amazonaws.com"),
        )
        pipeline = f"arn:aws:sagemaker:{stage.region}:{stage.account}:pipeline/{naming.pipeline(stage, model)}"
        verbs = ("DescribePipeline", "ListTags", "UpdatePipeline")
        given = [
            Right(actions=[f"sagemaker:{verb}" for verb in verbs], resources=[pipeline]),
            rights.pass_role(
                naming.role_arn(stage, naming.training_role(stage, model)), service="sagemaker.amazonaws.com"
            ),
            # A definition that is too large for a template stands among the assets.
            rights.read_objects(naming.artifact_bucket(stage), prefixes=["assets"]),
            rights.use_key(stage, actions=["Decrypt"], via="s3"),
        ]
        rights.give(self, given)


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
