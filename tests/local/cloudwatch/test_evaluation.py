from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloudwatch.evaluation import Rule, evaluate, judge
from local.cloudwatch.metrics import Metric, Metrics, Reading
from tests.local.cloudwatch.conftest import NOON

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


def brute_force(drawn, *, periods, demanded, treatment, state):
    """The guide's sentences one by one, without the short cuts of the code."""
    newest_first = list(reversed(drawn))
    evaluated = [one for one in newest_first if one is not None][:periods]
    lacking = periods - len(evaluated)
    if lacking and treatment in ("breaching", "notBreaching"):
        evaluated += [treatment == "breaching"] * lacking
        lacking = 0
    if evaluated.count(True) >= demanded:
        return "ALARM"
    if not lacking or evaluated.count(False):
        return "OK"
    if treatment == "ignore":
        return state
    if not evaluated:
        return "INSUFFICIENT_DATA"
    oldest_age = max(age for age, one in enumerate(newest_first, 1) if one)
    return "ALARM" if oldest_age >= demanded else state


@given(st.data(), st.integers(1, 6), st.sampled_from(TREATMENTS), st.sampled_from(STATES))
def test_m_of_n_is_read_as_the_guide_has_it(data, periods, treatment, state):
    """For every M, N, treatment and state, whatever is missing: the same as a reading of the sentences."""
    demanded = data.draw(st.integers(1, periods))
    drawn = data.draw(st.lists(st.sampled_from((True, False, None)), min_size=periods + 2, max_size=periods + 2))
    asked = rule(EvaluationPeriods=periods, DatapointsToAlarm=demanded, TreatMissingData=treatment)
    expected = brute_force(drawn, periods=periods, demanded=demanded, treatment=treatment, state=state)
    assert judge(drawn, rule=asked, state=state) == expected


@given(st.lists(st.booleans(), min_size=5, max_size=5), st.sampled_from(TREATMENTS), st.sampled_from(STATES))
def test_nothing_but_the_newest_counts_when_nothing_is_missing(drawn, treatment, state):
    """Neither the treatment nor the state nor the extra data points matter then."""
    found = judge(drawn, rule=rule(DatapointsToAlarm=2, TreatMissingData=treatment), state=state)
    assert found == ("ALARM" if sum(drawn[2:]) >= 2 else "OK")


@pytest.mark.parametrize(("drawn", "state"), [("- - - - X", "OK"), ("- - - X -", "INSUFFICIENT_DATA")])
def test_an_alarm_does_not_ring_too_early(drawn, state):
    """A first breaching data point waits for the next ones; the alarm stays as it was."""
    assert judged(drawn, state=state) == state


@pytest.mark.parametrize(
    ("comparison", "below", "at", "above"),
    [
        ("GreaterThanThreshold", "OK", "OK", "ALARM"),
        ("GreaterThanOrEqualToThreshold", "OK", "ALARM", "ALARM"),
        ("LessThanThreshold", "ALARM", "OK", "OK"),
        ("LessThanOrEqualToThreshold", "ALARM", "ALARM", "OK"),
    ],
)
def test_every_comparison_treats_the_threshold_as_its_name_says(comparison, below, at, above):
    """Below, at and above it."""
    asked = rule(ComparisonOperator=comparison, EvaluationPeriods=1)
    found = [
        evaluate(asked, series(None, None, value), now=NOON, state="INSUFFICIENT_DATA").state
        for value in (0.9, 1.0, 1.1)
    ]
    assert found == [below, at, above]


def test_an_alarm_that_stays_has_no_verdict():
    """Its reason stays too."""
    assert evaluate(rule(), series(0, 0, 0, 0, 0), now=NOON, state="OK") is None
    assert evaluate(rule(), series(None, None, None, None, None), now=NOON, state="INSUFFICIENT_DATA") is None


