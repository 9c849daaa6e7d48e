"""The resource types that a local stack may hold. A new type is one class in the file of its service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from local.cloudformation.resources import (
    autoscaling,
    cloudwatch,
    dynamodb,
    ecr,
    events,
    functions,
    iam,
    inert,
    kms,
    logs,
    s3,
    sagemaker,
    scheduler,
    sns,
    sqs,
    ssm,
)
from local.cloudformation.resources.provisioner import Provisioner

_SERVICES: Final = (
    autoscaling,
    cloudwatch,
    dynamodb,
    ecr,
    events,
    functions,
    iam,
    inert,
    kms,
    logs,
    s3,
    sagemaker,
    scheduler,
    sns,
    sqs,
    ssm,
)

CATALOGUE: Final[Mapping[str, Provisioner]] = {
    provisioner.schema.type: provisioner for service in _SERVICES for provisioner in service.TYPES
}
"""The provisioners by resource type."""
