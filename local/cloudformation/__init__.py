"""CloudFormation: stacks made of the other services' resources, by templates."""

from local.cloudformation.part import CloudFormation

__all__ = ["CloudFormation"]
