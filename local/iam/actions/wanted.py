"""What a request wants of IAM: actions on resources, and what policies may ask about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any, Final, Protocol

import jmespath  # type: ignore[import-untyped] # it has no types

from local.iam.wildcards import Values

if TYPE_CHECKING:
    from local.requests import Asked

ANYTHING: Final = ("*",)
"""The resource of actions that know none."""
Keys = dict[str, Values]
"""Condition keys in lower case, with their values."""

_MEMBER: Final = re.compile(r"\{([^}]*)\}")


@dataclass(frozen=True)
class Wanted:
    """An action on some resources, each of which must be allowed."""

    action: str
    resources: tuple[str, ...] = ANYTHING
    keys: Mapping[str, Values] = field(default_factory=dict)
    """Condition keys of this action alone."""


class Records(Protocol):
    """What must be looked up to name a resource: requests name things by aliases and short names."""

    account: str
    region: str

    def key_arn(self, key: str) -> str | None:
        """The ARN of a key of KMS that is named by id, ARN or alias; None when there is none."""
        ...

    def customers_key(self, named: str | None) -> str | None:
        """The same for a customer's key; None for AWS's own."""
        ...

    def role_arn(self, name: str) -> str:
        """The ARN of a role, with its path; with none when there is no such role."""
        ...

    def user_arn(self, name: str) -> str:
        """The ARN of a user, likewise."""
        ...

    def caller_arn(self, access_key_id: str) -> str:
        """The ARN of the user whose access key it is; of the role for a session's."""
        ...

    def secret_arn(self, name: str) -> str:
        """The ARN of a secret that is named by ARN or name."""
        ...

    def stack_arn(self, name: str) -> str:
        """The ARN of a stack that is named by name, or by a change set of it."""
        ...

    def object_key(self, bucket: str, key: str, version: str | None) -> str | None:
        """The ARN of the customer's key that encrypts an object; None without one."""
        ...

    def default_key(self, bucket: str) -> str | None:
        """The ARN of the customer's key with which a bucket encrypts; None without one."""
        ...

    def table_key(self, table: str) -> str | None:
        """The ARN of the customer's key that encrypts a table."""
        ...

    def queue_key(self, queue: str) -> str | None:
        """The ARN of the customer's key that encrypts a queue."""
        ...

    def topic_key(self, topic: str) -> str | None:
        """The ARN of the customer's key that encrypts a topic."""
        ...

    def secret_key(self, secret: str) -> str | None:
        """The ARN of the customer's key that encrypts a secret, by its ARN."""
        ...

    def parameter_key(self, parameter: str) -> str | None:
        """The ARN of the customer's key that encrypts a parameter, by what follows `parameter/` in its ARN."""
        ...

    def blob_key(self, blob: bytes) -> str | None:
        """The ARN of the key that made a ciphertext of KMS."""
        ...


class Reader(Protocol):
    """Tells what the requests of one service want."""

    def __call__(self, asked: Asked, records: Records) -> list[Wanted]:
        """Every action that must be allowed for the request to pass."""
        ...


def arns(
    template: str, params: Mapping[str, Any], *, place: str, reads: Mapping[str, Callable[[str], str]]
) -> list[str]:
    """The ARNs that a template gives for a request's parameters; none when one of its members is not given.

    A template is an ARN, or what follows `place` in one; `{Member}` stands for a text or each of a list of texts, and
    `{Member=default}` may be left out. A member that holds an ARN is the ARN. `reads` make names of other members.
    """
    names = _members(template)
    values = [list(_values(params.get(name), default, reads.get(name))) for name, default in names]
    if not all(values):
        return []
    whole = template if template.startswith("arn:") else place + template
    return [_filled(whole, chosen) for chosen in product(*values)]


def keys_at(places: Mapping[str, str], params: Mapping[str, Any]) -> Keys:
    """Condition keys with what a request has at the places (JMESPath expressions); none for what it has not."""
    found = {key: texts(jmespath.search(place, params)) for key, place in places.items()}
    return {key: values for key, values in found.items() if values}


def texts(value: Any) -> Values:
    """A value of a request as the values of a condition key."""
    listed = value if isinstance(value, list) else [] if value is None else [value]
    return tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in listed)


def with_key(service: str, actions: Iterable[str], used: str | None, records: Records) -> list[Wanted]:
    """What a service wants of the key that encrypts something, in its caller's name; nothing without one."""
    via: Keys = {"kms:viaservice": (f"{service}.{records.region}.amazonaws.com",)}
    return [Wanted(action, (used,), via) for action in actions] if used else []


@lru_cache(maxsize=1024)
def _members(template: str) -> list[tuple[str, str | None]]:
    found = (member.partition("=") for member in _MEMBER.findall(template))
    return [(name, default if equals else None) for name, equals, default in found]


def _values(value: Any, default: str | None, read: Callable[[str], str] | None) -> Iterator[str]:
    listed = value if isinstance(value, list) else [value]
    for each in listed:
        if each is None or each == "":
            if default is not None:
                yield default
        elif not isinstance(each, dict):
            yield read(str(each)) if read else str(each)


def _filled(template: str, chosen: tuple[str, ...]) -> str:
    whole = next((value for value in reversed(chosen) if value.startswith("arn:")), None)
    if whole is not None:
        return whole
    rest = iter(chosen)
    return _MEMBER.sub(lambda _: next(rest), template)
