"""constraint_violations.json of each monitor, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from monitor.judgement import Monitor, Violation


def document(monitor: Monitor, violations: Iterable[Violation]) -> dict[str, Any]:
    """The file of a run; numbers stay in the descriptions, as Model Monitor's own.

    A violation of bias is about ``<facet>=<value>`` and its check reads ``<metric> <constraint_check_type>``.
    """
    entries = [_entry(monitor, violation) for violation in violations]
    versioned = {"version": "1.0"} if monitor in (Monitor.BIAS, Monitor.EXPLAINABILITY) else {}
    return {**versioned, "violations": entries}


def read(monitor: Monitor, found: Mapping[str, Any]) -> tuple[Violation, ...]:
    """The violations of a file, ours or AWS's; an entry without the fields that people need keeps what it has."""
    return tuple(_violation(monitor, entry) for entry in found.get("violations") or ())


def _entry(monitor: Monitor, violation: Violation) -> dict[str, str]:
    shown = {"constraint_check_type": violation.check, "description": violation.description}
    if monitor is Monitor.BIAS:
        facet, _, value = violation.feature.partition("=")
        metric, _, check = violation.check.rpartition(" ")
        return {"facet": facet, "facet_value": value, "metric_name": metric, **shown, "constraint_check_type": check}
    if monitor is Monitor.EXPLAINABILITY:
        return {"label": violation.feature, "metric_name": "shap", **shown}
    if monitor is Monitor.MODEL_QUALITY:
        return {"metric_name": violation.feature, **shown}
    return {"feature_name": violation.feature, **shown}


def _violation(monitor: Monitor, entry: Mapping[str, Any]) -> Violation:
    check = str(entry.get("constraint_check_type", ""))
    if monitor is Monitor.BIAS:
        feature = f"{entry.get('facet', '')}={entry.get('facet_value', '')}"
        check = f"{entry.get('metric_name', '')} {check}"
    else:
        names = ("feature_name", "label", "metric_name")
        feature = next((str(entry[name]) for name in names if entry.get(name) is not None), "")
    return Violation(feature=feature, check=check, description=str(entry.get("description", "")))
