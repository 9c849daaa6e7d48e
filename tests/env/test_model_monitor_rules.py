import pytest

from env import model_monitor_rules
from tests.env.test_monitor_rules import MONITOR, stage

BINARY = {"kind": "binary-classification", "positive_label": "1", "limits": {"auc": {"at_least": 0.7}}}
HOURLY = {"schedule": "model-monitor", "every": "rate(1 hour)", "window_minutes": 60}


def found(monitor, **given):
    """The keys that contradict others, with what is said of them."""
    (parts,) = stage(monitor, **given).models.values()
    return [f"{breach.key} {breach.fault}" for breach in model_monitor_rules.breaches(MONITOR, parts)]


def test_what_model_monitor_can_do_breaks_no_rule():
    """All four of its monitors, by the hour, over the hour before."""
    assert found({**HOURLY, "quality": BINARY, "bias": {"facets": {"sex": "female"}}, "explainability": {}}) == []


def test_the_kit_is_held_to_none_of_it():
    """Its windows and rhythms are its own."""
    assert found({"every": "rate(1 hour)", "window_minutes": 90, "quality": {**BINARY, "positive_label": "0"}}) == []


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (
            {"window_minutes": 90},
            "window_minutes is not the time between two runs, which is what Model Monitor looks at",
        ),
        (
            {"quality": {**BINARY, "positive_label": "0"}},
            "quality.positive_label is not 1, whose probability Model Monitor holds the answer to be",
        ),
        (
            {"quality": {**BINARY, "limits": {}}},
            "quality.limits is missing, and Model Monitor knows no chance: what was measured at training would be the "
            "limit",
        ),
        (
            {"business": {"refused": {"expression": "mean(decision)", "at_most": 0.5}}},
            "business is nothing that Model Monitor looks at",
        ),
    ],
)
def test_what_model_monitor_cannot_do_is_refused(more, expected):
    """Each with its key."""
    assert found({**HOURLY, **more}) == [f"{MONITOR}.{expected}"]


def test_masked_requests_are_the_kits_to_judge():
    """SageMaker captures answers alone then."""
    (said,) = found(HOURLY, capture={"masked": {"age": "drop"}})
    assert said.startswith(f"{MONITOR}.schedule reads what SageMaker captures")
