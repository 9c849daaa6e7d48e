"""Drift: in what the services' resources differ from what a stack's template says of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from botocore.exceptions import ClientError

from local.cloudformation.errors import ResourceFailed
from local.cloudformation.resources import CATALOGUE
from local.cloudformation.resources.provisioner import Request, Schema, gone, tags
from local.errors import UnsupportedLocally

Status = Literal["IN_SYNC", "MODIFIED", "DELETED", "NOT_CHECKED"]


@dataclass(frozen=True)
class Difference:
    """A value that is not as expected; `path` is a JSON pointer into the properties."""

    path: str
    kind: Literal["ADD", "REMOVE", "NOT_EQUAL"]
    expected: Any
    actual: Any


@dataclass(frozen=True)
class Drift:
    """What was found of one resource, and when."""

    logical_id: str
    physical_id: str
    type: str
    status: Status
    at: datetime
    expected: Mapping[str, Any]
    actual: Mapping[str, Any] | None
    differences: tuple[Difference, ...] = ()


def detect(request: Request) -> Drift:
    """Compare a resource with its properties. Raises ResourceFailed when its service fails to tell."""
    provisioner, now = CATALOGUE[request.type], request.services.clock.now()
    expected = {name: value for name, value in request.properties.items() if name not in provisioner.schema.unread}
    found = Drift(request.logical_id, request.physical_id, request.type, "NOT_CHECKED", now, expected, None)
    try:
        told = provisioner.read(request)
    except UnsupportedLocally:
        return found
    except ClientError as error:
        if gone(error):
            return replace(found, status="DELETED")
        raise ResourceFailed(str(error)) from error
    differing = tuple(compared(provisioner.schema, expected, told))
    actual = {name: told[name] for name in expected if name in told}
    return replace(found, status="MODIFIED" if differing else "IN_SYNC", actual=actual, differences=differing)


def compared(schema: Schema, expected: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[Difference]:
    """In what a service's word differs from the properties that a template sets; those it leaves out may be anything.

    Lists are the same in any order, a document is the same as text and as an object, and a scalar as its text.
    """
    for name, wanted in expected.items():
        if name in schema.unread:
            continue
        found = told.get(name)
        if name == "Tags" and schema.tags != "none":
            wanted, found = tags(wanted), {key: value for key, value in tags(found).items() if not _reserved(key)}
            if wanted != found:
                yield Difference("/Tags", "NOT_EQUAL", wanted, found)
        else:
            differing = _differences(f"/{name}", wanted, found)
            yield from (each for each in differing if not _untold(schema, each.path))


def _untold(schema: Schema, path: str) -> bool:
    return any(f"{path}/".startswith(f"/{unread}/") for unread in schema.unread)


def _differences(path: str, wanted: Any, found: Any) -> Iterator[Difference]:
    wanted, found = _document(wanted), _document(found)
    if _empty(wanted) and _empty(found):
        return
    if isinstance(wanted, Mapping) and (found is None or isinstance(found, Mapping)):
        found = found or {}
        known = {name.lower(): item for name, item in found.items()}
        for name, item in wanted.items():
            yield from _differences(f"{path}/{name}", item, known.get(str(name).lower()))
    elif found is None:
        yield Difference(path, "REMOVE", wanted, None)
    elif isinstance(wanted, list) and isinstance(found, list):
        yield from _list_differences(path, wanted, found)
    elif _scalar(wanted) != _scalar(found):
        yield Difference(path, "NOT_EQUAL", wanted, found)


def _list_differences(path: str, wanted: list[Any], found: list[Any]) -> Iterator[Difference]:
    left = list(found)
    for number, item in enumerate(wanted):
        same = next((other for other in left if not list(_differences("", item, other))), None)
        if same is None:
            yield Difference(f"{path}/{number}", "REMOVE", item, None)
        else:
            left.remove(same)
    for item in left:
        yield Difference(f"{path}/{found.index(item)}", "ADD", None, item)


def _document(value: Any) -> Any:
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _scalar(value: Any) -> Any:
    # IAM and others give a list of one as its item.
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bool):
        return str(value).lower()
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def _reserved(key: str) -> bool:
    return key.lower().startswith("aws:")