@pytest.mark.parametrize(
    ("settings", "now", "start", "period", "count"),
    [
        ({}, NOON + timedelta(seconds=59), NOON - timedelta(minutes=5), 60, 5),
        ({"Period": 300, "EvaluationPeriods": 1}, NOON + timedelta(minutes=2), NOON - timedelta(minutes=13), 300, 3),
        ({"Period": 10}, NOON + timedelta(seconds=25), NOON - timedelta(seconds=30), 10, 5),
        ({"Period": 86400, "EvaluationPeriods": 2}, NOON + timedelta(minutes=31), NOON - timedelta(days=4), 86400, 4),
    ],
)
def test_the_window_slides(settings, now, start, period, count):
    """It ends at the last full minute, or ten seconds, or hour when it spans days; two periods more than it needs."""
    window = rule(**settings).window(now)
    assert (window.start, window.period, window.count) == (start.timestamp(), period, count)


REASONS = [
    (
        {"DatapointsToAlarm": 3},
        (0, 0, 2, 3, 4.5),
        "3 out of the last 3 datapoints [4.5 (01/03/26 11:59:00), 3.0 (01/03/26 11:58:00), 2.0 (01/03/26 11:57:00)] "
        "were greater than the threshold (1.0) (minimum 3 datapoints for OK -> ALARM transition).",
    ),
    (
        {"DatapointsToAlarm": 1},
        (None, None, None, None, 2),
        "1 out of the last 3 datapoints [2.0 (01/03/26 11:59:00)] was greater than the threshold (1.0) "
        "(minimum 1 datapoint for OK -> ALARM transition).",
    ),
    (
        {"DatapointsToAlarm": 1, "TreatMissingData": "notBreaching"},
        (None, None, None, None, 2),
        "1 out of the last 3 datapoints [2.0 (01/03/26 11:59:00)] was greater than the threshold (1.0) and 2 missing "
        "datapoints were treated as [NonBreaching] (minimum 1 datapoint for OK -> ALARM transition).",
    ),
    (
        {"EvaluationPeriods": 1},
        (None, None, 2e7),
        "1 datapoint [2.0E7 (01/03/26 11:59:00)] was greater than the threshold (1.0).",
    ),
    (
        {"EvaluationPeriods": 5, "ComparisonOperator": "LessThanThreshold"},
        (9, 9, 0.1, 0.1, 0.1, 0.1, 0.0005),
        "5 datapoints were less than the threshold (1.0). The most recent datapoints which crossed the threshold: "
        "[5.0E-4 (01/03/26 11:59:00), 0.1 (01/03/26 11:58:00), 0.1 (01/03/26 11:57:00), 0.1 (01/03/26 11:56:00), "
        "0.1 (01/03/26 11:55:00)].",
    ),
    (
        {"TreatMissingData": "breaching", "DatapointsToAlarm": 2},
        (None, None, None, None, 0),
        "1 datapoint was received for 3 periods and 2 missing datapoints were treated as [Breaching].",
    ),
    (
        {"TreatMissingData": "breaching", "EvaluationPeriods": 1},
        (None, None, None),
        "no datapoints were received for 1 period and 1 missing datapoint was treated as [Breaching].",
    ),
]


@pytest.mark.parametrize(("settings", "values", "told"), REASONS)
def test_an_alarm_says_why_it_rings(settings, values, told):
    """In the words of AWS's notifications."""
    verdict = evaluate(rule(**settings), series(*values), now=NOON, state="OK")
    assert (verdict.state, verdict.reason) == ("ALARM", f"Threshold Crossed: {told}")


@pytest.mark.parametrize(
    ("settings", "values", "state", "told"),
    [
        (
            {"DatapointsToAlarm": 2},
            (0, 2, 2, 0.5, 0),
            "OK",
            "Threshold Crossed: 2 out of the last 3 datapoints [0.0 (01/03/26 11:59:00), 0.5 (01/03/26 11:58:00)] were "
            "not greater than the threshold (1.0) (minimum 2 datapoints for ALARM -> OK transition).",
        ),
        (
            {"TreatMissingData": "notBreaching"},
            (None,) * 5,
            "OK",
            "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as "
            "[NonBreaching].",
        ),
        ({}, (None,) * 5, "INSUFFICIENT_DATA", "Insufficient Data: 3 datapoints were unknown."),
    ],
)
def test_an_alarm_says_why_it_stops(settings, values, state, told):
    """Because of data, of none, or since none means nothing."""
    verdict = evaluate(rule(**settings), series(*values), now=NOON, state="ALARM")
    assert (verdict.state, verdict.reason) == (state, told)


