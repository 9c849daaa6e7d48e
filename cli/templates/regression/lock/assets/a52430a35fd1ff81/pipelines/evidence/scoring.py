"""Scores rows as an endpoint will: by the inference code in the model's archive."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from pipelines.evidence.errors import ScoringError

CSV = "text/csv"


class Served:
    """A model and its inference code, unpacked into a folder."""

    def __init__(self, folder: Path) -> None:
        self._serving = _module(folder / "code" / "inference.py")
        self._model = self._serving.model_fn(str(folder))

    def scores(self, features: pd.DataFrame) -> list[float]:
        """The score of each row.

        ScoringError with the refusal when the code answers the rows by one, as it does where a score is no number.
        """
        rows = self._serving.input_fn(features.to_csv(index=False, header=False), CSV)
        answer = self._serving.predict_fn(rows, self._model)
        if not isinstance(answer, list):
            raise ScoringError(f"The model does not score the test rows: {answer.get_data(as_text=True)}")
        return answer

    def attributions(self, features: pd.DataFrame, *, background: pd.DataFrame) -> dict[str, Any] | None:
        """How much each feature counts, as the archive's own program reckons it for a monitor; None if it has none."""
        try:
            attribution = importlib.import_module("pipelines.serving.attribution")
        except ModuleNotFoundError:
            return None
        rows, start = (attribution.parsed(self._serving, each) for each in (features, background))
        found: dict[str, Any] = attribution.analysis(
            attribution.scorer(self._serving, self._model), rows, background=start
        )
        return found


@contextmanager
def served(archive: Path) -> Iterator[Served]:
    """The model in ``model.tar.gz``, as long as it is needed."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as packed:
            packed.extraction_filter = getattr(tarfile, "data_filter", None)  # absent before Python 3.11.4
            packed.extractall(folder)
        with _importable(Path(folder) / "code"):
            yield Served(Path(folder))


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let the code import its neighbours, as the endpoint does."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ScoringError(f"{path.name} in the model's code folder cannot be imported.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
