"""Judges business figures by their limits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitor.business import evaluating
from monitor.business.errors import ExpressionError
from monitor.business.facts import BusinessFacts, KpiFact
from monitor.business.language import Expression
from monitor.files import STATISTICS, VIOLATIONS, violations
from monitor.judgement import Judgement, Metric, Monitor, Outcome, Violation
from monitor.policy import KpiPolicy, QualityPolicy
from monitor.quality.values import combined, numbers, texts

CHECK: Final = "business_check"
_LARGE: Final = 1_000


def judge(
    table: pa.Table, *, kpis: Mapping[str, KpiPolicy], quality: QualityPolicy | None, minimum_rows: int = 1
) -> Judgement:
    """Judge the figures over ``table``: ``prediction``, ``label`` where known, and the columns that they are about.

    ``decision`` is 1 where the model tells the positive label, else 0. A figure about ``label`` is computed over the
    labelled rows, and judged from ``quality.minimum_labels`` of them on; the others from ``minimum_rows`` on.
    """
    rows = _Rows(table, quality, minimum_rows)
    found = tuple(rows.fact(name, kpi) for name, kpi in kpis.items())
    broken = tuple(_violation(each) for each in found if each.violated)
    outcome, reason = _verdict(found)
    return Judgement(
        monitor=Monitor.BUSINESS,
        outcome=outcome,
        reason=reason,
        rows=table.num_rows,
        violations=broken,
        metrics=tuple(Metric(name=each.name, value=each.value) for each in found if each.value is not None),
        files={
            STATISTICS: {"version": 0.0, "dataset": {"item_count": table.num_rows}, "kpis": _entries(found)},
            VIOLATIONS: violations.document(Monitor.BUSINESS, broken),
        },
        facts=BusinessFacts(kpis=found),
    )


def columns(kpis: Mapping[str, KpiPolicy]) -> frozenset[str]:
    """The columns of requests that the figures are about; those of expressions with errors are left out."""
    found: set[str] = set()
    for kpi in kpis.values():
        try:
            found |= Expression.of(kpi.expression).columns
        except ExpressionError:
            continue  # `judge` tells it
    return frozenset(found)


class _Rows:
    """The rows of a window, all and labelled ones."""

    def __init__(self, table: pa.Table, quality: QualityPolicy | None, minimum_rows: int) -> None:
        self._table, self._quality, self._minimum_rows = table, quality, minimum_rows
        self._labelled = table.slice(0, 0)
        if "label" in table.column_names:
            self._labelled = table.filter(pc.is_valid(texts(table["label"])))

    def fact(self, name: str, kpi: KpiPolicy) -> KpiFact:
        """One figure; an error becomes its note."""
        fact = KpiFact(
            name=name, expression=kpi.expression, value=None, unit=kpi.unit, at_least=kpi.at_least, at_most=kpi.at_most
        )
        try:
            return self._computed(fact, Expression.of(kpi.expression))
        except ExpressionError as error:
            return replace(fact, note=f"Wrong: {error}")

    def _computed(self, fact: KpiFact, expression: Expression) -> KpiFact:
        table = self._labelled if expression.needs_labels else self._table
        needed = self._minimum_rows
        if expression.needs_labels and self._quality is not None:
            needed = self._quality.minimum_labels
        fact = replace(fact, rows=table.num_rows)
        if not self._table.num_rows:
            return replace(fact, note="There are no rows.")
        known = self._columns(table)
        value = evaluating.value(expression, known, rows=table.num_rows)
        if table.num_rows < max(1, needed):
            of = "labelled rows" if expression.needs_labels else "rows"
            return replace(fact, note=f"{table.num_rows:,} {of}; {max(1, needed):,} are needed.")
        if not math.isfinite(value):
            return replace(fact, note="Undefined over these rows: nothing to divide by, or no values.")
        between = evaluating.interval(expression, known, rows=table.num_rows)
        low, high = between if between is not None else (None, None)
        below = fact.at_least is not None and value < fact.at_least
        above = fact.at_most is not None and value > fact.at_most
        return replace(fact, value=value, low=low, high=high, violated=below or above)

    def _columns(self, table: pa.Table) -> dict[str, pa.Array]:
        found = {name: combined(table[name]) for name in table.column_names if not name.startswith("_")}
        if "label" not in found:
            found["label"] = pa.nulls(table.num_rows, pa.string())
        quality = self._quality
        if quality is not None and quality.kind == "binary-classification" and "prediction" in found:
            score = numbers(found["prediction"])
            told = np.where(np.isnan(score), np.nan, score > quality.decision_threshold)
            found["decision"] = pa.array(told, from_pandas=True)
        return found


def _verdict(found: tuple[KpiFact, ...]) -> tuple[Outcome, str]:
    wrong = [each for each in found if each.note.startswith("Wrong: ")]
    open_ = [each for each in found if each.note and each not in wrong]
    broken = [each for each in found if each.violated]
    faults = " ".join(f"{each.name}: {each.note.removeprefix('Wrong: ')}" for each in wrong)
    if broken:
        listed = ", ".join(f"{each.name} is {_shown(each)}, {_limit(each)}" for each in broken)
        return Outcome.COMPLETED_WITH_VIOLATIONS, f"Beyond limits: {listed}. {faults}".strip()
    if wrong:
        return Outcome.FAILED, faults
    if open_ or not found:
        unknown = " ".join(f"{each.name}: {each.note}" for each in open_)
        return Outcome.INSUFFICIENT_DATA, unknown or "There are no figures."
    return Outcome.COMPLETED, f"Within limits: {', '.join(f'{each.name} {_shown(each)}' for each in found)}."


def _violation(fact: KpiFact) -> Violation:
    below = fact.at_least is not None and fact.value is not None and fact.value < fact.at_least
    between = "" if fact.low is None else f" (95 % interval {_number(fact.low)} to {_number(fact.high)})"
    said = f"{fact.name} is {_shown(fact)}{between} over {fact.rows:,} rows; {_limit(fact)}. It is {fact.expression}"
    return Violation(
        feature=fact.name,
        check=CHECK,
        description=said,
        value=fact.value,
        threshold=fact.at_least if below else fact.at_most,
    )


def _limit(fact: KpiFact) -> str:
    if fact.at_least is not None and fact.value is not None and fact.value < fact.at_least:
        return f"at least {_number(fact.at_least)} is wanted"
    return f"at most {_number(fact.at_most)} is admitted"


def _shown(fact: KpiFact) -> str:
    return f"{_number(fact.value)} {fact.unit}".strip()


def _number(value: float | None) -> str:
    if value is None:
        return "unknown"
    return f"{value:,.0f}" if abs(value) >= _LARGE else f"{value:.4g}"


def _entries(found: tuple[KpiFact, ...]) -> dict[str, dict[str, object]]:
    return {
        each.name: {"value": each.value, "expression": each.expression, "rows": each.rows, "note": each.note}
        for each in found
    }
