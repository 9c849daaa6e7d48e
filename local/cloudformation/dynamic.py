"""Dynamic references: `{{resolve:ssm:…}}` and `{{resolve:secretsmanager:…}}`, looked up when a resource is made.

What a stack keeps, compares and shows is the reference and never the secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from local.cloudformation.errors import ResourceFailed
from local.roles import Clients

_REFERENCE: Final = re.compile(r"\{\{resolve:(?P<service>[a-z-]+):(?P<key>[^}]+)\}\}")


def expanded(value: Any, clients: Clients) -> Any:
    """The value with each dynamic reference replaced by what it refers to. Raises ResourceFailed if that is nothing."""
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: _look_up(found, clients), value)
    if isinstance(value, Mapping):
        return {name: expanded(item, clients) for name, item in value.items()}
    if isinstance(value, list):
        return [expanded(item, clients) for item in value]
    return value


def _look_up(found: re.Match[str], clients: Clients) -> str:
    service, key = found["service"], found["key"]
    if service not in _SERVICES:
        raise ResourceFailed(f"The local cloud does not support dynamic references to {service}.")
    try:
        return _SERVICES[service](key, clients)
    except ClientError as error:
        raise ResourceFailed(f"{found[0]}: {error.response['Error'].get('Message', error)}") from error


def _parameter(key: str, clients: Clients) -> str:
    answer = clients.client("ssm").get_parameter(Name=key, WithDecryption=True)
    return str(answer["Parameter"]["Value"])


def _secret(key: str, clients: Clients) -> str:
    # secret-id:SecretString:json-key:version-stage:version-id, where the secret's id may be an ARN with six colons.
    size = 7 if key.startswith("arn:") else 1
    parts = key.split(":")
    secret, rest = ":".join(parts[:size]), [*parts[size:], "", "", "", ""]
    wanted = {"VersionStage": rest[2], "VersionId": rest[3]}
    chosen = {name: value for name, value in wanted.items() if value}
    text = str(clients.client("secretsmanager").get_secret_value(SecretId=secret, **chosen)["SecretString"])
    if not rest[1]:
        return text
    try:
        return str(json.loads(text)[rest[1]])
    except (ValueError, KeyError, TypeError) as error:
        raise ResourceFailed(f"Could not find a value associated with JSONKey in SecretString: {rest[1]}") from error


_SERVICES: Final[Mapping[str, Callable[[str, Clients], str]]] = {
    "secretsmanager": _secret,
    "ssm": _parameter,
    "ssm-secure": _parameter,
}
