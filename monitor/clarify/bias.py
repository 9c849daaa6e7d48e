"""Clarify's bias analysis: the metrics of labels and answers by facet, held to an earlier analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitor import bias
from monitor.bias.metrics import NAMES
from monitor.clarify.config import BadConfig, Config, Group
from monitor.files import LABEL, PREDICTION, VIOLATIONS, violations
from monitor.judgement import Judgement, Monitor, Outcome
from monitor.policy import BiasPolicy, QualityPolicy
from monitor.quality.values import canonical, numbers, texts

_CATEGORIES: Final = 10
"""Up to so many different numbers are taken for categories, of which a facet's value is one."""
_LABELS_ALONE: Final = "post_training_bias_metrics"


def analyse(
    table: pa.Table, config: Config, *, threshold: float | None, baseline: Mapping[str, Any] | None
) -> Judgement:
    """Judge a table of features, ``label`` and, where answers are looked at, ``prediction``.

    ``threshold`` is that of a probability; without it an answer is a label. Without ``baseline`` nothing is held to
    anything, and the analysis is a first one. Raises BadConfig, BadBias.
    """
    if not config.groups:
        raise BadConfig("The configuration names no facet.")
    answered = PREDICTION in table.column_names
    quality = QualityPolicy(
        kind="binary-classification",
        positive_label=config.favourable,
        decision_threshold=threshold if answered and threshold is not None else 0.5,
        minimum_labels=1,
    )
    policy = BiasPolicy(
        facets={group.name: _value(table, group) for group in config.groups},
        favourable_label=config.favourable,
        group_variable=config.group_variable,
    )
    scored = table if answered and threshold is not None else _decided(table, config)
    if baseline is None:
        made = bias.baseline(scored, policy=policy, quality=quality)
        found = Judgement(
            monitor=Monitor.BIAS, outcome=Outcome.COMPLETED, reason="A first analysis.", rows=len(table), files=made
        )
    else:
        found = bias.judge(scored, policy=policy, quality=quality, baseline=baseline)
    return found if answered else _of_labels(found)


def _decided(table: pa.Table, config: Config) -> pa.Table:
    """With a prediction of 1 or 0 for the label that is told; for the label itself where nothing is told."""
    column = PREDICTION if PREDICTION in table.column_names else LABEL
    told = pc.equal(texts(table[column]), config.favourable)
    rest = table.drop_columns([PREDICTION]) if PREDICTION in table.column_names else table
    return rest.append_column(PREDICTION, told.cast(pa.float64()))


def _value(table: pa.Table, group: Group) -> str | float:
    """What bias takes for a value (a text) or for a threshold (a number)."""
    if isinstance(group.value, str) or group.name not in table.column_names:
        return canonical(group.value)
    known = numbers(table[group.name])
    categories = len(np.unique(known[np.isfinite(known)]))
    return canonical(group.value) if categories <= _CATEGORIES else group.value


def _of_labels(found: Judgement) -> Judgement:
    """What holds without answers: the metrics of the data alone."""
    before = {code for code, named in NAMES.items() if named.stage == "pre_training"}
    kept = tuple(each for each in found.violations if each.check.split()[0] in before)
    files = {name: document for name, document in found.files.items() if name != VIOLATIONS}
    files = {name: {k: v for k, v in document.items() if k != _LABELS_ALONE} for name, document in files.items()}
    if VIOLATIONS in found.files:
        files[VIOLATIONS] = violations.document(Monitor.BIAS, kept)
    outcome = found.outcome
    if outcome is Outcome.COMPLETED_WITH_VIOLATIONS and not kept:
        outcome = Outcome.COMPLETED
    metrics = tuple(metric for metric in found.metrics if metric.name.removeprefix("bias_metric_") in before)
    return replace(found, outcome=outcome, violations=kept, metrics=metrics, files=files)
