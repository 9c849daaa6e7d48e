"""Lists: filters, order and pages, as the shapes of a List operation describe them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from botocore.model import OperationModel

from local import paging
from local.sagemaker.kinds import Kind
from local.sagemaker.resources import Record

Keep = Callable[[Record], bool]

_DEFAULT_PAGE = 10
_TIME_FILTER = re.compile(r"(?P<what>CreationTime|Created|LastModifiedTime)(?P<side>After|Before)")
_DEFAULT_ORDER = re.compile(r"default is <code>(?P<order>Ascending|Descending)</code>")


def listed(operation: OperationModel, params: dict[str, Any], records: Sequence[Record], *, kind: Kind) -> Record:
    """The answer of a List operation: the page that `params` asks for, of the records that pass its filters."""
    return page(operation, params, ordered(operation, params, [r for r in records if matches(r, params, kind)], kind))


def matches(record: Record, params: dict[str, Any], kind: Kind) -> bool:
    """Whether a record passes the filters on name, time and status."""
    name = str(record[kind.name_member])
    if params.get("NameContains", "").lower() not in name.lower():
        return False
    if "StatusEquals" in params and record.get(kind.status_member) != params["StatusEquals"]:
        return False
    return all(_in_time(record, member, params[member], kind) for member in params if _TIME_FILTER.fullmatch(member))


def ordered(operation: OperationModel, params: dict[str, Any], records: Sequence[Record], kind: Kind) -> list[Record]:
    """Records by SortBy (creation when it is not given) and SortOrder (the model documents each default)."""
    by = {"Name": kind.name_member, "Status": kind.status_member, "CreationTime": kind.creation}
    member = by.get(params.get("SortBy", "CreationTime"), params.get("SortBy", kind.creation))
    order = params.get("SortOrder") or _default_order(operation)
    ascending = sorted(records, key=lambda record: record[member])
    # Reversed as a whole: of two records made in the same instant the later one counts as the newer.
    return ascending[::-1] if order == "Descending" else ascending


def page(operation: OperationModel, params: dict[str, Any], rows: Sequence[Any], *, keep: Keep | None = None) -> Record:
    """One page of rows under the operation's list member, with a NextToken when there are more.

    `keep` filters within the page, as some operations of AWS do: a page may then be empty and still have a token.
    """
    size, token = params.get("MaxResults", _DEFAULT_PAGE), params.get("NextToken")
    shown, following = paging.page(rows, size=size, token=token, code="ValidationException")
    output = operation.output_shape
    assert output is not None, f"{operation.name} lists something"
    member = next(name for name, shape in output.members.items() if shape.type_name == "list")
    return {member: [row for row in shown if keep is None or keep(row)], "NextToken": following}


def _in_time(record: Record, name: str, moment: Any, kind: Kind) -> bool:
    found = _TIME_FILTER.fullmatch(name)
    assert found is not None
    stamp = record["LastModifiedTime" if found["what"] == "LastModifiedTime" else kind.creation]
    return bool(stamp >= moment if found["side"] == "After" else stamp < moment)


def _default_order(operation: OperationModel) -> str:
    shape = operation.input_shape
    documented = shape.members["SortOrder"].documentation if shape is not None and "SortOrder" in shape.members else ""
    found = _DEFAULT_ORDER.search(documented or "")
    return found["order"] if found else "Descending"
