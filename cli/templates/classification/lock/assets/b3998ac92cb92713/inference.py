"""Serves the model: rows of subscribers in, the probability that each cancels out.

Content types, answers and refusals are those of `pipelines/serving`; the columns are the features of contract.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from werkzeug.wrappers import Response

from pipelines import serving

FEATURES = serving.features(Path(__file__).with_name("contract.json"))


def model_fn(model_dir: str) -> Any:
    """The trained model in ``model_dir``."""
    return joblib.load(Path(model_dir) / "model.joblib")


def input_fn(body: bytes | str, content_type: str) -> pd.DataFrame | Response:
    """The rows of a request with the features as columns, or the refusal of the request."""
    return serving.rows(body, content_type, features=FEATURES)


def predict_fn(rows: pd.DataFrame | Response, model: Any) -> list[float] | Response:
    """For each row the probability, 0 to 1, that the subscriber cancels; or a refusal, of request or score."""
    return serving.scores(rows, lambda table: model.predict_proba(table)[:, 1])


def output_fn(prediction: list[float] | Response, accept: str) -> tuple[str, str] | Response:
    """The probabilities as text of the type ``accept`` asks for, with that type; or the refusal."""
    return serving.answer(prediction, accept)
