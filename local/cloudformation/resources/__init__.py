"""The resource types that a local stack may hold. A new type is one class in the file of its service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from local.cloudformation.resources import (
    autoscaling,
    cloudwatch,
    custom,
    dynamodb,
    ecr,
    events,
    functions,
    iam,
    inert,
    kms,
    logs,
    nested,
    s3,
    sagemaker,
    sagemaker_plain,
    scheduler,
    secrets,
    sns,
    sqs,
    ssm,
    states,
    users,
    versions,
)
from local.cloudformation.resources.provisioner import Provisioner

_SERVICES: Final = (
    autoscaling,
    cloudwatch,
    custom,
    dynamodb,
    ecr,
    events,
    functions,
    iam,
    inert,
    kms,
    logs,
    nested,
    s3,
    sagemaker,
    sagemaker_plain,
    scheduler,
    secrets,
    sns,
    sqs,
    ssm,
    states,
    users,
    versions,
)

_CUSTOM: Final = custom.CustomResource()


class Catalogue(Mapping[str, Provisioner]):
    """The provisioners by resource type; one of them has every type that begins with `Custom::`."""

    def __init__(self, listed: Mapping[str, Provisioner]) -> None:
        self._listed = listed

    def __getitem__(self, kind: str) -> Provisioner:
        return _CUSTOM if kind.startswith("Custom::") else self._listed[kind]

    def __contains__(self, kind: object) -> bool:
        return isinstance(kind, str) and (kind.startswith("Custom::") or kind in self._listed)

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


CATALOGUE: Final = Catalogue(
    {provisioner.schema.type: provisioner for service in _SERVICES for provisioner in service.TYPES}
)
"""The provisioners by resource type."""
