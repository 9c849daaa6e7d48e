"""Search expressions: filters, nested filters and expressions within expressions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from botocore.model import StructureShape

from local.errors import ValidationError
from local.sagemaker.search.properties import NUMBERS, TEXT, Property, Record, property_of

Condition = Callable[[Record], bool]
Params = Mapping[str, Any]

_MOST_CONDITIONS: Final = 50
_CONTAINS_OFTEN: Final = ("DisplayName", "ExperimentName", "TrialName", "TrialComponentName", "Tags")
_ARTIFACTS: Final = ("InputArtifacts", "OutputArtifacts")
_ORDERED: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}


def condition(expression: Params, shape: StructureShape) -> Condition:
    """What a record must be to satisfy an expression, for records of `shape`.

    Raises ValidationError for an expression that says nothing or too much, for a property that the resource does not
    have, and for an operator or a value that does not go with its type.
    """
    everything = list(_filters(expression))
    if not everything:
        raise ValidationError("You must specify at least one subexpression, filter, or nested filter.")
    if len(everything) > _MOST_CONDITIONS:
        raise ValidationError(f"A SearchExpression can include at most {_MOST_CONDITIONS} filters.")
    once = [f for f in everything if f.get("Operator") == "Contains" and not _may_repeat(f["Name"])]
    if len(once) > 1:
        raise ValidationError("'CONTAINS' operator usage limit of 1 exceeded.")
    return _expression(expression, shape)


def _expression(expression: Params, shape: StructureShape) -> Condition:
    parts = [_filter(entry, shape) for entry in expression.get("Filters", [])]
    parts += [_nested(entry, shape) for entry in expression.get("NestedFilters", [])]
    parts += [_expression(entry, shape) for entry in expression.get("SubExpressions", [])]
    joined = any if expression.get("Operator") == "Or" else all
    return lambda record: joined(part(record) for part in parts)


def _filters(expression: Params) -> Iterator[Params]:
    yield from expression.get("Filters", [])
    for nested in expression.get("NestedFilters", []):
        yield from nested["Filters"]
    for part in expression.get("SubExpressions", []):
        yield from _filters(part)


def _may_repeat(name: str) -> bool:
    return name.partition(".")[0] in (*_CONTAINS_OFTEN, *_ARTIFACTS)


def _nested(nested: Params, shape: StructureShape) -> Condition:
    """A single item of the list satisfies all filters; each names its member behind the list's name."""
    name = nested["NestedPropertyName"]
    listed = property_of(name, shape)
    conditions = [_filter(entry, shape) for entry in nested["Filters"]]
    for entry in nested["Filters"]:
        if not entry["Name"].startswith(f"{name}."):
            raise ValidationError(f"The filter {entry['Name']} is not of the nested property {name}")
    return lambda record: any(
        all(holds(_as_record(name, item)) for holds in conditions) for item in listed.values(record)
    )


def _as_record(path: str, item: Any) -> Record:
    for member in reversed(path.split(".")):
        item = {member: item}
    return dict(item)


def _filter(entry: Params, shape: StructureShape) -> Condition:
    found, how, wanted = property_of(entry["Name"], shape), entry.get("Operator", "Equals"), entry.get("Value")
    if how in ("Exists", "NotExists"):
        if wanted is not None:
            raise ValidationError(f"Value must not be given with the operator {how}")
        return lambda record: bool(found.values(record)) == (how == "Exists")
    if wanted is None:
        raise ValidationError(f"Value must be given with the operator {how}")
    if how in _ORDERED:
        bound, compare = _bound(found, wanted), _ORDERED[how]
        return lambda record: any(
            isinstance(held, type(bound)) and compare(held, bound) for held in _values(found, record)
        )
    return _equality(found, how, str(wanted))


def _equality(found: Property, how: str, wanted: str) -> Condition:
    if how in ("Contains", "In") and found.type_name not in (TEXT, ""):
        raise ValidationError(f"The operator {how} is only supported for text properties, which {found.name} is not")
    if how == "Contains":
        return lambda record: any(wanted in str(held) for held in found.values(record))
    if how == "In":
        several = [text.strip() for text in wanted.split(",")]
        return lambda record: any(str(held) in several for held in found.values(record))
    value = _read(found, wanted)
    return lambda record: any(_same(held, value) for held in _values(found, record)) == (how == "Equals")


def _bound(found: Property, wanted: str) -> Any:
    if found.type_name in (TEXT, "boolean"):
        raise ValidationError(f"Operators of order are not supported for text properties such as {found.name}")
    value = _read(found, wanted)
    if isinstance(value, str):
        raise ValidationError(f"The value {wanted} of {found.name} must be a number or a time")
    return value


def _values(found: Property, record: Record) -> list[Any]:
    held = found.values(record)
    return [float(value) if isinstance(value, int) and not isinstance(value, bool) else value for value in held]


def _same(held: Any, wanted: Any) -> bool:
    if isinstance(held, bool):
        return str(held).lower() == str(wanted).lower()
    if isinstance(held, str) or isinstance(wanted, str):
        return str(held) == str(wanted)
    return bool(held == wanted)


def _read(found: Property, wanted: str) -> Any:
    try:
        if found.type_name in NUMBERS:
            return float(wanted)
        if found.type_name == "timestamp":
            moment = datetime.fromisoformat(wanted)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError as error:
        raise ValidationError(f"The value {wanted} is not of the type of {found.name}") from error
    if found.type_name == "":  # a hyperparameter or parameter, which may be either
        try:
            return float(wanted)
        except ValueError:
            return wanted
    return wanted
