from dataclasses import replace
from datetime import timedelta

import pytest

from lambdas.drift import Data, Drift, Execution, Policy, Retrainings, Verdict, name
from lambdas.errors import VerdictError
from lambdas.records import Gathering, NotRetrained, Retraining, RetrainingStarted
from lambdas.retraining import Append, Collect, Start, Wait, decide
from tests.lambdas.situations import BEGIN, SERVED, journal, opened

POLICY = Policy(
    pipeline="churn-dev",
    stop=False,
    cooldown_hours=24,
    at_most_per_day=2,
    minimum_rows=500,
    lookback_hours=12,
    parameters={},
    alarms={"data-quality": "churn-dev-monitor-data-quality", "bias": "churn-dev-monitor-bias"},
)
VERDICT = Verdict(
    monitor="data-quality",
    version=1,
    run="run-9",
    ended=BEGIN,
    report="s3://b/report.html",
    violated=True,
    reason="age moved by 0.4.",
)
ENOUGH = Data(uri="s3://b/churn/data/ab/window.csv", rows=500, sha256="ab")
OLD = Retraining(version=1, monitors=("bias",), run="run-1", reason="so", report="r", data="d", rows=900, sha256="old")
BEGUN = RetrainingStarted(about=4, version=1, execution="arn/1", reason="so")
RUNNING = Execution(arn="arn/1", name="retraining-4", runs=True)
DAYS = 60 * 24
HOUR = timedelta(hours=1)


def drift(log=None, **members):
    """Version 1 serves and has drifted, an alarm rings, and there are rows enough to train on."""
    given = {
        "journal": log or journal(*SERVED),
        "policy": POLICY,
        "ringing": (VERDICT,),
        "serving": 1,
        "executions": (),
        "waiting": None,
        "data": ENOUGH,
    }
    return Drift(**{**given, **members})


def reason(action):
    """Why a retraining was refused, and of which version."""
    assert isinstance(action, Append)
    assert isinstance(action.record, NotRetrained)
    assert (action.record.version, action.record.about) == (1, 0)
    return action.record.reason


def test_drift_that_rings_leads_to_a_retraining_on_the_drifted_rows():
    """It says of which version, because of what, and on what."""
    assert decide(drift()).record == Retraining(
        version=1,
        monitors=("data-quality",),
        run="run-9",
        reason="Retrained because version 1 has drifted. data-quality: age moved by 0.4.",
        report="s3://b/report.html",
        data=ENOUGH.uri,
        rows=500,
        sha256="ab",
    )


def test_several_monitors_are_one_reason():
    """The newest run has the report; a monitor that rings for what a later run no longer finds is left out."""
    quality = replace(
        VERDICT, monitor="model-quality", run="run-8", ended=BEGIN - HOUR, report="old", reason="AUC fell"
    )
    fine = replace(VERDICT, monitor="bias", violated=False)
    record = decide(drift(ringing=(quality, VERDICT, fine))).record
    assert (record.monitors, record.run, record.report) == (("data-quality", "model-quality"), "run-9", VERDICT.report)
    assert record.reason.endswith("data-quality: age moved by 0.4; model-quality: AUC fell.")


def test_what_was_found_against_a_version_before_is_no_reason():
    """Its alarm may ring on: the last run has judged the version that serves now."""
    before = replace(VERDICT, monitor="bias", version=1, run="run-2", ended=BEGIN - HOUR)
    record = decide(drift(ringing=(before, replace(VERDICT, version=2)), serving=2)).record
    assert (record.version, record.monitors) == (2, ("data-quality",))


def test_a_reason_fits_a_parameter():
    """A pipeline's parameter is one line of limited length, however much has moved."""
    found = decide(drift(ringing=(replace(VERDICT, reason="moved\n" * 999),))).record.reason
    assert len(found) == 900
    assert found.endswith("…")
    assert "\n" not in found


