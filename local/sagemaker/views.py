"""Records as answers show them: under the names that the shape of each answer has for the same thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from botocore.model import Shape, StructureShape

from local.sagemaker.facts import FOUND_AT
from local.sagemaker.kinds import Kind
from local.sagemaker.resources import Record

_TIMES: Final = {
    "CreatedAt": "CreationTime",
    "CreateDate": "CreationTime",
    "LastModifiedAt": "LastModifiedTime",
    "LastUpdatedDate": "LastModifiedTime",
}


def value_at(record: Mapping[str, Any], path: str) -> Any:
    """What a record holds at a path such as `Source.SourceUri`; None where it has nothing."""
    value: Any = record
    for member in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(member)
    return value


def shown(shape: Shape | None, record: Record, kind: Kind) -> Record:
    """The record with what `shape` names otherwise under those names too; the wire leaves out what it does not name."""
    if not isinstance(shape, StructureShape):
        return record
    if set(shape.members) == {kind.name}:  # DescribeWorkteam and its like wrap what others show bare
        return {kind.name: shown(shape.members[kind.name], record, kind)}
    others = {name: value_at(record, place(name, kind)) for name in shape.members if name not in record}
    return {**record, **{name: value for name, value in others.items() if value is not None}}


def place(member: str, kind: Kind) -> str:
    """The path in a record at which stands what an answer or a sort order calls `member`."""
    found = FOUND_AT.get(kind.name, {}).get(member) or _TIMES.get(member)
    if found:
        return found
    if member in ("Name", "MonitoringJobDefinitionName"):  # the latter in the summaries of job definitions
        return kind.name_member
    if member in ("Arn", "MonitoringJobDefinitionArn", f"{kind.name}Arn"):
        return kind.arn_member
    return kind.status_member if member in ("Status", f"{kind.name}Status") else member
