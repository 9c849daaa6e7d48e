"""How much each feature moves a model's scores, on average over rows: Shapley values in the form of Clarify's analysis.

As a program it needs nothing beside a model's archive: ``python attribution.py --model FOLDER --rows rows.csv
--background background.csv --output FOLDER`` writes ``analysis.json``. It is a file of the archive itself, so a job in
the model's own image can explain the rows that its endpoint was sent.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

Score = Callable[[pd.DataFrame], Iterable[float]]
"""Rows with the features as columns → a score each."""

MOST_ROWS = 200
PERMUTATIONS = 32
"""How many orders of the features are tried for a row: half of them and their reverses, each from a background row."""
LARGEST_BATCH = 200_000
"""Rows that are scored at once: what bounds the memory."""
_SEED = 20


def analysis(
    score: Score, rows: pd.DataFrame, *, background: pd.DataFrame, label: str = "label0", most_rows: int = MOST_ROWS
) -> dict[str, Any]:
    """The document of ``analysis.json``: each feature's mean absolute attribution, and the background's mean score.

    ``rows`` and ``background`` have the same columns. At most ``most_rows`` of the rows are explained, drawn by a fixed
    seed: the same rows give the same numbers. The form is that of Amazon SageMaker Developer Guide, "Clarify
    explainability analysis results".
    """
    few = rows if len(rows) <= most_rows else rows.sample(most_rows, random_state=_SEED)
    values = _by_library(score, few, background)
    if values is None:
        values = shapley(score, few, background=background)
    found = dict(zip(rows.columns, np.abs(values).mean(axis=0).tolist(), strict=True))
    expected = float(np.mean(list(score(background))))
    told = {"global_shap_values": found, "expected_value": expected}
    return {"version": "1.0", "explanations": {"kernel_shap": {label: told}}}


def shapley(score: Score, rows: pd.DataFrame, *, background: pd.DataFrame) -> np.ndarray:
    """The attribution of each feature (columns) to the score of each row, estimated; sums are exact on average.

    Features are taken over from the row into a background row one by one; what a step changes in the score is the
    feature's. Source: Štrumbelj and Kononenko, "Explaining prediction models and individual predictions with feature
    contributions" (2014); orders come with their reverses, which halves the noise.
    """
    random = np.random.default_rng(_SEED)
    together = pd.concat([background, rows], ignore_index=True)
    most = max(1, LARGEST_BATCH // (PERMUTATIONS * (rows.shape[1] + 1)))
    parts = [
        _part(score, np.arange(start, min(start + most, len(rows))), len(background), together, random)
        for start in range(0, len(rows), most)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, rows.shape[1]))


def _part(
    score: Score, taken: np.ndarray, backgrounds: int, together: pd.DataFrame, random: np.random.Generator
) -> np.ndarray:
    """The attributions of some rows, ``taken`` by their numbers, which follow the background's in ``together``."""
    features = together.shape[1]
    half = random.random((len(taken), PERMUTATIONS // 2, features)).argsort(axis=-1).argsort(axis=-1)
    ranks = np.concatenate([half, features - 1 - half], axis=1)
    # No background row twice before every one has served: what is left of chance makes small attributions look larger.
    rounds = [random.random((len(taken), backgrounds)).argsort(axis=1) for _ in range(0, PERMUTATIONS, backgrounds)]
    start = np.concatenate(rounds, axis=1)[:, :PERMUTATIONS]
    steps = np.arange(features + 1)[:, None]
    is_taken = ranks[:, :, None, :] < steps  # row, order, step, feature
    source = np.where(is_taken, backgrounds + taken[:, None, None, None], start[:, :, None, None])
    columns = {name: together[name].take(source[..., at].ravel()).array for at, name in enumerate(together.columns)}
    scores = np.fromiter(score(pd.DataFrame(columns)), dtype=float, count=source[..., 0].size)
    gains = np.diff(scores.reshape(source.shape[:3]), axis=-1)
    attributed: np.ndarray = np.take_along_axis(gains, ranks, axis=-1).mean(axis=1)
    return attributed


def _by_library(score: Score, rows: pd.DataFrame, background: pd.DataFrame) -> np.ndarray | None:
    """The attributions that shap gives, None where it is not installed; texts travel through it as codes."""
    if importlib.util.find_spec("shap") is None:
        return None
    shap: Any = importlib.import_module("shap")
    together = pd.concat([background, rows], ignore_index=True)
    known = {name: together[name].drop_duplicates().reset_index(drop=True) for name in together.columns}
    codes = np.column_stack([pd.factorize(together[name], use_na_sentinel=False)[0] for name in together.columns])

    def scored(coded: np.ndarray) -> np.ndarray:
        columns = {name: known[name].take(coded[:, at].astype(int)).array for at, name in enumerate(known)}
        return np.fromiter(score(pd.DataFrame(columns)), dtype=float, count=len(coded))

    masker = shap.maskers.Independent(codes[: len(background)].astype(float), max_samples=len(background))
    explainer = shap.explainers.Permutation(scored, masker, seed=_SEED)
    # One order of the features and its reverse a row: the whole background stands behind each step.
    explained = explainer(codes[len(background) :].astype(float), max_evals=2 * codes.shape[1] + 1, silent=True)
    return np.asarray(explained.values)


def scorer(serving: ModuleType, model: Any) -> Score:
    """What inference code says of rows that it has parsed. ValueError with its refusal where it says none."""

    def scores(rows: pd.DataFrame) -> Iterable[float]:
        answer = serving.predict_fn(rows, model)
        if not isinstance(answer, list):
            raise ValueError(f"The model does not score the rows: {answer.get_data(as_text=True)}")
        return answer

    return scores


def parsed(serving: ModuleType, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows as the endpoint would take them from a request; its own code decides on types."""
    found = serving.input_fn(rows.to_csv(index=False, header=False), "text/csv")
    if not isinstance(found, pd.DataFrame):
        raise ValueError(f"The model does not take the rows: {found.get_data(as_text=True)}")
    return found


def main(argv: list[str] | None = None) -> int:
    """Explain a file of rows with header, all of them; what cannot be explained is told in one sentence on stderr."""
    options = _options(argv)
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(next(options.model.rglob("model.tar.gz"))) as packed:
            packed.extraction_filter = getattr(tarfile, "data_filter", None)  # absent before Python 3.11.4
            packed.extractall(folder)
        sys.path.insert(0, str(Path(folder) / "code"))
        try:
            serving = importlib.import_module("inference")
            rows, background = (parsed(serving, _rows(path)) for path in (options.rows, options.background))
            score = scorer(serving, serving.model_fn(folder))
            document = analysis(score, rows, background=background, most_rows=len(rows))
        except ValueError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        finally:
            sys.path.remove(str(Path(folder) / "code"))
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "analysis.json").write_text(json.dumps(document, indent=1, allow_nan=False), encoding="utf-8")
    return 0


def _rows(path: Path) -> pd.DataFrame:
    """Every field as the text that it is: a postal code of digits stays one."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("model", "rows", "background", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
