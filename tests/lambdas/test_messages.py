from dataclasses import replace

import pytest

from lambdas.messages import message
from lambdas.records import NotRetrained, Outcome, Refused, RetrainingStarted, Stuck, Veto
from lambdas.situation import Endpoint
from tests.lambdas.situations import SERVED, journal, opened, situation

NOW = situation(journal(*SERVED), ringing=("churn-dev-backstop",))


def test_a_message_says_what_why_what_serves_and_what_to_do():
    """Whoever is woken at night needs nothing else to begin."""
    record = Outcome(release_id="r4-v2", version=2, outcome="rolled_back", reason="Config-2-latency rang")
    said = message(record, NOW, stage="prod")
    assert said.subject == "churn-prod: release r4-v2 of version 2 was rolled back"
    assert said.body.splitlines() == [
        "What: churn in stage prod: release r4-v2 of version 2 was rolled back.",
        "Why: Config-2-latency rang.",
        "Serves now: version 1 (release r1-v1); the endpoint is InService.",
        "Alarms ringing: churn-dev-backstop.",
        "",
        "What you can do:",
        "  sluice history churn --stage prod    what happened",
        "  sluice status churn --stage prod    what serves now",
        "  docs/runbooks.md#rolled-back    what to do, step by step",
    ]


@pytest.mark.parametrize(
    ("record", "step"),
    [
        (Outcome(release_id="r1-v1", version=1, outcome="deployed", reason="x"), "sluice rollback churn --stage prod"),
        (Refused(version=2, reason="x"), "sluice approve churn/2 --stage prod"),
        (Stuck(version=1, reason="x"), "docs/runbooks.md"),
        (Veto(version=1, by="ada", cause="person", reason="x"), "sluice history churn --stage prod"),
        (RetrainingStarted(about=4, version=1, execution="a", reason="x"), "sluice runs churn --stage prod"),
        (NotRetrained(version=1, reason="x"), "sluice report churn --stage prod"),
        (NotRetrained(version=1, reason="x"), "docs/runbooks.md#retraining"),
    ],
)
def test_there_is_something_to_do_about_everything(record, step):
    """Commands as they are typed."""
    assert f"  {step}" in message(record, NOW, stage="prod").body


@pytest.mark.parametrize(
    ("cause", "attempt", "expected"),
    [
        ("approval", 1, "Next: attempt 2 of 4 in 1 min, unless a newer version comes."),
        ("approval", 3, "Next: attempt 4 of 4 in 4 min, unless a newer version comes."),
        ("approval", 4, "Next: nothing, 4 attempts have failed. Approve a version when the reason is gone."),
        ("rollback", 9, "Next: the way back is tried again in 15 min, for as long as it takes."),
    ],
)
def test_a_failure_says_what_comes_next(cause, attempt, expected):
    """Whether somebody must get up depends on it."""
    now = situation(journal(*SERVED, opened(2, cause=cause, attempt=attempt)))
    record = Outcome(release_id="r4-v2", version=2, outcome="failed", reason="no capacity")
    assert expected in message(record, now, stage="prod").body.splitlines()


@pytest.mark.parametrize(
    ("reason", "anchor", "approving"),
    [
        ("the stack's rollback failed and could not be continued", "stack-stuck", False),
        ("the serving stack is UPDATE_FAILED: CloudFormation takes no release", "stack-stuck", False),
        ("version 1 is vetoed: bad; there is no version to return to", "nothing-to-go-back-to", True),
    ],
)
def test_who_is_needed_is_told_what_for(reason, anchor, approving):
    """Another version is no help where CloudFormation takes none."""
    said = message(Stuck(version=1, reason=reason), NOW, stage="prod").body
    assert f"docs/runbooks.md#{anchor} " in said
    assert ("sluice approve" in said) == approving


def test_a_subject_is_what_sns_takes():
    """Below 101 characters, ASCII."""
    long = replace(NOW, journal=replace(NOW.journal, model="ü" * 120))
    subject = message(Stuck(version=1, reason="x"), long, stage="prod").subject
    assert len(subject) == 100
    assert subject.isascii()


def test_nothing_is_said_to_serve_where_nothing_does():
    """No endpoint, or a config that the ledger does not know."""
    record = Stuck(version=1, reason="x")
    gone = situation(journal(*SERVED), endpoint=None)
    unknown = situation(journal(*SERVED), endpoint=Endpoint(status="InService", config="Config-9"))
    assert "Serves now: nothing, there is no endpoint." in message(record, gone, stage="prod").body
    assert "Serves now: endpoint config Config-9, which is of no release" in message(record, unknown, stage="prod").body


def test_a_retraining_is_told_with_what_has_drifted():
    """The reason stands in the message as it stands on the package; a full stop of its own is not said twice."""
    reason = "Retrained because version 1 has drifted. data-quality: age moved by 0.4."
    said = message(RetrainingStarted(about=4, version=1, execution="arn", reason=reason), NOW, stage="prod")
    assert said.subject == "churn-prod: version 1 has drifted and is trained anew"
    assert f"Why: {reason}" in said.body.splitlines()
