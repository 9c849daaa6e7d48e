"""Rights that AWS's own documents ask for and that no path here uses, each with its source; and those of other stages.

Roles are named by what they are, without their stage.
"""

from __future__ import annotations

from collections.abc import Mapping

_JOBS = "SageMaker Developer Guide, How to use SageMaker AI execution roles: CreateTrainingJob, CreateProcessingJob"
_MODELS = "SageMaker Developer Guide, How to use SageMaker AI execution roles: CreateModel"
_GUARDED = "SageMaker Developer Guide, Auto-Rollback Configuration and Monitoring: who reads the alarms is not said"
_SCHEMAS = "AWS CloudFormation resource type schemas: permissions of the handlers"
_EXPERIMENTS = "SageMaker Developer Guide, Amazon SageMaker Experiments Integration"
_TAGS = "SageMaker Developer Guide, Provide permissions for tagging SageMaker AI resources"
_ELSEWHERE = "SageMaker Developer Guide, Deploy a Model Version from a Different Account"
_VPC = "SageMaker Developer Guide, Give SageMaker AI Access to Resources in your Amazon VPC"

_MLFLOW = "SageMaker Developer Guide, Set up IAM permissions for MLflow"

_BUSES = "Amazon EventBridge User Guide, Sending and receiving events between AWS accounts"

_IMAGES = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
)
_OBSERVED = ("cloudwatch:PutMetricData", "logs:DescribeLogStreams")
_PAGES = (
    "sagemaker-mlflow:AccessUI",
    "sagemaker-mlflow:GetExperiment",
    "sagemaker-mlflow:GetMetricHistory",
    "sagemaker-mlflow:GetRun",
    "sagemaker-mlflow:ListArtifacts",
    "sagemaker-mlflow:SearchExperiments",
)
_NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)

UNUSED: Mapping[str, Mapping[str, str]] = {
    "serving": {**dict.fromkeys((*_IMAGES, *_OBSERVED), _MODELS), "cloudwatch:DescribeAlarms": _GUARDED},
    "deploy": {
        "cloudwatch:ListTagsForResource": _SCHEMAS,
        "cloudwatch:UntagResource": _SCHEMAS,
        "kms:CreateGrant": _SCHEMAS,
        "kms:DescribeKey": _SCHEMAS,
        "sagemaker:DeleteEndpoint": _SCHEMAS,
        "sagemaker:DeleteEndpointConfig": _SCHEMAS,
        "sagemaker:DeleteModel": _SCHEMAS,
        "sagemaker:DeleteTags": _SCHEMAS,
        "sagemaker:DescribeEndpointConfig": _SCHEMAS,
        "sagemaker:DescribeModel": _SCHEMAS,
        "sagemaker:DescribeModelPackage": _ELSEWHERE,
        "sagemaker:ListTags": _SCHEMAS,
    },
    "tracking": dict.fromkeys(("kms:Decrypt", "kms:GenerateDataKey", "s3:GetObject", "s3:PutObject"), _MLFLOW),
    "scientist": dict.fromkeys(_PAGES, _MLFLOW),
    "approver": dict.fromkeys(_PAGES, _MLFLOW),
    "push": {
        "sagemaker:DescribePipeline": _SCHEMAS,
        "sagemaker:ListTags": _SCHEMAS,
    },
    "monitor-job": dict.fromkeys((*_IMAGES, *_OBSERVED, "kms:CreateGrant", "logs:CreateLogGroup"), _JOBS),
    "training": {
        **dict.fromkeys((*_IMAGES, *_OBSERVED, "kms:CreateGrant", "kms:Encrypt"), _JOBS),
        "sagemaker:AddTags": _TAGS,
        "sagemaker:AssociateTrialComponent": _EXPERIMENTS,
        "sagemaker:CreateTrialComponent": _EXPERIMENTS,
        "sagemaker:DescribeTrialComponent": _EXPERIMENTS,
        "sagemaker:UpdateTrialComponent": _EXPERIMENTS,
    },
}
"""Actions by role: nothing here uses them, and AWS says that it does."""

ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "serving": dict.fromkeys(_NETWORK, _VPC),
    "training": dict.fromkeys(_NETWORK, _VPC),
    "monitor-job": dict.fromkeys(_NETWORK, _VPC),
    "forwarding": {"events:PutEvents": _BUSES},
}
"""Actions that the stage on a laptop does not give: others live in networks, and one tells other accounts."""


OF_A_MODEL = ("serving", "deploy", "training", "push", "start")
"""The kinds of roles of which each model has its own."""


def kind(role: str, stage: str) -> str:
    """What a role is: `serving`, `function-release`, `operator`."""
    name = role.removeprefix(f"sluice-{stage}-")
    if name.startswith("Forward"):
        return "forwarding"
    return next((each for each in OF_A_MODEL if name.startswith(f"{each}-")), name)
