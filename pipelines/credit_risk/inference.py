"""Serves the model: rows of applicants in, the probability that each turns out bad out.

Content types: ``text/csv``, rows of the features without header in the order of ``FEATURES``; ``application/json``,
``{"instances": [{"sex": "female", …}, …]}``. Answers: ``text/csv``, one probability a line; ``application/json``,
``{"predictions": [0.12, …]}``. A payload that cannot be scored is answered by a sentence: 400, 415 for another content
type, 406 for another answer. A score that is no number is answered by a 500: an alarm sees errors, and it sees no NaN.
SageMaker's scikit-learn container turns an exception of these functions into a 500, so a refusal travels through them
as the response it will be.
"""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from werkzeug.wrappers import Response

CSV, JSON = "text/csv", "application/json"
FEATURES = {
    "sex": str,
    "job": float,
    "housing": str,
    "saving_accounts": str,
    "checking_account": str,
    "credit_amount": float,
    "duration": float,
    "purpose": str,
    "age": float,
}


class PayloadError(Exception):
    """The payload cannot be scored; the text is one sentence."""


def model_fn(model_dir: str) -> Any:
    """The trained pipeline in ``model_dir``."""
    return joblib.load(Path(model_dir) / "model.joblib")


def input_fn(body: bytes | str, content_type: str) -> pd.DataFrame | Response:
    """The applicants of a request, one a row with the features as columns, or the refusal of the request."""
    parse = {CSV: _csv_rows, JSON: _json_rows}.get(_media_type(content_type))
    if parse is None:
        return _refusal(415, f"Content type {content_type} is not accepted; send {CSV} or {JSON}.")
    try:
        text = body.decode("utf-8") if isinstance(body, bytes) else body
        rows = [_typed(row, number) for number, row in enumerate(parse(text), start=1)]
    except UnicodeDecodeError:
        return _refusal(400, "The payload is not UTF-8 text.")
    except PayloadError as error:
        return _refusal(400, str(error))
    if not rows:
        return _refusal(400, "The payload holds no applicant.")
    return pd.DataFrame(rows, columns=list(FEATURES))


def predict_fn(rows: pd.DataFrame | Response, model: Any) -> list[float] | Response:
    """For each row the probability, 0 to 1, that the applicant turns out bad; or a refusal, of request or score."""
    if isinstance(rows, Response):
        return rows
    scores = [float(probability) for probability in model.predict_proba(rows)[:, 1]]
    wrong = [number for number, score in enumerate(scores, start=1) if not math.isfinite(score)]
    return _refusal(500, f"The model's score of row {wrong[0]} is no finite number.") if wrong else scores


def output_fn(prediction: list[float] | Response, accept: str) -> tuple[str, str] | Response:
    """The probabilities at full precision as text of the type ``accept`` asks for, with that type; or the refusal."""
    if isinstance(prediction, Response):
        return prediction
    wanted = _media_type(accept or CSV)
    if wanted in (CSV, "*/*"):
        return "".join(f"{value!r}\n" for value in prediction), CSV
    if wanted == JSON:
        return json.dumps({"predictions": prediction}), JSON
    return _refusal(406, f"Answers of type {accept} are not given; accept {CSV} or {JSON}.")


def _csv_rows(text: str) -> list[dict[str, Any]]:
    try:
        rows = [row for row in csv.reader(io.StringIO(text), strict=True) if row]
    except csv.Error as error:
        raise PayloadError(f"The payload is not CSV: {error}.") from error
    for number, row in enumerate(rows, start=1):
        if len(row) != len(FEATURES):
            raise PayloadError(f"Row {number} has {len(row)} columns; expected {len(FEATURES)}: {', '.join(FEATURES)}.")
    return [dict(zip(FEATURES, row, strict=True)) for row in rows]


def _json_rows(text: str) -> list[dict[str, Any]]:
    try:
        rows = json.loads(text)["instances"]
    except (ValueError, KeyError, TypeError) as error:
        raise PayloadError('The payload is not JSON of the form {"instances": [{…}, …]}.') from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise PayloadError("The payload's instances must be a list of objects.")
    for number, row in enumerate(rows, start=1):
        wrong = sorted(set(row).symmetric_difference(FEATURES))
        if wrong:
            raise PayloadError(f"Row {number} misses or adds {', '.join(wrong)}; expected {', '.join(FEATURES)}.")
    return rows


def _typed(row: dict[str, Any], number: int) -> dict[str, Any]:
    return {name: _value(row[name], kind, f"Row {number}: {name}") for name, kind in FEATURES.items()}


def _value(value: Any, kind: type, where: str) -> Any:
    if kind is str:
        if not isinstance(value, str) or not value.strip():
            raise PayloadError(f"{where} is {value!r}; expected a text.")
        return value
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise PayloadError(f"{where} is {value!r}; expected a number.") from error
    if not math.isfinite(number):
        raise PayloadError(f"{where} is {value!r}; expected a finite number.")
    return number


def _media_type(header: str) -> str:
    return header.split(";")[0].strip().lower()


def _refusal(status: int, sentence: str) -> Response:
    return Response(sentence, status=status, mimetype="text/plain")
