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

import pandas as pd

from pipelines.evidence.errors import ScoringError

CSV = "text/csv"


def scores(archive: Path, features: pd.DataFrame) -> list[float]:
    """The score of each row, from the model and the inference code in ``model.tar.gz``.

    ScoringError with the refusal when the code answers the rows by one, as it does where a score is no number.
    """
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as packed:
            packed.extraction_filter = getattr(tarfile, "data_filter", None)  # absent before Python 3.11.4
            packed.extractall(folder)
        with _importable(Path(folder) / "code"):
            serving = _module(Path(folder) / "code" / "inference.py")
            rows = serving.input_fn(features.to_csv(index=False, header=False), CSV)
            answer = serving.predict_fn(rows, serving.model_fn(folder))
        if not isinstance(answer, list):
            raise ScoringError(f"The model does not score the test rows: {answer.get_data(as_text=True)}")
        return answer


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
