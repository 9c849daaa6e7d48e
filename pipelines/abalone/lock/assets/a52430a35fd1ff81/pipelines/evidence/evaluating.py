"""The program of a step that measures a model on the test rows and says which gates it passes."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.evidence import contract, ending, evaluation, frames, gates, reference, sample, scoring, snapshot
from pipelines.evidence.errors import StepError
from pipelines.evidence.evaluation import Evaluation

ROOT = Path("/opt/ml/processing")

Measure = Callable[["list[float]", pd.DataFrame, pd.DataFrame], "tuple[Evaluation, Mapping[str, Any]]"]
"""The scores of the test rows, these rows, and the train rows, for comparisons → the evaluation, and what else
evaluation.json shall say."""


Target = Callable[["pd.Series[Any]"], "pd.Series[Any]"]
"""The label of prepared rows → the value that the contract's target has there, as labels come in later."""


def main(measure: Measure, argv: list[str] | None = None, *, target: Target = lambda label: label) -> int:
    """Run the step on rows whose first column is the label.

    ``evaluation.json`` has the numbers, ``summary.json`` the texts that the pipeline quotes, ``sample.tar.gz`` rows as
    the endpoint takes them, ``plots`` what people look at, and the files of `reference` what monitors compare with.
    What cannot be measured is told in one sentence, on stderr and as the exit message.
    """
    options = _options(argv)
    train, test = frames.read(options.train / "train.csv"), frames.read(options.test / "test.csv")
    features = test.iloc[:, 1:]
    archive = options.model / "model.tar.gz"
    try:
        agreed = contract.read(options.contract / "contract.json")
        start = reference.background(train.iloc[:, 1:])
        with scoring.served(archive) as model:
            scores, attributions = model.scores(features), model.attributions(features, background=start)
        scored = reference.predictions(scores, target(test.iloc[:, 0]), features, contract=agreed)
        measured, additions = measure(scores, test, train)
        sentence = gates.verdict(gates.parsed(options.gates), measured.values)
    except StepError as error:
        return ending.refused(error, message=options.message)
    data = snapshot.first(options.report)
    evaluation.write(
        options.evaluation,
        measured,
        document=measured.document(sha256=data["sha256"], additions=additions),
        summary={"gates": sentence, **_facts(data, archive), **_texts(measured)},
        sample=sample.packed(features),
    )
    reference.write(
        options.evaluation,
        contract=options.contract / "contract.json",
        predictions=scored,
        background=start,
        attributions=attributions,
    )
    shown = (f"{gates.TITLES.get(name, name)} {value:.4f}" for name, value in measured.values.items())
    print(f"{', '.join(shown)}. {sentence}")
    return 0


def _facts(data: Mapping[str, Any], archive: Path) -> dict[str, str]:
    """What identifies data and model, as texts: CustomerMetadataProperties hold no others."""
    return {
        "data_uri": data["uri"],
        "data_version": data["version_id"] or "none",
        "data_sha256": data["sha256"],
        "rows": str(data["rows"]),
        "model_sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
    }


def _texts(measured: Evaluation) -> dict[str, str]:
    return {name: gates.written(value) for name, value in measured.values.items()}


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    gates.add_option(parser)
    for name in ("model", "train", "test", "report", "contract", "evaluation"):
        parser.add_argument(f"--{name}", type=Path, default=ROOT / name)
    parser.add_argument("--message", type=Path, default=ending.EXIT_MESSAGE)
    return parser.parse_args(argv)
