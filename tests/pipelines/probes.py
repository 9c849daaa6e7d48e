"""What tests ask of the evidence package inside an image: scikit-learn's opinion beside ours."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import metrics

from pipelines.evidence import classification, curves, ending, frames, regression
from pipelines.evidence.errors import DataError
from pipelines.serving import attribution


def _drawn(rows):
    """Scores, some of them tied, and labels that they foretell a little."""
    draw = np.random.default_rng(7)
    scores = draw.random(rows).round(2)
    return scores, (draw.random(rows) < scores).astype(int)


def classified(rows, threshold):
    """Our metrics of a classifier, and scikit-learn's."""
    scores, labels = _drawn(rows)
    told = (scores > threshold).astype(int)
    false, true, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    ours = classification.evaluate(scores, labels, threshold=threshold)
    theirs = {
        "accuracy": metrics.accuracy_score(labels, told),
        "auc": metrics.roc_auc_score(labels, scores),
        "brier": metrics.brier_score_loss(labels, scores),
        "precision": metrics.precision_score(labels, told, zero_division=0),
        "recall": metrics.recall_score(labels, told),
        **{
            f"f{name}": metrics.fbeta_score(labels, told, beta=beta)
            for name, beta in (("0_5", 0.5), ("1", 1), ("2", 2))
        },
    }
    curve = {"false_positive_rates": false.tolist(), "true_positive_rates": true.tolist()}
    return {"ours": ours.metrics, "theirs": theirs, "more": ours.more, "curve": curve, "plots": ours.plots}


def regressed(rows):
    """Our metrics of a regression, and scikit-learn's."""
    draw = np.random.default_rng(7)
    true = draw.normal(10, 3, rows)
    told = true + draw.normal(0, 1, rows)
    theirs = {
        "mae": metrics.mean_absolute_error(true, told),
        "mse": metrics.mean_squared_error(true, told),
        "rmse": metrics.mean_squared_error(true, told) ** 0.5,
        "r2": metrics.r2_score(true, told),
    }
    ours = regression.evaluate(told, true, quantity="units")
    return {"ours": ours.metrics, "theirs": theirs, "plots": ours.plots}


def coverage(rows, times):
    """How often the true mean error lies within two standard deviations of the measured one."""
    draw = np.random.default_rng(7)
    hits = 0
    for _ in range(times):
        error = draw.normal(0, 1, rows)
        found = regression.evaluate(error, np.zeros(rows), quantity="units").metrics["mse"]
        hits += abs(found["value"] - 1) < 2 * found["standard_deviation"]
    return hits / times


def labels_refused(labels):
    """What is said of labels that are not 0 and 1."""
    try:
        classification.evaluate([0.1, 0.2], labels)
    except Exception as error:  # noqa: BLE001  # its type is part of the answer
        return f"{type(error).__name__}: {error}"
    return ""


def pictures(scores, labels, threshold):
    """The plots of a classifier that gives these scores."""
    return classification.evaluate(scores, labels, threshold=threshold, classes=("<a>", "b & " + 40 * "c")).plots


def regressions(predictions, truth):
    """The plots of a regression that predicts this, and its R²."""
    evaluation = regression.evaluate(predictions, truth, quantity="€ < £")
    return {"plots": evaluation.plots, "r2": evaluation.values["r2"]}


def calibrated(scores, labels):
    """The bins of a calibration curve: mean score, share, rows."""
    return [[each.score, each.share, each.rows] for each in curves.calibration(np.array(scores), np.array(labels))]


def kept(columns):
    """What columns are after they have been written and read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows" / "train.csv"
        frames.write(pd.DataFrame(columns), path)
        found = frames.read(path)
    return found.astype(object).where(found.notna(), None).to_dict("list")


def refused():
    """The exit code and the message of a program that cannot do its work."""
    with tempfile.TemporaryDirectory() as folder:
        message = Path(folder) / "output" / "message"
        return [ending.refused(DataError("There is no row."), message=message), message.read_text()]


def shapley_of_a_sum(row):
    """Our attributions of 3 a + a b + 2 [c is "x"] from one background row, and what they are by definition.

    Each order of two features that act together comes with its reverse, so there is no noise.
    """
    draw = np.random.default_rng(7)
    rows = pd.DataFrame({"a": draw.random(10), "b": draw.random(10), "c": draw.choice(["x", "y"], 10)})
    start = pd.DataFrame({"a": [0.2], "b": [0.9], "c": ["y"]})
    found = attribution.shapley(
        lambda given: (3 * given.a + given.a * given.b + 2 * (given.c == "x")).tolist(), rows, background=start
    )
    one, moved = rows.iloc[row], rows.a[row] - 0.2
    exact = [moved * (3 + (one.b + 0.9) / 2), (one.b - 0.9) * (one.a + 0.2) / 2, 2.0 * (one.c == "x")]
    return {"attributed": found[row].tolist(), "exact": exact}


def explained_rows(rows):
    """How many of some rows are explained by default, and where all are asked for."""
    table, seen = pd.DataFrame({"a": np.arange(rows, dtype=float)}), []

    def score(given):
        seen.append(set(given["a"]) - {-1.0})
        return given["a"].tolist()

    found = {}
    for name, more in {"by default": {}, "all": {"most_rows": rows}}.items():
        seen.clear()
        attribution.analysis(score, table, background=pd.DataFrame({"a": [-1.0]}), **more)
        found[name] = len(set.union(*seen))
    return found
