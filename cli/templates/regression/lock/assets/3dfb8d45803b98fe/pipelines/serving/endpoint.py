"""The four functions that SageMaker's scikit-learn container calls, for a model behind a data contract."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from werkzeug.wrappers import Response

from pipelines.serving import answers, payloads
from pipelines.serving.capture import Capture, Settings
from pipelines.serving.features import features
from pipelines.serving.masking import Mask
from pipelines.serving.refusals import refusal


class Scores(list[float]):
    """Scores that know the rows they are of."""

    def __init__(self, found: Iterable[float], *, rows: pd.DataFrame) -> None:
        super().__init__(found)
        self.rows = rows


class Endpoint:
    """A model that takes the features of ``contract`` and whose ``score(model, rows)`` gives a number for each row.

    Where ``environment`` masks columns, the endpoint captures its requests itself, and no sentence of its own, nor of
    the model's errors, repeats what it was sent.
    """

    def __init__(
        self,
        contract: Path,
        *,
        score: Callable[[Any, pd.DataFrame], Iterable[float]],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._mask = Mask.of(environment, columns=features(contract))
        self._features = features(contract, masked=self._mask.how)
        self._capture = Capture(Settings.of(environment), self._mask) if self._mask else None
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
        if isinstance(rows, Response):
            return rows
        found = self._scored(rows, model) if self._mask else answers.scores(self._score(model, rows))
        return found if isinstance(found, Response) or self._capture is None else Scores(found, rows=rows)

    def output_fn(self, prediction: list[float] | Response, accept: str) -> tuple[str, str] | Response:
        """The scores as text of the type ``accept`` asks for, with that type; or the refusal."""
        answer = answers.answer(prediction, accept)
        if self._capture is not None and isinstance(prediction, Scores) and not isinstance(answer, Response):
            self._capture.keep(prediction.rows, prediction)
        return answer

    def _scored(self, rows: pd.DataFrame, model: Any) -> list[float] | Response:
        """The scores; what an error of the model says may quote a masked value, and is kept from log and answer."""
        try:
            return answers.scores(self._score(model, rows.copy()))
        except Exception as error:  # noqa: BLE001 - whatever the model raises, its words stay here
            where = "".join(traceback.format_tb(error.__traceback__))
            sys.stderr.write(f"{where}{type(error).__name__} (what it says is withheld: columns are masked)\n")
            return refusal(
                500, f"The model failed with {type(error).__name__}; columns are masked, so no more is said."
            )