@pytest.mark.parametrize("ringing", [(), (replace(VERDICT, violated=False),)])
def test_without_an_alarm_for_what_was_found_nothing_is_said(ringing):
    """No alarm rings, or one that a later run has found nothing for."""
    assert isinstance(decide(drift(ringing=ringing)), Wait)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"policy": replace(POLICY, stop=True)}, "retraining is stopped (monitor.retraining.stop)"),
        ({"executions": (replace(RUNNING, name=""),)}, "another execution of the pipeline churn-dev is under way"),
        ({"waiting": 3}, "version 3, trained because of drift, waits for a decision: approve or reject it"),
        ({"data": replace(ENOUGH, rows=499)}, "the last 12 hours have fewer than 500 rows with labels"),
    ],
)
def test_what_speaks_against_a_retraining_is_written_down(members, words):
    """In words that stay the same as long as the reason does."""
    assert reason(decide(drift(**members))) == words


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"serving": 2}, "version 2 serves, and the monitor has judged version 1"),
        ({"serving": None}, "what serves is of no release that the ledger knows"),
        ({"log": journal(*SERVED, opened(2))}, "version 2 is being released, which may be the cure"),
    ],
)
def test_what_a_release_has_answered_is_waited_for(members, words):
    """An alarm rings on until the next run has judged what serves then: that is no news to anybody."""
    assert decide(drift(**members)) == Wait(reason=words)


@pytest.mark.parametrize(
    ("hours", "words"),
    [(23, "the last retraining is less than 24 hours old"), (25, None)],
)
def test_between_two_retrainings_there_is_time(hours, words):
    """The cooldown runs from the moment at which the last one was decided."""
    action = decide(drift(journal(*SERVED, OLD, BEGUN, minutes=60 * hours)))
    assert (reason(action) if words else None) == words
    assert words or isinstance(action.record, Retraining)


@pytest.mark.parametrize(("hours", "allowed"), [(20, False), (24, True)])
def test_a_day_has_no_more_than_its_number(hours, allowed):
    """Whatever the cooldown: two within 24 hours, and the third when the first is older."""
    quick = replace(POLICY, cooldown_hours=1)
    second = replace(OLD, run="run-2", sha256="older")
    log = journal(*SERVED, OLD, BEGUN, second, replace(BEGUN, about=6), minutes=60 * hours)
    action = decide(drift(log, policy=quick))
    assert isinstance(action.record, Retraining if allowed else NotRetrained)


def test_rows_are_gathered_only_when_nothing_else_speaks_against_it():
    """That takes minutes and reads much."""
    assert decide(drift(data=None)) == Append(record=Gathering(version=1, run="run-9"))
    assert reason(decide(drift(data=None, waiting=3)))
    assert isinstance(decide(drift(data=None, ringing=())), Wait)


@pytest.mark.parametrize(
    ("run", "minutes", "claim", "kind"),
    [("run-9", 14, 4, Collect), ("run-9", 14, 0, Wait), ("run-9", 16, 0, Append), ("run-8", 14, 0, Append)],
)
def test_one_function_gathers_at_a_time(run, minutes, claim, kind):
    """Who has written that it does; one that died holds up the others for as long as it could have lived."""
    log = journal(*SERVED, Gathering(version=1, run=run), minutes=minutes)
    assert isinstance(decide(drift(log, data=None, claim=claim)), kind)


def test_the_same_rows_are_not_trained_on_twice():
    """A second training on them would make the same version."""
    log = journal(*SERVED, replace(OLD, sha256="ab"), BEGUN, minutes=2 * DAYS)
    assert reason(decide(drift(log))) == "the rows with labels are those of the retraining with the number 4"


def test_one_run_of_the_monitor_leads_to_one_retraining():
    """However short the cooldown, and however often its event comes."""
    log = journal(*SERVED, replace(OLD, run="run-9"), BEGUN, minutes=2 * DAYS)
    assert decide(drift(log)) == Wait(reason="run run-9 of the monitor has led to a retraining already")


def test_a_retraining_of_ours_is_waited_for():
    """It is no reason against a retraining: it is the one."""
    action = decide(drift(journal(*SERVED, OLD, BEGUN), executions=(RUNNING,)))
    assert action == Wait(reason="the retraining of version 1 is under way")


