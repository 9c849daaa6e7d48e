"""CloudFormation: stacks made of the other services' resources, by templates."""

from local.cloudformation.part import CloudFormation
from local.cloudformation.resources.provisioner import Rollbacks

__all__ = ["CloudFormation", "Rollbacks"]
