"""Lists: filters, order and pages, as the shapes of a List operation describe them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
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
    """Whether a record passes the filters on name, time and values (`StatusEquals` and its like)."""
    if params.get("NameContains", "").lower() not in str(record[kind.name_member]).lower():
        return False
    for member, wanted in params.items():
        time = _TIME_FILTER.fullmatch(member)
        if time is not None and not _in_time(record, time, wanted):
            return False
        if member.endswith("Equals"):
            named = kind.status_member if member == "StatusEquals" else member.removesuffix("Equals")
            if record.get(named) != wanted:
                return False
    return True


def ordered(operation: OperationModel, params: dict[str, Any], records: Sequence[Record], kind: Kind) -> list[Record]:
    """Records by SortBy (creation when it is not given) and SortOrder (the model documents each default)."""
    by = params.get("SortBy", "CreationTime")
    member = {"Name": kind.name_member, "Status": kind.status_member}.get(by, by)
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


def _in_time(record: Record, found: re.Match[str], moment: datetime) -> bool:
    stamp: datetime = record["LastModifiedTime" if found["what"] == "LastModifiedTime" else "CreationTime"]
    return stamp >= moment if found["side"] == "After" else stamp < moment


def _default_order(operation: OperationModel) -> str:
    shape = operation.input_shape
    documented = shape.members["SortOrder"].documentation if shape is not None and "SortOrder" in shape.members else ""
    found = _DEFAULT_ORDER.search(documented or "")
    return found["order"] if found else "Descending"