def test_a_reason_is_written_once_a_day():
    """Ticks ask many times: the ledger is for people to read. What lasts is said again, and so is another reason."""
    refused = NotRetrained(version=1, reason="retraining is stopped (monitor.retraining.stop)")
    stopped = {"policy": replace(POLICY, stop=True)}
    assert isinstance(decide(drift(journal(*SERVED, refused, minutes=60), **stopped)), Wait)
    assert reason(decide(drift(journal(*SERVED, refused, minutes=DAYS), **stopped)))
    assert reason(decide(drift(journal(*SERVED, refused, minutes=60), waiting=2)))
    assert isinstance(decide(drift(journal(*SERVED, replace(refused, version=7), minutes=60), **stopped)), Append)


def test_after_a_retraining_reasons_are_told_anew():
    """What was said of the time before it says nothing of the time after."""
    refused = NotRetrained(version=1, reason="the last retraining is less than 24 hours old")
    log = journal(*SERVED, refused, OLD, replace(BEGUN, about=5), minutes=60)
    assert reason(decide(drift(log))) == refused.reason


def test_what_was_decided_is_started_whatever_has_changed():
    """The function may have died before it could: the alarm may be silent again, the run may be another."""
    log = journal(*SERVED, OLD, minutes=5)
    action = decide(drift(log, ringing=(), data=None))
    assert action == Start(retraining=log.records[3])


def test_an_execution_that_was_started_is_found_again():
    """The function may have died before it could write it down: its name tells."""
    log = journal(*SERVED, OLD, minutes=5)
    action = decide(drift(log, executions=(RUNNING,)))
    assert action == Append(record=BEGUN)
    assert name(log.records[3]) == "retraining-4"


@pytest.mark.parametrize(
    ("minutes", "stop", "kind"),
    [(9, False, Start), (9, True, Wait), (11, False, Wait), (29, True, Wait), (31, False, Append), (31, True, Append)],
)
def test_what_could_not_be_started_is_given_up(minutes, stop, kind):
    """Not before a function that is about to start it has run into its time-out."""
    log = journal(*SERVED, OLD, minutes=minutes)
    action = decide(drift(log, policy=replace(POLICY, stop=stop)))
    assert isinstance(action, kind)
    if kind is Append:
        assert action.record.about == 4
        assert action.record.reason == (
            "retraining was stopped" if stop else "the pipeline could not be started in time"
        )


def test_what_was_given_up_counts_for_nothing():
    """Neither the cooldown nor the number a day is used up by what never began."""
    given_up = NotRetrained(version=1, reason="so", about=4)
    log = journal(*SERVED, OLD, given_up, minutes=30)
    assert Retrainings(log).last is None
    assert isinstance(decide(drift(log)).record, Retraining)


DOCUMENT = {
    "package_version": "credit-risk/3",
    "run": "r",
    "report": "s3://b/r",
    "window": {"start": "2026-11-02T09:00:00Z", "end": "2026-11-02T10:00:00Z"},
    "monitors": {
        "data-quality": {"outcome": "completed_with_violations", "reason": "age moved", "rows": 9, "violations": []},
        "bias": {"outcome": "completed", "reason": "fine", "rows": 9, "violations": []},
    },
}


def test_a_verdict_is_read_from_what_the_monitor_leaves():
    """What it says of one monitor, and of which version; only violations are a reason."""
    read = Verdict.of(DOCUMENT, monitor="data-quality")
    assert (read.version, read.run, read.report, read.ended) == (3, "r", "s3://b/r", BEGIN)
    assert (read.violated, read.reason) == (True, "age moved")
    assert not Verdict.of(DOCUMENT, monitor="bias").violated


@pytest.mark.parametrize(
    "document",
    [{}, [], {**DOCUMENT, "package_version": "x"}, {**DOCUMENT, "monitors": [1]}, {**DOCUMENT, "window": {"end": "?"}}],
)
def test_a_verdict_of_another_shape_is_said(document):
    """It is never taken for one that has found nothing."""
    with pytest.raises(VerdictError):
        Verdict.of(document, monitor="data-quality")
