"""Model Monitor's files of model quality: statistics and constraints, written and read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from monitor.files.lenient import mapping, number
from monitor.policy import Limit, QualityPolicy
from monitor.quality import classification
from monitor.quality.classification import Decisions
from monitor.quality.metrics import OF_DECISIONS, names
from monitor.quality.regression import Errors

PREFIX: Final = {"binary-classification": "binary_classification", "regression": "regression"}
GREATER, LESS = "GreaterThanThreshold", "LessThanThreshold"
FEWEST_ROWS: Final = 200
"""With fewer, Model Monitor's files say "NaN" for a standard deviation."""

Values = Mapping[str, float]


@dataclass(frozen=True)
class Reference:
    """The metrics of a baseline, however its statistics.json was made."""

    values: Values
    deviations: Values
    rows: int | None

    @classmethod
    def of(cls, statistics: Mapping[str, Any], *, policy: QualityPolicy) -> Reference:
        """From a statistics.json of model quality, or an evaluation.json of the same form; empty when it is neither.

        The cost is that of the policy's costs, from the confusion matrix; and what was decided by another threshold
        than the policy's is left out: it cannot be compared.
        """
        entries = mapping(statistics.get(f"{PREFIX[policy.kind]}_metrics"))
        dataset = mapping(statistics.get("dataset"))
        rows, threshold = number(dataset.get("item_count")), number(dataset.get("decision_threshold"))
        values = {**_numbers(entries, "value"), **_cost(mapping(entries.get("confusion_matrix")), policy)}
        if threshold is not None and threshold != policy.decision_threshold:
            values = {name: value for name, value in values.items() if name not in OF_DECISIONS}
        return cls(
            values={name: value for name, value in values.items() if name in names(policy.kind)},
            deviations=_numbers(entries, "standard_deviation"),
            rows=int(rows) if rows else None,
        )


def statistics(
    sample: Decisions | Errors, *, policy: QualityPolicy, values: Values, deviations: Values
) -> dict[str, Any]:
    """statistics.json of these rows ("Model quality metrics", SageMaker developer guide)."""
    certain = sample.rows >= FEWEST_ROWS
    found: dict[str, Any] = {
        name: _entry(value, deviations.get(name) if certain else None) for name, value in values.items()
    }
    if isinstance(sample, Decisions) and sample.rows:
        found |= _of_decisions(sample)
    dataset: dict[str, Any] = {"item_count": sample.rows}
    if isinstance(sample, Decisions):
        dataset["decision_threshold"] = policy.decision_threshold
    return {"version": 0.0, "dataset": dataset, f"{PREFIX[policy.kind]}_metrics": found}


def constraints(kind: str, values: Values, limits: Mapping[str, Limit]) -> dict[str, Any]:
    """constraints.json that holds the next run to these values, or to a policy's limits alone where it has some.

    The threshold that Model Monitor suggests is the value of the baseline itself: each second window of an unchanged
    model misses it.
    """
    found = {
        name: _constraint(values[name], better=named.better)
        for name, named in names(kind).items()
        if math.isfinite(values.get(name, math.nan)) and not limits
    }
    for name, limit in limits.items():
        if limit.at_least is not None:
            found[name] = _constraint(limit.at_least, better="higher")
        if limit.at_most is not None:
            found[name] = _constraint(limit.at_most, better="lower")
    return {"version": 0.0, f"{PREFIX[kind]}_constraints": found}


def limits(document: Mapping[str, Any], *, kind: str) -> dict[str, Limit]:
    """Metric → limit out of a constraints.json of model quality, as Model Monitor applies it: without significance."""
    found = {}
    for name, entry in mapping(document.get(f"{PREFIX[kind]}_constraints")).items():
        threshold = number(mapping(entry).get("threshold"))
        if threshold is not None and name in names(kind):
            above = mapping(entry).get("comparison_operator") == GREATER
            found[name] = Limit(at_most=threshold) if above else Limit(at_least=threshold)
    return found


def _of_decisions(sample: Decisions) -> dict[str, Any]:
    (true_negative, false_positive), (false_negative, true_positive) = sample.counts()
    roc, precision_recall = sample.roc(), sample.precision_recall()
    constant = classification.best_constant(float(sample.positive.mean()))
    return {
        "confusion_matrix": {
            "0": {"0": true_negative, "1": false_positive},
            "1": {"0": false_negative, "1": true_positive},
        },
        **{name: _entry(value, None) for name, value in constant.items()},
        "receiver_operating_characteristic_curve": {
            "false_positive_rates": list(roc.x),
            "true_positive_rates": list(roc.y),
        },
        "precision_recall_curve": {"precisions": list(precision_recall.y), "recalls": list(precision_recall.x)},
    }


def _entry(value: float, deviation: float | None) -> dict[str, Any]:
    """Model Monitor writes a number that cannot be told as the text NaN, since JSON has none."""
    return {"value": _written(value), "standard_deviation": _written(math.nan if deviation is None else deviation)}


def _written(value: float) -> float | str:
    return value if math.isfinite(value) else "NaN"


def _constraint(threshold: float, *, better: str) -> dict[str, Any]:
    return {"threshold": threshold, "comparison_operator": LESS if better == "higher" else GREATER}


def _cost(confusion: Mapping[str, Any], policy: QualityPolicy) -> dict[str, float]:
    """The mean cost of a row of a confusion matrix, true label → told label → rows; nothing when it is none."""
    cells = [number(mapping(confusion.get(true)).get(told)) for true in "01" for told in "01"]
    known = [each for each in cells if each is not None]
    if len(known) < len(cells) or not sum(known):
        return {}
    _, false_positive, false_negative, _ = known
    cost = policy.false_positive_cost * false_positive + policy.false_negative_cost * false_negative
    return {"cost": cost / sum(known)}


def _numbers(entries: Mapping[str, Any], member: str) -> dict[str, float]:
    found = {name: number(mapping(entry).get(member)) for name, entry in entries.items()}
    return {name: value for name, value in found.items() if value is not None}
