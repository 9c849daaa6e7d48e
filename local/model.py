"""What botocore's service models know: shapes, types, limits and AWS's own wording when a request breaks them."""

from __future__ import annotations

import base64
import functools
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape
from moto.core.model import ServiceModel

from local.errors import AwsError
from local.soundness import NUMBERS, SIZED, fits, sound

_OURS: Final = Path(__file__).parent / "mlflow" / "api"
"""Models in botocore's form of services that botocore has none of."""
_SPECIAL_FLOATS: Final = ("NaN", "Infinity", "-Infinity")
"""How AWS's JSON spells them."""
_NULL: Final = "Value null at '{}' failed to satisfy constraint: Member must not be null"
_BOUNDS: Final = {"integer": 2**31, "long": 2**63}
_CALLED: Final = {
    "structure": "a Structure",
    "list": "a List",
    "map": "a Map",
    "string": "a String",
    "boolean": "a Boolean",
    "integer": "an Integer",
    "long": "a Long",
    "float": "a Float",
    "double": "a Double",
    "timestamp": "a Timestamp",
    "blob": "a Blob",
}
"""How errors call the types."""


@functools.cache
def _loader() -> Loader:
    # One for all: each looks through the folders of four hundred services first. Not that of the clients in process:
    # botocore changes the model of S3 in place when it makes a client.
    return Loader(extra_search_paths=[str(_OURS)])


@functools.cache
def service(name: str) -> ServiceModel:
    """The newest model of a service, by botocore's name for it (`sagemaker`, `cloudwatch`, …).

    It is moto's subclass of botocore's ServiceModel, because moto's serializers want its shapes.
    """
    return ServiceModel(_loader().load_service_model(name, "service-2"), name)


