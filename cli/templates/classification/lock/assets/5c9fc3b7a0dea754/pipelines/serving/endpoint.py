"""The four functions that SageMaker's scikit-learn container calls, for a model behind a data contract."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from werkzeug.wrappers import Response

from pipelines.serving import answers, payloads
from pipelines.serving.features import features


class Endpoint:
    """A model that takes the features of ``contract`` and whose ``score(model, rows)`` gives a number for each row."""

    def __init__(self, contract: Path, *, score: Callable[[Any, pd.DataFrame], Iterable[float]]) -> None:
        self._features = features(contract)
        self._score = score

    @property
    def functions(self) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
        """``model_fn``, ``input_fn``, ``predict_fn`` and ``output_fn``: the names that the container looks for."""
        return self.model_fn, self.input_fn, self.predict_fn, self.output_fn

    def model_fn(self, model_dir: str) -> Any:
        """The trained model in ``model_dir``."""
        return joblib.load(Path(model_dir) / "model.joblib")

    def input_fn(self, body: bytes | str, content_type: str) -> pd.DataFrame | Response:
        """The rows of a request with the features as columns, or the refusal of the request."""
        return payloads.rows(body, content_type, features=self._features)

    def predict_fn(self, rows: pd.DataFrame | Response, model: Any) -> list[float] | Response:
        """The score of each row; or a refusal, of the request or of a score that is no finite number."""
        return rows if isinstance(rows, Response) else answers.scores(self._score(model, rows))

    def output_fn(self, prediction: list[float] | Response, accept: str) -> tuple[str, str] | Response:
        """The scores as text of the type ``accept`` asks for, with that type; or the refusal."""
        return answers.answer(prediction, accept)
