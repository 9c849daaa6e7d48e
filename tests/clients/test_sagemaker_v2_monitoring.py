"""SageMaker's Python SDK v2, unmodified: Model Monitor's baseline, schedule, execution and reports."""

import pytest

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def seen(terminal, notebook):
    """What the program saw."""
    return terminal.run("sagemaker-v2", "sagemaker_v2_monitoring", extra=notebook)


def test_a_monitor_suggests_a_baseline(seen):
    """`suggest_baseline` on a file with a header."""
    assert seen["baseline"] == ["y", "a", "b"]


def test_a_schedule_finds_what_has_drifted(seen):
    """One run, now: of the features that were asked for, the one that moved, and what moved with it."""
    monitored = seen["monitored"]
    assert (monitored["status"], monitored["last"]) == (["CompletedWithViolations"], "CompletedWithViolations")
    assert monitored["job"].startswith("CompletedWithViolations: ")
    drifted = {feature for feature, check in monitored["violations"] if check == "baseline_drift_check"}
    assert {"a"} <= drifted <= {"a", "y"}
    assert monitored["rows"] == 200
