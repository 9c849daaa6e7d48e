"""The rows of a request, whichever type it has."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from werkzeug.wrappers import Response

from pipelines.serving.features import Feature
from pipelines.serving.refusals import CSV, JSON, PayloadError, media_type, refusal

Features = Mapping[str, Feature]

_BYTE_ORDER_MARK = "\ufeff"
"""What some programs write before UTF-8; it would make another category of a text in the first column."""


def rows(body: bytes | str, content_type: str, *, features: Features) -> pd.DataFrame | Response:
    """The rows of a request with ``features`` as columns, or the refusal of the request."""
    parse = _PARSERS.get(media_type(content_type))
    if parse is None:
        return refusal(415, f"Content type {content_type} is not accepted; send {CSV} or {JSON}.")
    try:
        text = body.decode("utf-8") if isinstance(body, bytes) else body
        parsed = parse(text.removeprefix(_BYTE_ORDER_MARK), features)
        found = [_typed(row, features, number) for number, row in enumerate(parsed, start=1)]
    except UnicodeDecodeError:
        return refusal(400, "The payload is not UTF-8 text.")
    except PayloadError as error:
        return refusal(400, str(error))
    if not found:
        return refusal(400, "The payload holds no row.")
    return pd.DataFrame(found, columns=list(features))


def _csv_rows(text: str, features: Features) -> list[dict[str, Any]]:
    try:
        found = [row for row in csv.reader(io.StringIO(text), strict=True) if row]
    except csv.Error as error:
        raise PayloadError(f"The payload is not CSV: {error}.") from error
    for number, row in enumerate(found, start=1):
        if len(row) != len(features):
            raise PayloadError(f"Row {number} has {len(row)} columns; expected {len(features)}: {', '.join(features)}.")
    return [dict(zip(features, row, strict=True)) for row in found]


def _json_rows(text: str, features: Features) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)["instances"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PayloadError('The payload is not JSON of the form {"instances": [{…}, …]}.') from error
    masked = any(feature.masked for feature in features.values())  # then a name may be a value in the wrong place
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise PayloadError("The payload's instances must be a list of objects.")
    for number, row in enumerate(found, start=1):
        wrong = sorted(set(row).symmetric_difference(features))
        if wrong:
            shown = ", ".join(wrong) if not masked else f"{len(wrong)} members"
            raise PayloadError(f"Row {number} misses or adds {shown}; expected {', '.join(features)}.")
    return found


def _typed(row: dict[str, Any], features: Features, number: int) -> dict[str, Any]:
    return {name: feature.value(row[name], where=f"Row {number}: {name}") for name, feature in features.items()}


_PARSERS: Mapping[str, Callable[[str, Features], list[dict[str, Any]]]] = {CSV: _csv_rows, JSON: _json_rows}
