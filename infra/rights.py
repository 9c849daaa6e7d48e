"""Rights as values: a policy statement with the reason for its wildcards, and those that several roles share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from aws_cdk import aws_iam as iam

from env import images, naming
from env.naming import Located
from env.stage import Stage
from infra.rules import acknowledge
from lambdas.checks import SHA256

PACKAGE_NUMBERS = "SageMaker numbers the packages of a group."
KEYS = "Keys below a model's prefix are born at run time."
NAME_ENDS = "CloudFormation ends the names of models, configs and what bears their names."
STACK_IDS = "The ARN of a stack ends in an id that CloudFormation chooses."


@dataclass(frozen=True, kw_only=True)
class Right:
    """What a role may do, on what, and if there is a wildcard among its resources, why it must be one."""

    actions: Sequence[str]
    resources: Sequence[str]
    conditions: Mapping[str, Any] = field(default_factory=dict)
    because: str = ""

    def statement(self) -> iam.PolicyStatement:
        """The statement of an IAM policy that gives the right."""
        return iam.PolicyStatement(
            actions=list(self.actions), resources=list(self.resources), conditions=dict(self.conditions) or None
        )


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What a role may not do, whatever else it may be given."""

    actions: Sequence[str]
    resources: Sequence[str] = ("*",)
    conditions: Mapping[str, Any] = field(default_factory=dict)

    def statement(self) -> iam.PolicyStatement:
        """The statement of an IAM policy that denies it."""
        return iam.PolicyStatement(
            effect=iam.Effect.DENY,
            actions=list(self.actions),
            resources=list(self.resources),
            conditions=dict(self.conditions) or None,
        )


def refuse(role: iam.Role, refusals: Iterable[Refusal]) -> None:
    """Take rights from a role for good."""
    for refusal in refusals:
        role.add_to_policy(refusal.statement())


def service_of(stage: Stage, name: str) -> iam.ServicePrincipal:
    """A service of AWS's, such as ``sagemaker``, while it works for the stage's account and for no other."""
    return iam.ServicePrincipal(
        f"{name}.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stage.account}}
    )


def give(role: iam.Role, rights: Iterable[Right]) -> None:
    """Give rights to a role, and answer for their wildcards with the reasons that they bring."""
    reasons: dict[str, list[str]] = defaultdict(list)
    for right in rights:
        role.add_to_policy(right.statement())
        for resource in right.resources:
            if "*" in resource and right.because not in reasons[resource]:
                reasons[resource].append(right.because)
    for resource, because in reasons.items():
        acknowledge(role, f"IAM5[Resource::{resource}]", reason=" ".join(because))


def read_objects(bucket: str, *, prefixes: Sequence[str]) -> Right:
    """Reading what stands under some prefixes of a bucket."""
    return Right(actions=["s3:GetObject"], resources=_objects(bucket, prefixes), because=KEYS)


def list_objects(bucket: str, *, prefixes: Sequence[str]) -> Right:
    """Listing what stands under some prefixes of a bucket."""
    return Right(
        actions=["s3:ListBucket"],
        resources=[f"arn:aws:s3:::{bucket}"],
        conditions={"StringLike": {"s3:prefix": [f"{prefix}/*" for prefix in prefixes]}},
    )


def write_objects(
    bucket: str,
    *,
    prefixes: Sequence[str],
    more: Sequence[str] = (),
    conditions: Mapping[str, Any] = MappingProxyType({}),
) -> Right:
    """Writing under some prefixes of a bucket, and `more` actions there."""
    objects = _objects(bucket, prefixes)
    return Right(actions=["s3:PutObject", *more], resources=objects, conditions=conditions, because=KEYS)


def use_key(place: Located, *, actions: Iterable[str], via: str = "") -> Right:
    """Using the key that bears a stage's alias; with `via` only as a service such as `s3` uses it for whoever asks."""
    conditions: dict[str, Any] = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": naming.key_alias(place)}}
    if via:
        conditions["StringEquals"] = {"kms:ViaService": f"{via}.{place.region}.amazonaws.com"}
    return Right(
        actions=[f"kms:{action}" for action in actions],
        resources=[f"arn:aws:kms:{place.region}:{place.account}:key/*"],
        conditions=conditions,
        because="IAM takes no alias as a resource; the condition admits only the key that bears it.",
    )


