from datetime import UTC, datetime

import pytest

from local.cloudwatch.evaluation import Rule, judge
from local.cloudwatch.metrics import Reading

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
STATES = ("OK", "ALARM", "INSUFFICIENT_DATA")
SETTINGS = {
    "Namespace": "App",
    "MetricName": "errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}
KEPT = "the state it had"


def rule(**changes):
    """The rule of an alarm on a sum."""
    return Rule.of({**SETTINGS, **changes})


def points(drawn):
    """Whether each data point breaches, from the guide's drawing of it."""
    return [{"X": True, "0": False, "-": None}[sign] for sign in drawn.split()]


def series(*values):
    """A look-up that gives these values, oldest first, as if each came from one sample."""
    return lambda _statistic, window: [None if value is None else Reading(value, 1.0) for value in values]


def judged(drawn, *, state, **changes):
    """The state after the drawn data points."""
    return judge(points(drawn), rule=rule(**changes), state=state)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    ("drawn", "demanded", "expected"),
    [
        ("0 - X - X", 3, ("OK", "OK", "OK", "OK")),
        ("0 - - - -", 3, ("OK", "OK", "OK", "OK")),
        ("- - - - -", 3, ("INSUFFICIENT_DATA", KEPT, "ALARM", "OK")),
        ("0 X X - X", 3, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("- - X - -", 3, ("ALARM", KEPT, "ALARM", "OK")),
        ("0 - X - X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0 0 X 0 X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0 - X - -", 2, ("OK", "OK", "ALARM", "OK")),
        ("- - - - 0", 2, ("OK", "OK", "ALARM", "OK")),
        ("- - - X -", 2, ("ALARM", KEPT, "ALARM", "OK")),
    ],
)
def test_the_tables_of_the_guide(drawn, demanded, expected, state):
    """ "How alarm state is evaluated when data is missing": each row, each treatment, from each state."""
    found = [
        judged(drawn, state=state, TreatMissingData=treatment, DatapointsToAlarm=demanded) for treatment in TREATMENTS
    ]
    assert found == [state if state_after == KEPT else state_after for state_after in expected]
