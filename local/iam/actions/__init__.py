"""From a request to what it wants of IAM."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from local.iam.actions.confidential import parameters, secrets
from local.iam.actions.database import database
from local.iam.actions.encryption import encryption
from local.iam.actions.identities import identities, tokens
from local.iam.actions.machine_learning import machine_learning
from local.iam.actions.messages import buses, queues, topics
from local.iam.actions.passing import passed_roles
from local.iam.actions.stacks import stacks
from local.iam.actions.storage import storage
from local.iam.actions.tables import TABLES, Table
from local.iam.actions.tagging import given_tags, tag_keys
from local.iam.actions.wanted import Reader, Records, Wanted
from local.model import service

if TYPE_CHECKING:
    from local.requests import Asked

__all__ = ["Records", "Wanted", "wanted"]

READERS: Final[Mapping[str, Reader]] = {
    **TABLES,
    "cloudformation": stacks,
    "dynamodb": database,
    "events": buses,
    "iam": identities,
    "kms": encryption,
    "s3": storage,
    "sagemaker": machine_learning,
    "sagemaker-featurestore-runtime": machine_learning,
    "sagemaker-metrics": machine_learning,
    "sagemaker-runtime": machine_learning,
    "secretsmanager": secrets,
    "sns": topics,
    "sqs": queues,
    "ssm": parameters,
    "sts": tokens,
}
"""By botocore's name of the service. Requests of others are judged by their action and by the ARNs in them."""
_TAGGED: Final[Mapping[str, str]] = {
    "cloudwatch": "cloudwatch:TagResource",
    "dynamodb": "dynamodb:TagResource",
    "ecr": "ecr:TagResource",
    "events": "events:TagResource",
    "kms": "kms:TagResource",
    "lambda": "lambda:TagResource",
    "logs": "logs:TagResource",
    "sagemaker": "sagemaker:AddTags",
    "scheduler": "scheduler:TagResource",
    "secretsmanager": "secretsmanager:TagResource",
    "sns": "sns:TagResource",
    "sqs": "sqs:TagQueue",
    "ssm": "ssm:AddTagsToResource",
    "stepfunctions": "states:TagResource",
}
"""The action for which a request that creates something with tags must be allowed as well."""
_TAGGED_IN_IAM: Final = ("Role", "User", "Policy", "InstanceProfile", "OpenIDConnectProvider", "SAMLProvider")


def wanted(asked: Asked, records: Records) -> list[Wanted]:
    """Every action that must be allowed for a request to pass, in the order in which they are judged."""
    reader = READERS.get(asked.service) or _reader(asked.service)
    tags = tag_keys(asked.params)
    own = [replace(each, keys={**tags, **each.keys}) if tags else each for each in reader(asked, records)]
    return [*own, *_tagged(asked, own), *passed_roles(asked)]


def _tagged(asked: Asked, own: list[Wanted]) -> Iterator[Wanted]:
    if not asked.operation.startswith(("Create", "Put", "Register")) or not own or not given_tags(asked.params):
        return
    action = _TAGGED.get(asked.service)
    if asked.service == "iam":
        kind = asked.operation.removeprefix("Create")
        action = f"iam:Tag{kind}" if kind in _TAGGED_IN_IAM else None
    if action:
        yield Wanted(action, own[0].resources[:1], own[0].keys)


@functools.cache
def _reader(name: str) -> Table:
    metadata: Any = service(name).metadata
    return Table(
        str(metadata.get("signingName") or metadata["endpointPrefix"]), ("{ResourceArn}", "{resourceArn}", "{Arn}")
    )