def grant_key(place: Located) -> Right:
    """Letting AWS services use the key that bears a stage's alias, for the encrypted volumes of instances."""
    right = use_key(place, actions=["CreateGrant"])
    conditions = {**right.conditions, "Bool": {"kms:GrantIsForAWSResource": "true"}}
    return Right(actions=right.actions, resources=right.resources, conditions=conditions, because=right.because)


def write_logs(stage: Stage) -> Right:
    """Writing the logs of jobs and models."""
    return Right(
        actions=["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        resources=[f"arn:aws:logs:{stage.region}:{stage.account}:log-group:/aws/sagemaker/*"],
        because="SageMaker chooses the names of log groups and streams.",
    )


def put_metrics() -> Right:
    """Putting the metrics of jobs and models."""
    return Right(
        actions=["cloudwatch:PutMetricData"],
        resources=["*"],
        conditions={"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}},
        because="PutMetricData knows no resources; the condition names the namespace.",
    )


def put_metrics_of_ours(*namespaces: str) -> Right:
    """Putting metrics of our own, into some namespaces alone."""
    named: str | list[str] = namespaces[0] if len(namespaces) == 1 else list(namespaces)
    return Right(
        actions=["cloudwatch:PutMetricData"],
        resources=["*"],
        conditions={"StringEquals": {"cloudwatch:namespace": named}},
        because="PutMetricData knows no resources; the condition names the namespace.",
    )


def pull_images(stage: Stage) -> list[Right]:
    """Pulling the images of the catalogue that AWS offers in the stage's region, and the stage's own.

    Those of its own services, AWS pulls itself.
    """
    known = (image for image in map(images.get, images.keys()) if not image.program)
    offered = (image for image in known if stage.region in image.accounts)
    repositories = {
        f"arn:aws:ecr:{stage.region}:{image.accounts[stage.region]}:repository/{image.repository}" for image in offered
    }
    for image in stage.images.values():
        account, _, _, region = image.uri.split(".")[:4]
        repositories.add(f"arn:aws:ecr:{region}:{account}:repository/{image.uri.partition('/')[2].rpartition(':')[0]}")
    return [
        Right(
            actions=["ecr:GetAuthorizationToken"],
            resources=["*"],
            because="GetAuthorizationToken knows no resources.",
        ),
        Right(
            actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            resources=sorted(repositories),
        ),
    ]


def join_network(stage: Stage) -> list[Right]:
    """Placing jobs and models into the stage's network; nothing for a stage without one.

    Source: SageMaker Developer Guide, "Give SageMaker AI Access to Resources in your Amazon VPC".
    """
    if stage.network is None:
        return []
    ec2 = f"arn:aws:ec2:{stage.region}:{stage.account}"
    interfaces = f"{ec2}:network-interface/*"
    places = [f"{ec2}:subnet/{subnet}" for subnet in stage.network.subnets]
    places += [f"{ec2}:security-group/{group}" for group in stage.network.security_groups]
    seen = ("DhcpOptions", "NetworkInterfaces", "SecurityGroups", "Subnets", "Vpcs")
    owned = ("CreateNetworkInterfacePermission", "DeleteNetworkInterface", "DeleteNetworkInterfacePermission")
    unnamed = "EC2 chooses the ids of network interfaces."
    return [
        Right(
            actions=[f"ec2:Describe{kind}" for kind in seen],
            resources=["*"],
            because="The Describe calls of EC2 know no resources.",
        ),
        Right(actions=["ec2:CreateNetworkInterface"], resources=[*places, interfaces], because=unnamed),
        Right(actions=[f"ec2:{action}" for action in owned], resources=[interfaces], because=unnamed),
    ]


def read_packages(stage: Stage, model: str) -> Right:
    """Reading a model's packages in the registry, whoever's account owns it."""
    return Right(
        actions=["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"],
        resources=[f"{registry_arn(stage)}:model-package-group/{model}", packages_arn(stage, model)],
        because=PACKAGE_NUMBERS,
    )


def describe_package(stage: Stage, model: str) -> Right:
    """Reading a version of a model that is known by its number."""
    return Right(
        actions=["sagemaker:DescribeModelPackage"],
        resources=[packages_arn(stage, model)],
        because=PACKAGE_NUMBERS,
    )


def never_rehash() -> list[Refusal]:
    """The hash that vouches for a package's artefact is registered with it, and is nobody's to write or remove later.

    Source: Service Authorization Reference, "Condition keys for Amazon SageMaker".
    """
    written = {"Null": {f"sagemaker:CustomerMetadataProperties/{SHA256}": "false"}}
    removed = {"ForAnyValue:StringEquals": {"sagemaker:CustomerMetadataPropertiesToRemove": [SHA256]}}
    return [
        Refusal(actions=["sagemaker:UpdateModelPackage"], conditions=conditions) for conditions in (written, removed)
    ]


def read_stack(stage: Stage, model: str, *, calls: Iterable[str]) -> Right:
    """Seeing what CloudFormation says of a model's serving stack."""
    return Right(
        actions=[f"cloudformation:{call}" for call in calls], resources=[stack_arn(stage, model)], because=STACK_IDS
    )


def ask(stage: Stage, *verbs: naming.Verb) -> Right:
    """Invoking some of the stage's Lambdas."""
    return Right(actions=["lambda:InvokeFunction"], resources=[naming.function_arn(stage, verb) for verb in verbs])


def bury(stage: Stage) -> Right:
    """Leaving what could not be delivered in the queue of dead letters."""
    queue = f"arn:aws:sqs:{stage.region}:{stage.account}:{naming.dead_letter_queue(stage)}"
    return Right(actions=["sqs:SendMessage"], resources=[queue])


def stack_arn(stage: Stage, model: str, *, capability: naming.Capability = "serving") -> str:
    """The ARN of a model's serving stack, or of another one."""
    return f"arn:aws:cloudformation:{stage.region}:{stage.account}:stack/{naming.stack(stage, capability, model)}/*"


def registry_stack_arn(stage: Stage) -> str:
    """The ARN of the stack with the registry and the roles of training."""
    return f"arn:aws:cloudformation:{stage.region}:{stage.account}:stack/{naming.stack(stage, 'registry')}/*"


def registry_arn(stage: Stage) -> str:
    """What the ARNs of the registry's groups and packages begin with."""
    return f"arn:aws:sagemaker:{stage.registry_region}:{stage.registry_account}"


def packages_arn(stage: Stage, model: str) -> str:
    """The ARN of a model's packages."""
    return f"{registry_arn(stage)}:model-package/{model}/*"


def endpoint_arn(stage: Stage, model: str) -> str:
    """The ARN of a model's endpoint."""
    return f"arn:aws:sagemaker:{stage.region}:{stage.account}:endpoint/{naming.endpoint(stage, model)}"


def named_after(arn: str, logical_name: str) -> list[str]:
    """CloudFormation names the resource after its logical id; SageMaker lower-cases names in the ARNs that IAM sees."""
    return [f"{arn}/{logical_name.lower()}-*", f"{arn}/{logical_name}-*"]


def pass_role(arn: str, *, service: str) -> Right:
    """Passing one role to one AWS service."""
    return Right(
        actions=["iam:PassRole"], resources=[arn], conditions={"StringEquals": {"iam:PassedToService": service}}
    )


def see_alarms() -> Right:
    """Reading alarms, as SageMaker does while a fleet bakes.

    In which role it does that is not documented: the model's and CloudFormation's both may.
    """
    return Right(
        actions=["cloudwatch:DescribeAlarms"],
        resources=["*"],
        because="DescribeAlarms lists, whatever it is asked for.",
    )


def read_alarm_history() -> Right:
    """Reading when alarms rang."""
    return Right(
        actions=["cloudwatch:DescribeAlarmHistory"],
        resources=["*"],
        because="The history of a deleted alarm is found among that of all.",
    )


def see_dashboards(stage: Stage) -> list[Right]:
    """Looking at the stage's dashboards, and finding the metrics that their graphs search for.

    Source: CloudWatch User Guide, "Permissions required to use the CloudWatch console".
    """
    names = [naming.dashboard(stage), *(naming.dashboard(stage, model) for model in stage.models)]
    return [
        Right(
            actions=["cloudwatch:GetDashboard"],
            resources=[f"arn:aws:cloudwatch::{stage.account}:dashboard/{name}" for name in names],
        ),
        Right(
            actions=["cloudwatch:ListDashboards", "cloudwatch:ListMetrics"],
            resources=["*"],
            because="Listing knows no resources.",
        ),
    ]


def read_metrics() -> Right:
    """Reading metrics."""
    return Right(
        actions=["cloudwatch:GetMetricData"],
        resources=["*"],
        because="GetMetricData knows no resources.",
    )


def _objects(bucket: str, prefixes: Sequence[str]) -> list[str]:
    return [f"arn:aws:s3:::{bucket}/{prefix}/*" for prefix in prefixes]
