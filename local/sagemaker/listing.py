"""Lists: filters, order and pages, as the shapes of a List operation describe them."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

from botocore.model import ListShape, OperationModel

from local import paging
from local.sagemaker.facts import NOTHING_IS
from local.sagemaker.filters import filter_of
from local.sagemaker.kinds import Kind
from local.sagemaker.resources import Record
from local.sagemaker.views import place, shown, value_at

Keep = Callable[[Record], bool]

_DEFAULT_PAGE = 10
_MARKUP = re.compile(r"<[^>]+>")
_DEFAULT = re.compile(r"[^.]*default[^.]*")
_ORDERS = {"ascending": "Ascending", "descending": "Descending"}


def listed(operation: OperationModel, params: dict[str, Any], records: Sequence[Record], *, kind: Kind) -> Record:
    """The answer of a List operation: the page that `params` asks for, of the records that pass its filters."""
    answer = page(operation, params, ordered(operation, params, [r for r in records if matches(r, params, kind)], kind))
    member, shape = _rows(operation)
    answer[member] = [shown(shape.member, record, kind) for record in answer[member]]
    return answer


def matches(record: Record, params: dict[str, Any], kind: Kind) -> bool:
    """Whether a record passes every filter among `params`: on name, time, status and members of its own."""
    for member, wanted in params.items():
        if NOTHING_IS.get(member) == wanted:
            return False
        found = filter_of(member, kind)
        if found is not None and not found.keeps(record, wanted):
            return False
    return True


def ordered(operation: OperationModel, params: dict[str, Any], records: Sequence[Record], kind: Kind) -> list[Record]:
    """Records by SortBy and SortOrder; the model documents what holds where one is not given."""
    by = params.get("SortBy") or _default_sort(operation)
    order = params.get("SortOrder") or _default_order(operation)
    path = place(_camel(by), kind)

    def key(record: Record) -> tuple[bool, Any]:
        value = value_at(record, path)
        return value is not None, value

    ascending = sorted(records, key=key)
    # Reversed as a whole: of two records made in the same instant the later one counts as the newer.
    return ascending[::-1] if order.lower() == "descending" else ascending


def page(operation: OperationModel, params: dict[str, Any], rows: Sequence[Any], *, keep: Keep | None = None) -> Record:
    """One page of rows under the operation's list member, with a NextToken when there are more.

    `keep` filters within the page, as some operations of AWS do: a page may then be empty and still have a token.
    """
    size, token = params.get("MaxResults") or _default_page(operation), params.get("NextToken")
    shown, following = paging.page(rows, size=size, token=token, code="ValidationException")
    return {_rows(operation)[0]: [row for row in shown if keep is None or keep(row)], "NextToken": following}


def _rows(operation: OperationModel) -> tuple[str, ListShape]:
    output = operation.output_shape
    assert output is not None, f"{operation.name} lists something"
    return next((name, shape) for name, shape in output.members.items() if isinstance(shape, ListShape))


def _camel(name: str) -> str:
    """CREATION_TIME as CreationTime; most operations say the latter."""
    return "".join(word.capitalize() for word in name.split("_")) if name.isupper() else name


@functools.cache
def _default_order(operation: OperationModel) -> str:
    words = re.findall(r"\w+", _documented_default(operation, "SortOrder").lower())
    return next((_ORDERS[word] for word in words if word in _ORDERS), "Descending")


@functools.cache
def _default_sort(operation: OperationModel) -> str:
    shape = operation.input_shape
    known = getattr(shape.members["SortBy"], "enum", []) if shape is not None and "SortBy" in shape.members else []
    words = re.findall(r"\w+", _documented_default(operation, "SortBy"))
    return next((word for word in words if word in known), "CreationTime")


@functools.cache
def _default_page(operation: OperationModel) -> int:
    found = re.search(r"\d+", _documented_default(operation, "MaxResults"))
    return int(found[0]) if found else _DEFAULT_PAGE


def _documented_default(operation: OperationModel, member: str) -> str:
    """The sentence of the model's documentation of a member that says a default; empty where none does."""
    shape = operation.input_shape
    documented = shape.members[member].documentation if shape is not None and member in shape.members else ""
    found = _DEFAULT.search(_MARKUP.sub("", documented or ""))
    return found[0] if found else ""
