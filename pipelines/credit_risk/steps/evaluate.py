"""Measures the model on the test rows, through the code that will serve it, and says which gates it passes.

It leaves two more things that a release needs: the hash of the model it measured, and rows to probe an endpoint with.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import importlib.util
import io
import json
import sys
import tarfile
import tempfile
from pathlib import Path
from types import ModuleType

import pandas as pd
from sklearn.metrics import brier_score_loss, roc_auc_score

ROOT = Path("/opt/ml/processing")
LABEL = "bad"

# The data set's own cost matrix (Statlog, German Credit Data): what a wrong decision costs. Right ones are free.
ACCEPTED_BAD, REFUSED_GOOD = 5, 1
# Refuse when the expected cost of accepting, 5 p, is above that of refusing, 1 - p.
THRESHOLD = REFUSED_GOOD / (ACCEPTED_BAD + REFUSED_GOOD)
SAMPLE_ROWS = 500


def scores(archive: Path, features: pd.DataFrame) -> list[float]:
    """The probability of a bad applicant for each row, from the model and the inference code in ``model.tar.gz``.

    Raises ValueError with the refusal when the code answers the rows by one, as it does where a score is no number.
    """
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as packed:
            packed.extraction_filter = getattr(tarfile, "data_filter", None)  # absent before Python 3.11.4
            packed.extractall(folder)
        serving = _module(Path(folder) / "code" / "inference.py")
        rows = serving.input_fn(features.to_csv(index=False, header=False), serving.CSV)
        answer = serving.predict_fn(rows, serving.model_fn(folder))
        if not isinstance(answer, list):
            raise ValueError(f"The model does not score the test rows: {answer.get_data(as_text=True)}")
        return answer


def decisions(probabilities: pd.Series, bad: pd.Series) -> dict[str, int]:
    """How many applicants of each kind are accepted and refused at the threshold."""
    refused = probabilities > THRESHOLD
    return {
        "accepted_good": int((~refused & (bad == 0)).sum()),
        "accepted_bad": int((~refused & (bad == 1)).sum()),
        "refused_good": int((refused & (bad == 0)).sum()),
        "refused_bad": int((refused & (bad == 1)).sum()),
    }


def measure(probabilities: pd.Series, bad: pd.Series) -> dict[str, float]:
    """AUC, Brier score and mean cost per applicant of deciding by these probabilities."""
    counts = decisions(probabilities, bad)
    cost = ACCEPTED_BAD * counts["accepted_bad"] + REFUSED_GOOD * counts["refused_good"]
    return {
        "auc": float(roc_auc_score(bad, probabilities)),
        "brier": float(brier_score_loss(bad, probabilities)),
        "cost": cost / len(bad),
    }


def verdict(metrics: dict[str, float], *, min_auc: float, max_brier: float, max_cost: float) -> str:
    """Which gates fail and by how much, in one sentence."""
    gates = [
        ("AUC", metrics["auc"], "below MinAuc", min_auc, min_auc - metrics["auc"]),
        ("Brier score", metrics["brier"], "above MaxBrier", max_brier, metrics["brier"] - max_brier),
        ("Cost per applicant", metrics["cost"], "above MaxCost", max_cost, metrics["cost"] - max_cost),
    ]
    failed = [f"{name} {value:.6f} is {side} {limit:g} by {by:.6f}" for name, value, side, limit, by in gates if by > 0]
    return "; ".join(failed) + "." if failed else "All gates pass."


def report(probabilities: pd.Series, bad: pd.Series, *, data: dict[str, object]) -> dict[str, object]:
    """The document of the model package's quality statistics, as SageMaker Studio reads it, with our own additions."""
    return {
        "binary_classification_metrics": {
            name: {"value": value, "standard_deviation": "NaN"} for name, value in measure(probabilities, bad).items()
        },
        "dataset": {"item_count": len(bad), "sha256": data["sha256"]},
        "decisions": {"threshold": THRESHOLD, **decisions(probabilities, bad)},
        "trivial_policies": {
            "accept_all": {"cost": ACCEPTED_BAD * float(bad.mean())},
            "refuse_all": {"cost": REFUSED_GOOD * float(1 - bad.mean())},
        },
    }


def sample(features: pd.DataFrame) -> bytes:
    """Held-out applicants as a sample payload: a .tar.gz of CSV without header, the same bytes for the same rows.

    As many as there are, up to ``SAMPLE_ROWS``: a fault that only some applicants meet should meet one of these. The
    form is that of SamplePayloadUrl (SageMaker API Reference, "CreateModelPackage").
    """
    rows = features.head(SAMPLE_ROWS).to_csv(index=False, header=False).encode()
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream, tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo("applicants.csv")
        member.size = len(rows)
        archive.addfile(member, io.BytesIO(rows))
    return packed.getvalue()


def main(argv: list[str] | None = None) -> int:
    """Run the step.

    ``evaluation.json`` has the numbers, ``summary.json`` the texts that the pipeline quotes, ``sample.tar.gz`` rows as
    the endpoint takes them.
    """
    options = _options(argv)
    table = pd.read_csv(options.test / "test.csv", keep_default_na=False)
    data = json.loads((options.report / "data.json").read_text(encoding="utf-8"))
    features, bad = table.drop(columns=LABEL), table[LABEL]
    archive = options.model / "model.tar.gz"
    probabilities = pd.Series(scores(archive, features), index=table.index)
    metrics = measure(probabilities, bad)
    sentence = verdict(metrics, min_auc=options.min_auc, max_brier=options.max_brier, max_cost=options.max_cost)
    summary = {
        "gates": sentence,
        "data_sha256": data["sha256"],
        "model_sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
        "rows": str(data["rows"]),
        **{name: f"{value:.6f}" for name, value in metrics.items()},
    }
    options.output.mkdir(parents=True, exist_ok=True)
    _write(options.output / "evaluation.json", report(probabilities, bad, data=data))
    _write(options.output / "summary.json", summary)
    (options.output / "sample.tar.gz").write_bytes(sample(features))
    print(f"AUC {metrics['auc']:.4f}, Brier {metrics['brier']:.4f}, cost {metrics['cost']:.4f}. {sentence}")
    return 0


def _write(path: Path, document: dict[str, object]) -> None:
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} in the model's code folder cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--min-auc", type=float, required=True)
    parser.add_argument("--max-brier", type=float, required=True)
    parser.add_argument("--max-cost", type=float, required=True)
    parser.add_argument("--model", type=Path, default=ROOT / "model")
    parser.add_argument("--test", type=Path, default=ROOT / "test")
    parser.add_argument("--report", type=Path, default=ROOT / "report")
    parser.add_argument("--output", type=Path, default=ROOT / "evaluation")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
