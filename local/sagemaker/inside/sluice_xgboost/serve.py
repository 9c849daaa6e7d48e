"""Serves as AWS's XGBoost container does: models that it trained by itself, and the defaults of script mode."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any, NamedTuple

import numpy
import xgboost

from .data import RefusedError, request

DEFAULT_ACCEPT = "text/csv"
DEFAULT_CONTENT_TYPE = "text/libsvm"


class Response(NamedTuple):
    """An answer with a status of its own, in the form of Flask's."""

    status_code: int
    headers: dict[str, str]
    body: bytes

    def get_data(self) -> bytes:
        """The body."""
        return self.body


class BadRequestError(RefusedError):
    """The model cannot make anything of the rows."""

    status_code = 400


class NotAcceptableError(RefusedError):
    """The answer cannot be written as it is asked for."""

    status_code = 406


def model_fn(model_dir: str) -> Any:
    """The booster, whichever of its two forms the file has: XGBoost's own, or Python's pickle of older versions."""
    file = next(path for path in sorted(Path(model_dir).iterdir()) if path.is_file())
    booster = xgboost.Booster()
    try:
        booster.load_model(file)
    except xgboost.core.XGBoostError:
        with file.open("rb") as stream:
            booster = pickle.load(stream)
    return booster


def input_fn(content: Any, content_type: str) -> Any:
    """Rows as XGBoost takes them. Raises RefusedError."""
    return request(content.encode() if isinstance(content, str) else content, content_type)


def predict_fn(data: Any, model: Any) -> Any:
    """The predictions."""
    return model.predict(data, validate_features=False)


def output_fn(prediction: Any, accept: str) -> Any:
    """One row a line, or JSON. Raises NotAcceptableError."""
    rows = numpy.asarray(prediction).tolist()
    if accept == "text/csv":
        lines = [",".join(map(str, row)) if isinstance(row, list) else str(row) for row in rows]
        return "\n".join(lines) + "\n", accept
    if accept == "application/json":
        return json.dumps({"predictions": [{"score": row} for row in rows]}), accept
    raise NotAcceptableError(f"Accept type {accept} is not supported by this container.")


def transform_fn(model: Any, content: Any, content_type: str, accept: str) -> Any:
    """The four together: an empty body has an empty answer, rows of another width are the caller's mistake."""
    if not content:
        return Response(204, {"Content-Type": accept}, b"")
    rows = input_fn(content, content_type)
    known = model.num_features()
    if rows.num_col() > known or (content_type.startswith("text/csv") and rows.num_col() != known):
        raise BadRequestError(
            f"Unable to evaluate payload provided: Feature size of {content_type} inference data {rows.num_col()} is "
            f"not consistent with feature size of trained model {known}."
        )
    if os.environ.get("SAGEMAKER_BATCH"):
        accept = "text/csv"
    return output_fn(predict_fn(rows, model), accept)