def test_the_data_of_a_reason_are_those_that_were_evaluated():
    """Recent ones oldest first, evaluated ones newest first, as AWS has them; `startDate` is the oldest."""
    asked = rule(EvaluationPeriods=2, Unit="Count")
    verdict = evaluate(asked, series(9, None, 2, 3), now=NOON + timedelta(seconds=10), state="OK")
    assert verdict.data == {
        "version": "1.0",
        "queryDate": "2026-03-01T12:00:10.000+0000",
        "startDate": "2026-03-01T11:58:00.000+0000",
        "unit": "Count",
        "statistic": "Sum",
        "period": 60,
        "recentDatapoints": [2, 3],
        "threshold": 1.0,
        "evaluatedDatapoints": [
            {"timestamp": "2026-03-01T11:59:00.000+0000", "sampleCount": 1.0, "value": 3},
            {"timestamp": "2026-03-01T11:58:00.000+0000", "sampleCount": 1.0, "value": 2},
        ],
    }


def test_missing_data_points_are_told_by_their_time():
    """Where there is nothing else to tell."""
    verdict = evaluate(rule(EvaluationPeriods=1), series(None, None, None), now=NOON, state="OK")
    told = {name: verdict.data.get(name) for name in ("startDate", "recentDatapoints", "evaluatedDatapoints")}
    assert told == {
        "startDate": None,
        "recentDatapoints": [],
        "evaluatedDatapoints": [{"timestamp": "2026-03-01T11:59:00.000+0000"}],
    }


@pytest.mark.parametrize(("samples", "state"), [(99, None), (100, "ALARM")])
def test_a_percentile_of_too_few_samples_changes_nothing_if_it_shall_not(samples, state):
    """Ten samples beyond p90, which is a hundred in all ("Percentile-based alarms and low data samples")."""
    settings = {name: value for name, value in SETTINGS.items() if name != "Statistic"}
    asked = Rule.of({**settings, "ExtendedStatistic": "p90", "EvaluateLowSampleCountPercentile": "ignore"})
    verdict = evaluate(asked, lambda _, window: [Reading(2.0, samples)] * window.count, now=NOON, state="OK")
    assert (verdict and verdict.state) == state


def stat(query_id, name, statistic="Sum"):
    """A query for a metric that an expression uses."""
    metric = {"Namespace": "App", "MetricName": name}
    return {"Id": query_id, "MetricStat": {"Metric": metric, "Period": 60, "Stat": statistic}, "ReturnData": False}


RATE = {
    "Metrics": [
        stat("errors", "errors"),
        stat("requests", "requests"),
        {"Id": "rate", "Expression": "IF(requests >= 10, errors / requests, 0)"},
    ],
    "EvaluationPeriods": 1,
    "Threshold": 0.05,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
}


@pytest.mark.parametrize(
    ("errors", "requests", "state"),
    [(1, 20, "ALARM"), (0, 20, "OK"), (9, 9, "OK"), (0, 0, "OK")],
)
def test_a_rate_rings_only_above_its_floor_of_traffic(errors, requests, state):
    """Five in a hundred of enough requests; too few, or none at all, say nothing."""
    metrics = Metrics()
    for name, count, value in (("errors", errors, 1.0), ("requests", requests, 1.0)):
        for _ in range(count):
            metrics.put(Metric("App", name, frozenset()), {"Value": value}, at=NOON)
    now = NOON + timedelta(seconds=70)
    verdict = evaluate(Rule.of(RATE), metrics.readings, now=now, state="INSUFFICIENT_DATA")
    assert (verdict.state, "statistic" in verdict.data) == (state, False)


def test_single_data_points_ring_for_as_long_as_they_are_in_the_range():
    """One of one period in a range of three: the alarm ends when the third minute without data has closed."""
    metrics, state, found = Metrics(), "OK", []
    metrics.put(Metric("App", "errors", frozenset()), {"Value": 5.0}, at=NOON)
    asked = rule(EvaluationPeriods=1, TreatMissingData="notBreaching")
    for minute in range(1, 6):
        now = NOON + timedelta(minutes=minute, seconds=10)
        verdict = evaluate(asked, metrics.readings, now=now, state=state)
        state = verdict.state if verdict else state
        found.append(state)
    assert found == ["ALARM", "ALARM", "ALARM", "OK", "OK"]
