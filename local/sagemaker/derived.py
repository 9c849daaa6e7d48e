"""The kinds of resources that botocore's model of SageMaker knows, derived from its operations."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any, Final

from botocore.model import OperationModel, Shape

from local.model import service
from local.sagemaker.facts import ARN_TYPES, FACTS
from local.sagemaker.kinds import WRITTEN, Kind

_ARN_TYPE: Final = re.compile(r"[\])}]:(?P<type>[a-z][a-z-]+)(\\?/|/\?)")
_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TAKEN: Final = ("ResourceInUse", "ResourceAlreadyExists", "ConflictException")
_SETTLED: Final = ("InService", "Active", "Created", "CREATED", "Scheduled", "Available")


@functools.cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name: those written by hand, and the derived ones."""
    written = {kind.name: kind for kind in WRITTEN}
    return {**{name: derived(name) for name in names() if name not in written}, **written}


def names() -> list[str]:
    """The names of the kinds that the model creates and describes."""
    known = frozenset(service("sagemaker").operation_names)
    created = sorted(name.removeprefix("Create") for name in known if name.startswith("Create"))
    return [name for name in created if f"Describe{name}" in known]


def derived(name: str) -> Kind:
    """The kind of this name, from the operations that create and describe it and from what FACTS says of it.

    The codes are the errors that the operations declare, and ValidationException where they declare none.
    """
    model = service("sagemaker")
    create, describe = model.operation_model(f"Create{name}"), model.operation_model(f"Describe{name}")
    words = _WORDS.sub(" ", name)
    fields: dict[str, Any] = {
        "arn_type": ARN_TYPES.get(name) or _arn_type(create) or words.replace(" ", "-").lower(),
        "missing": f"{words} {{arn}} does not exist.",
        "exists": f"{words} {{arn}} already exists.",
        "missing_code": _declared(describe, ("ResourceNotFound",)),
        "exists_code": _declared(create, _TAKEN),
        **_members(name, create, describe),
    }
    return Kind(name, **{**fields, **FACTS.get(name, {})})


def _members(name: str, create: OperationModel, describe: OperationModel) -> dict[str, Any]:
    given, shown = _shapes(create.input_shape), _shapes(describe.output_shape)
    path = tuple(describe.input_shape.required_members) if describe.input_shape is not None else ()
    stem = name.removesuffix("V2")
    called = [member for member in (f"{stem}Name", "Name", *path, *given) if member in given]
    arns = [member for member in (*_shapes(create.output_shape), *shown) if member.endswith("Arn")]
    statuses = [member for member, shape in shown.items() if member.endswith("Status") and getattr(shape, "enum", None)]
    return {
        "name_member": called[0] if called else "",
        "arn_member": arns[0] if arns else "",
        "status_member": statuses[0] if statuses else "",
        "path": path,
        "settled": _settled(shown[statuses[0]]) if statuses and statuses[0] not in given else "",
    }


def _settled(status: Shape) -> str:
    known = getattr(status, "enum", [])
    return next((value for value in _SETTLED if value in known), "")


def _shapes(shape: Any) -> Mapping[str, Shape]:
    return shape.members if shape is not None else {}


def _arn_type(create: OperationModel) -> str:
    for member, shape in _shapes(create.output_shape).items():
        found = _ARN_TYPE.search(shape.metadata.get("pattern", "")) if member.endswith("Arn") else None
        if found:
            return found["type"]
    return ""


def _declared(operation: OperationModel, codes: tuple[str, ...]) -> str:
    declared = {error.name for error in operation.error_shapes}
    return next((code for code in codes if code in declared), "ValidationException")