def typed(shape: Shape, value: Any) -> Any:
    """A JSON or CBOR value in Python's types: timestamps are aware datetimes, blobs are bytes.

    Members that are null, or that the shape does not know, are left out, as AWS does it; nulls in lists and maps stay,
    for `validate` to tell. Raises AwsError `SerializationException` where the value is not of the shape's type.
    """
    if isinstance(shape, StructureShape):
        return value if shape.is_document_type else _structure(shape, value)
    if isinstance(shape, ListShape):
        _expect(isinstance(value, list), shape, value)
        return [None if item is None else typed(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        _expect(isinstance(value, dict), shape, value)
        return {k: None if item is None else typed(shape.value, item) for k, item in value.items()}
    return _scalar(shape, value)


def _structure(shape: StructureShape, value: Any) -> dict[str, Any]:
    _expect(isinstance(value, dict), shape, value)
    given = {k: typed(m, value[k]) for k, m in shape.members.items() if value.get(k) is not None}
    if shape.is_tagged_union and len(given) != 1:
        raise AwsError("SerializationException", f"{shape.name} is a union: exactly one of its members must be set")
    return given


def project(shape: Shape, value: Any) -> Any:
    """What `shape` allows of a Python value: members it does not know and Nones are left out. Copies on the way."""
    if isinstance(shape, StructureShape) and not shape.is_document_type:
        return {k: project(m, value[k]) for k, m in shape.members.items() if value.get(k) is not None}
    if isinstance(shape, ListShape):
        return [project(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {k: project(shape.value, item) for k, item in value.items()}
    return value


def jsonable(shape: Shape, value: Any) -> Any:
    """A projected Python value as plain JSON: timestamps are epoch seconds, blobs are base64, NaN is text."""
    if isinstance(shape, StructureShape) and not shape.is_document_type:
        return {k: jsonable(m, value[k]) for k, m in shape.members.items() if k in value}
    if isinstance(shape, ListShape):
        return [jsonable(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {k: jsonable(shape.value, item) for k, item in value.items()}
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    return value


def validate(operation: OperationModel, params: dict[str, Any]) -> None:
    """Check parsed parameters against the model, with the message AWS's front end writes.

    Raises AwsError that lists every broken constraint: `ValidationError` from services of the query protocol and from
    operations that declare it, such as those of SageMaker's runtimes; `ValidationException` from the others.
    """
    if operation.input_shape is None or sound(operation.input_shape)(params):
        return
    broken = list(_broken(operation.input_shape, params, at=""))
    if broken:
        plural = "s" if len(broken) > 1 else ""
        declared = any(shape.name == "ValidationError" for shape in operation.error_shapes)
        query = "query" in operation.service_model.metadata["protocols"]
        code = "ValidationError" if query or declared else "ValidationException"
        raise AwsError(code, f"{len(broken)} validation error{plural} detected: {'; '.join(broken)}")


def _expect(condition: bool, shape: Shape, value: Any) -> None:
    if condition:
        return
    if isinstance(value, dict):
        raise AwsError("SerializationException", "Start of structure or map found where not expected.")
    if isinstance(value, list):
        raise AwsError("SerializationException", "Start of list found where not expected.")
    told = "STRING" if isinstance(value, str) else str(value).upper() if isinstance(value, bool) else "NUMBER"
    raise AwsError("SerializationException", f"{told}_VALUE can not be converted to {_CALLED[shape.type_name]}")


def _scalar(shape: Shape, value: Any) -> Any:
    kind = shape.type_name
    if kind == "timestamp":
        return _timestamp(shape, value)
    if kind == "blob":
        return _blob(shape, value)
    if kind in ("float", "double") and value in _SPECIAL_FLOATS:
        return float(value)
    if kind in NUMBERS:
        return _number(shape, value)
    _expect(isinstance(value, bool if kind == "boolean" else str), shape, value)
    return value


def _number(shape: Shape, value: Any) -> int | float:
    _expect(isinstance(value, int | float) and not isinstance(value, bool), shape, value)
    if shape.type_name in ("float", "double"):
        return float(value)
    # A whole number is one however it is written.
    _expect(isinstance(value, int) or value.is_integer(), shape, value)
    _expect(abs(int(value)) < _BOUNDS[shape.type_name], shape, value)
    return int(value)


def _timestamp(shape: Shape, value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        _expect(isinstance(value, str), shape, value)
        moment = datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError) as error:  # the last two for years that no calendar has
        raise AwsError("SerializationException", f"{value!r} is not a timestamp") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _blob(shape: Shape, value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    _expect(isinstance(value, str), shape, value)
    try:
        return base64.b64decode(value, validate=True)
    except ValueError as error:
        raise AwsError("SerializationException", "a blob is not valid base64") from error


def _broken(shape: Shape, value: Any, *, at: str) -> Iterator[str]:
    if value is None:
        yield _NULL.format(at)
        return
    yield from _broken_limits(shape, value, at=at)
    if isinstance(shape, StructureShape):
        missing = (name for name in shape.required_members if name not in value)
        yield from (_NULL.format(_below(at, name)) for name in missing)
    for part, item, place in _parts(shape, value, at=at):
        yield from _broken(part, item, at=place)


def _parts(shape: Shape, value: Any, *, at: str) -> Iterator[tuple[Shape, Any, str]]:
    if isinstance(shape, StructureShape):
        yield from ((shape.members[k], item, _below(at, k)) for k, item in value.items() if k in shape.members)
    elif isinstance(shape, ListShape):
        yield from ((shape.member, item, f"{at}.{number}.member") for number, item in enumerate(value, 1))
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield shape.key, key, f"{at}.{key}.key"
            yield shape.value, item, f"{at}.{key}.value"


def _broken_limits(shape: Shape, value: Any, *, at: str) -> Iterator[str]:
    limits, kind = shape.metadata, shape.type_name
    size, noun = (len(value), "length") if kind in SIZED else (value, "value")
    shown = f"[{len(value)} items]" if kind in ("list", "map", "structure", "blob") else value
    prefix = f"Value '{shown}' at '{at}' failed to satisfy constraint: Member must"
    if kind in (*SIZED, *NUMBERS):
        if "min" in limits and size < limits["min"]:
            yield f"{prefix} have {noun} greater than or equal to {limits['min']}"
        if "max" in limits and size > limits["max"]:
            yield f"{prefix} have {noun} less than or equal to {limits['max']}"
    if isinstance(shape, StringShape):
        if shape.enum and value not in shape.enum:
            yield f"{prefix} satisfy enum value set: [{', '.join(shape.enum)}]"
        pattern = limits.get("pattern")
        if pattern and not fits(pattern, value):
            yield f"{prefix} satisfy regular expression pattern: {pattern}"


def _below(at: str, member: str) -> str:
    name = member[0].lower() + member[1:]
    return f"{at}.{name}" if at else name
