"""The filters of List operations, from the names of the members that ask for them."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.model import service
from local.sagemaker.facts import BY_PART, FOUND_AT, NO_FILTERS
from local.sagemaker.kinds import Kind
from local.sagemaker.resources import Record
from local.sagemaker.views import place, value_at

_CONTROLS: Final = frozenset({"NextToken", "MaxResults", "SortBy", "SortOrder"})
_NAMED: Final = re.compile(r"(?P<what>\w+?)(?P<how>Contains|Equals|Prefix|After|Before)")
_TIMES: Final = {"Created": "CreationTime", "ModifiedTime": "LastModifiedTime"}


@dataclass(frozen=True)
class Filter:
    """One member of a List request that keeps some records: how it compares with what a record has at a path."""

    how: str
    path: str

    def keeps(self, record: Record, wanted: Any) -> bool:
        """Whether a record passes. One that has nothing at the path never does."""
        held = value_at(record, self.path)
        if isinstance(held, list):
            return any(_COMPARED[self.how](item, wanted) for item in held)
        return held is not None and _COMPARED[self.how](held, wanted)


# The lower bound of a time is included, the upper is not.
_COMPARED: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "Contains": lambda held, wanted: wanted.lower() in str(held).lower(),
    "Prefix": lambda held, wanted: str(held).startswith(wanted),
    "Equals": lambda held, wanted: bool(held == wanted),
    "After": lambda held, wanted: bool(held >= wanted),
    "Before": lambda held, wanted: bool(held < wanted),
}


@functools.cache
def filter_of(member: str, kind: Kind) -> Filter | None:
    """The filter that a request member of this name is; None for what pages, sorts, or is no filter by its name.

    A bare name, such as `EndpointName`, is one when it is a member of the kind.
    """
    if member in _CONTROLS or member in NO_FILTERS.get(kind.name, ()):
        return None
    named = _NAMED.fullmatch(member)
    if named is None:
        bare = member in _vocabulary(kind) or member in FOUND_AT.get(kind.name, {})
        how = "Contains" if member in BY_PART.get(kind.name, ()) else "Equals"
        return Filter(how, place(member, kind)) if bare or member == "Status" else None
    if member in FOUND_AT.get(kind.name, {}):
        return Filter(named["how"], place(member, kind))
    what = _TIMES.get(named["what"], named["what"])
    return Filter(named["how"], place(what, kind))


@functools.cache
def _vocabulary(kind: Kind) -> frozenset[str]:
    model = service("sagemaker")
    known = [name for name in (f"Create{kind.name}", f"Describe{kind.name}") if name in model.operation_names]
    shapes = [model.operation_model(name) for name in known]
    members = [set(op.input_shape.members) for op in shapes if op.input_shape and op.name.startswith("Create")]
    members += [set(op.output_shape.members) for op in shapes if op.output_shape and op.name.startswith("Describe")]
    return frozenset().union(*members)
