"""Names that CloudFormation makes: of stacks, change sets, events, and of resources whose template gives none."""

from __future__ import annotations

import hashlib
import string
import uuid
from dataclasses import dataclass

_ALPHABET = string.digits + string.ascii_uppercase
_SUFFIX = 12


@dataclass(frozen=True)
class Naming:
    """How a type's generated names look: at most `limit` characters, in which case, with the stack's name or not."""

    limit: int = 64
    lower: bool = False
    with_stack: bool = True


def arn(kind: str, name: str, *, account: str, region: str) -> str:
    """A fresh id of a `stack` or a `changeSet`."""
    return f"arn:aws:cloudformation:{region}:{account}:{kind}/{name}/{uuid.uuid4()}"


def event_id(logical_id: str, status: str) -> str:
    """The id of a resource's event, as AWS composes it."""
    return f"{logical_id}-{status}-{uuid.uuid4()}"


def physical_name(naming: Naming, *, stack_name: str, logical_id: str, seed: str) -> str:
    """A name for a resource without one in its template: stack, logical id and twelve characters made of `seed`."""
    suffix = _suffix(seed)
    room = naming.limit - len(suffix) - 1
    if naming.with_stack:
        of_logical_id = min(len(logical_id), max(room // 2, room - len(stack_name) - 1))
        of_stack = room - of_logical_id - 1
        name = f"{stack_name[:of_stack]}-{logical_id[:of_logical_id]}-{suffix}"
    else:
        name = f"{logical_id[:room]}-{suffix}"
    return name.lower() if naming.lower else name


def _suffix(seed: str) -> str:
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:10])
    letters = []
    for _ in range(_SUFFIX):
        number, rest = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[rest])
    return "".join(letters)
