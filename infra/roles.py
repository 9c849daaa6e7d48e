"""The two roles of a model in a stage: the one it runs in, and the narrow one in which CloudFormation releases it."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from constructs import Construct

from env import naming
from env.stage import Stage
from infra import masking, model_monitor, rights
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
            assumed_by=rights.service_of(stage, "sagemaker"),
        )
        given = [
            rights.read_objects(naming.artifact_bucket(stage.owner), prefixes=[model]),
            rights.use_key(stage.owner, actions=["Decrypt"]),
            rights.write_objects(naming.capture_bucket(stage), prefixes=[model]),
            rights.use_key(stage, actions=["GenerateDataKey"]),
            rights.write_logs(stage),
            rights.put_metrics(),
            *rights.pull_images(stage),
            *rights.join_network(stage),
            rights.see_alarms(),
            *(masking.read_key(stage) if masking.hashes(stage, model) else []),
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
            *(_scale(stage, model) if stage.models[model].serving.autoscaling else []),
            *model_monitor.deploying(stage, model),
        ]
        rights.give(self, given)


def _replace_resources(stage: Stage, model: str) -> list[Right]:
    """Creating and removing what a release replaces, and updating the endpoint in place."""
    arn = f"arn:aws:sagemaker:{stage.region}:{stage.account}"
    package = rights.packages_arn(stage, model)
    models = rights.named_after(f"{arn}:model", logical_id(stage, model, "Model"))
    configs = rights.named_after(f"{arn}:endpoint-config", logical_id(stage, model, "Config"))
    endpoint = rights.endpoint_arn(stage, model)
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
            because=f"{rights.NAME_ENDS} {rights.PACKAGE_NUMBERS}",
        )
        for actions, resources in resources_of.items()
    ]


def _change_alarms(stage: Stage, model: str) -> Right:
    """Making and removing the alarms of the endpoint and of its fleets."""
    arn = f"arn:aws:cloudwatch:{stage.region}:{stage.account}:alarm"
    config = logical_id(stage, model, "Config")
    verbs = ("DeleteAlarms", "ListTagsForResource", "PutMetricAlarm", "TagResource", "UntagResource")
    return Right(
        actions=[f"cloudwatch:{verb}" for verb in verbs],
        resources=[
            # CloudFormation may know a config by its ARN, where SageMaker lower-cases its name.
            f"{arn}:{config}-*",
            f"{arn}:{config.lower()}-*",
            f"{arn}:{naming.backstop(stage, model)}",
        ],
        because="The alarms of a fleet bear the name of its endpoint config, whose end CloudFormation chooses.",
    )


def _scale(stage: Stage, model: str) -> list[Right]:
    """Registering the endpoint's variant to be scaled, and the policy that scales it.

    Application Auto Scaling asks of its caller what scaling itself needs (Application Auto Scaling User Guide,
    "Identity-based policy examples"): to see and change the variant, and to keep the alarms that the policy follows.
    """
    alarms = f"arn:aws:cloudwatch:{stage.region}:{stage.account}:alarm:TargetTracking-endpoint"
    scaling = ("DeleteScalingPolicy", "DeregisterScalableTarget", "PutScalingPolicy", "RegisterScalableTarget")
    tagging = ("ListTagsForResource", "TagResource", "UntagResource")
    seeing = ("DescribeScalableTargets", "DescribeScalingPolicies", "DescribeScheduledActions")
    return [
        Right(
            actions=[f"application-autoscaling:{verb}" for verb in scaling],
            resources=[f"arn:aws:application-autoscaling:{stage.region}:{stage.account}:scalable-target/*"],
            conditions={"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}},
            because="Application Auto Scaling chooses the ids of its targets.",
        ),
        Right(
            actions=[f"application-autoscaling:{verb}" for verb in tagging],
            resources=[f"arn:aws:application-autoscaling:{stage.region}:{stage.account}:scalable-target/*"],
            because="Application Auto Scaling chooses the ids of its targets.",
        ),
        Right(
            actions=[*(f"application-autoscaling:{verb}" for verb in seeing), "cloudwatch:GetMetricData"],
            resources=["*"],
            because="Describing targets and policies and reading metrics know no resources.",
        ),
        Right(actions=["sagemaker:UpdateEndpointWeightsAndCapacities"], resources=[rights.endpoint_arn(stage, model)]),
        Right(
            actions=["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm"],
            resources=[f"{alarms}/{naming.endpoint(stage, model)}/variant/{naming.VARIANT}-*"],
            because="Application Auto Scaling ends the names of its alarms.",
        ),
    ]
