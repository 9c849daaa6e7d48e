"""Rights as values: a policy statement with the reason for its wildcards, and those that several roles share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aws_cdk import aws_iam as iam

from env import images, naming
from env.naming import Located
from env.stage import Stage
from infra.rules import acknowledge


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


def read_objects(bucket: str, *, prefixes: Sequence[str]) -> list[Right]:
    """Listing and reading what stands under some prefixes of a bucket."""
    return [
        Right(
            actions=["s3:GetObject"],
            resources=_objects(bucket, prefixes),
            because="Keys below a model's prefix are born at run time.",
        ),
        Right(
            actions=["s3:ListBucket"],
            resources=[f"arn:aws:s3:::{bucket}"],
            conditions={"StringLike": {"s3:prefix": [f"{prefix}/*" for prefix in prefixes]}},
        ),
        Right(actions=["s3:GetBucketLocation"], resources=[f"arn:aws:s3:::{bucket}"]),
    ]


def write_objects(bucket: str, *, prefixes: Sequence[str]) -> Right:
    """Writing under some prefixes of a bucket."""
    return Right(
        actions=["s3:AbortMultipartUpload", "s3:PutObject"],
        resources=_objects(bucket, prefixes),
        because="Keys below a model's prefix are born at run time.",
    )


def use_key(place: Located, *, actions: Iterable[str]) -> Right:
    """Using the key that bears a stage's alias."""
    return Right(
        actions=[f"kms:{action}" for action in actions],
        resources=[f"arn:aws:kms:{place.region}:{place.account}:key/*"],
        conditions={"ForAnyValue:StringEquals": {"kms:ResourceAliases": naming.key_alias(place)}},
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


def pull_images(stage: Stage) -> list[Right]:
    """Pulling the images of the catalogue that AWS offers in the stage's region."""
    offered = (image for image in map(images.get, images.keys()) if stage.region in image.accounts)
    return [
        Right(
            actions=["ecr:GetAuthorizationToken"],
            resources=["*"],
            because="GetAuthorizationToken knows no resources.",
        ),
        Right(
            actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            resources=[
                f"arn:aws:ecr:{stage.region}:{image.accounts[stage.region]}:repository/{image.repository}"
                for image in offered
            ],
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


def _objects(bucket: str, prefixes: Sequence[str]) -> list[str]:
    return [f"arn:aws:s3:::{bucket}/{prefix}/*" for prefix in prefixes]
