"""The properties of a resource that a search may name: what type they have, and what a record holds of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.model import ListShape, MapShape, Shape, StructureShape

from local.errors import ValidationError

Record = Mapping[str, Any]

TEXT: Final = "string"
NUMBERS: Final = ("integer", "long", "float", "double")
_ANY: Final = ""


@dataclass(frozen=True)
class Property:
    """One property: its type in the model (empty when values decide), and the values that a record has of it."""

    name: str
    type_name: str
    values: Callable[[Record], list[Any]]


def property_of(name: str, shape: StructureShape) -> Property:
    """The property of this name. Raises ValidationError for a name that the resource does not have.

    Tags, metrics, hyperparameters and parameters are named by their own keys (API reference, "Filter"), other members
    by their paths; a path goes through the items of a list.
    """
    head, _, rest = name.partition(".")
    keyed = _KEYED.get(head)
    if keyed is not None and rest and head in (*shape.members, "Metrics"):
        return Property(name, keyed[0], lambda record: keyed[1](record, rest))
    type_name = _type_at(shape, name.split("."))
    if type_name is None:
        raise ValidationError(f"Unknown property name: {name}")
    return Property(name, type_name, lambda record: list(_walk(record, name.split("."))))


def names(shape: StructureShape) -> list[str]:
    """The names of all properties that have a value of their own, sorted."""
    return sorted(_leaves(shape, ""))


def _leaves(shape: Shape, path: str) -> Iterator[str]:
    if isinstance(shape, ListShape):
        yield from _leaves(shape.member, path)
    elif isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            yield from _leaves(member, f"{path}.{name}" if path else name)
    else:
        yield path


def _type_at(shape: Shape, path: list[str]) -> str | None:
    if isinstance(shape, ListShape):
        return _type_at(shape.member, path)
    if not path:
        return shape.type_name
    if isinstance(shape, MapShape):
        return _type_at(shape.value, path[1:])
    if isinstance(shape, StructureShape) and path[0] in shape.members:
        return _type_at(shape.members[path[0]], path[1:])
    return None


def _walk(value: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, path)
    elif not path:
        yield value
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _walk(value[path[0]], path[1:])


def _tag(record: Record, key: str) -> list[Any]:
    return [tag["Value"] for tag in record.get("Tags", []) if tag["Key"] == key]


def _metric(record: Record, key: str) -> list[Any]:
    final = [entry["Value"] for entry in record.get("FinalMetricDataList", []) if entry["MetricName"] == key]
    # A trial component has summaries, of which the last value speaks unless another one is named.
    name, _, part = key.rpartition(".")
    summaries = record.get("Metrics", [])
    last = [entry["Last"] for entry in summaries if entry["MetricName"] == key and "Last" in entry]
    named = [entry[part] for entry in summaries if entry["MetricName"] == name and part in entry]
    return final + (last or named)


def _hyperparameter(record: Record, key: str) -> list[Any]:
    held = record.get("HyperParameters", {})
    return [_number_or_text(held[key])] if key in held else []


def _parameter(record: Record, key: str) -> list[Any]:
    held = record.get("Parameters", {})
    if isinstance(held, list):  # a feature's parameters
        return [entry["Value"] for entry in held if entry["Key"] == key]
    entry = held.get(key, {})
    return [value for value in (entry.get("NumberValue"), entry.get("StringValue")) if value is not None]


def _number_or_text(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


_KEYED: Final[Mapping[str, tuple[str, Callable[[Record, str], list[Any]]]]] = {
    "Tags": (TEXT, _tag),
    "Metrics": ("double", _metric),
    "HyperParameters": (_ANY, _hyperparameter),
    "Parameters": (_ANY, _parameter),
}
