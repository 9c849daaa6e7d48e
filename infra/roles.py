"""The two roles of a model in a stage: the one it runs in, and the narrow one in which CloudFormation releases it."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from constructs import Construct

from env import naming
from env.stage import Stage
from infra import rights
from infra.rights import Right
from infra.serving import logical_id


class ServingRole(iam.Role):
    """The execution role of a model: reads what was trained, writes what it is asked and answers."""

    def __init__(self, scope: Construct, *, stage: Stage, model: str) -> None:
        super().__init__(
            scope,
            f"Serving-{model}",
            role_name=naming.serving_role(stage, model),
            description=f"The model {model} while it serves",
            assumed_by=iam.ServicePrincipal(
                "sagemaker.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stage.account}}
            ),
        )
        given = [
            *rights.read_objects(naming.artifact_bucket(stage.owner), prefixes=[model]),
            rights.use_key(stage.owner, actions=["Decrypt", "DescribeKey"]),
            rights.write_objects(naming.capture_bucket(stage), prefixes=[model]),
            rights.use_key(stage, actions=["Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey"]),
            rights.write_logs(stage),
            rights.put_metrics(),
            *rights.pull_images(stage),
            *rights.join_network(stage),
            rights.see_alarms(),
        ]
        rights.give(self, given)


class DeployRole(iam.Role):
    """What CloudFormation may do when a release updates a model's serving stack, and nothing else.

    The rights are those that the handlers of the stack's resource types ask for (AWS CloudFormation registry schemas).
    """

    def __init__(self, scope: Construct, *, stage: Stage, model: str) -> None:
        super().__init__(
            scope,
            f"Deploy-{model}",
            role_name=naming.deploy_role(stage, model),
            description=f"CloudFormation while it releases the model {model}",
            assumed_by=iam.ServicePrincipal("cloudformation.amazonaws.com"),
        )
        serving_role = naming.role_arn(stage, naming.serving_role(stage, model))
        given = [
            *_replace_resources(stage, model),
            _change_alarms(stage, model),
            rights.see_alarms(),
            rights.pass_role(serving_role, service="sagemaker.amazonaws.com"),
            rights.use_key(stage, actions=["DescribeKey"]),
            rights.grant_key(stage),
        ]
        rights.give(self, given)


def _replace_resources(stage: Stage, model: str) -> list[Right]:
    """Creating and removing what a release replaces, and updating the endpoint in place."""
    arn = f"arn:aws:sagemaker:{stage.region}:{stage.account}"
    owner = f"arn:aws:sagemaker:{stage.registry_region}:{stage.registry_account}"
    package = f"{owner}:model-package/{model}/*"
    models = _named_after(f"{arn}:model", logical_id(stage, model, "Model"))
    configs = _named_after(f"{arn}:endpoint-config", logical_id(stage, model, "Config"))
    endpoint = f"{arn}:endpoint/{naming.endpoint(stage, model)}"
    resources_of = {
        ("CreateModel",): [*models, package],
        ("DescribeModelPackage",): [package],
        ("DescribeModel", "DeleteModel"): models,
        ("CreateEndpointConfig",): [*configs, *models],
        ("DescribeEndpointConfig", "DeleteEndpointConfig"): configs,
        ("CreateEndpoint", "UpdateEndpoint"): [endpoint, *configs],
        ("DescribeEndpoint", "DeleteEndpoint"): [endpoint],
        ("AddTags", "DeleteTags", "ListTags"): [*models, *configs, endpoint],
    }
    return [
        Right(
            actions=[f"sagemaker:{action}" for action in actions],
            resources=resources,
            because="CloudFormation ends the names of models and configs, and SageMaker numbers packages.",
        )
        for actions, resources in resources_of.items()
    ]


def _named_after(arn: str, logical_name: str) -> list[str]:
    """CloudFormation names the resource after its logical id; SageMaker lower-cases names in the ARNs that IAM sees."""
    return [f"{arn}/{logical_name.lower()}-*", f"{arn}/{logical_name}-*"]


def _change_alarms(stage: Stage, model: str) -> Right:
    """Making and removing the alarms of the endpoint and of its fleets."""
    arn = f"arn:aws:cloudwatch:{stage.region}:{stage.account}:alarm"
    verbs = ("DeleteAlarms", "ListTagsForResource", "PutMetricAlarm", "TagResource", "UntagResource")
    return Right(
        actions=[f"cloudwatch:{verb}" for verb in verbs],
        resources=[
            f"{arn}:{logical_id(stage, model, 'Config')}-*",
            f"{arn}:{naming.alarm(naming.endpoint(stage, model), 'backstop')}",
        ],
        because="The alarms of a fleet bear the name of its endpoint config, whose end CloudFormation chooses.",
    )
