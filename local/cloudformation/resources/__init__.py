"""The resource types that a local stack may hold. A new type is one class in the file of its service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from local.cloudformation.resources import iam, kms, s3, sagemaker
from local.cloudformation.resources.provisioner import Provisioner

_SERVICES: Final = (iam, kms, s3, sagemaker)

CATALOGUE: Final[Mapping[str, Provisioner]] = {
    provisioner.schema.type: provisioner for service in _SERVICES for provisioner in service.TYPES
}
"""The provisioners by resource type."""
