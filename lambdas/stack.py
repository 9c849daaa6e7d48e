"""A model's serving stack as CloudFormation describes it: whether it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef


def describe(name: str, cloudformation: CloudFormationClient) -> StackTypeDef | None:
    """The stack of a DescribeStacks answer, None when there is no such stack."""
    try:
        return cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        # CloudFormation says "not found" with a ValidationError: "Stack with id … does not exist".
        if "does not exist" in str(error):
            return None
        raise
