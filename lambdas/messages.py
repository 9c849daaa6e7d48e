"""What people are told: what happened, why, what serves now, and what they can do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from lambdas.candidates import RETRIES, pause
from lambdas.records import NotRetrained, Outcome, Record, Refused, RetrainingStarted, Stuck, Veto
from lambdas.situation import Situation

_SUBJECT_CHARACTERS: Final = 100
"""Amazon SNS API Reference, "Publish": below 101 characters, printable ASCII."""

_WORDS: Final = {
    "deployed": "serves",
    "rolled_back": "was rolled back",
    "superseded": "was superseded",
    "failed": "failed",
}


@dataclass(frozen=True, kw_only=True)
class Message:
    """An SNS message: a `subject` of at most 100 ASCII characters, and a `body` of a few lines."""

    subject: str
    body: str


def message(record: Record, situation: Situation, *, stage: str) -> Message:
    """The message about a record of the ledger."""
    model = situation.journal.model
    what, why = _what(record), _why(record)
    # Named as the endpoint and its alarms are, so that all mails about it can be found by one word.
    subject = f"{model}-{stage}: {what}".encode("ascii", "replace").decode()
    body = [
        f"What: {model} in stage {stage}: {what}.",
        f"Why: {why}.",
        f"Serves now: {_serves(situation)}.",
        *_ringing(situation),
        *_next(record, situation),
        "",
        "What you can do:",
        *(f"  {line}" for line in [*_steps(record, model, stage), *_runbook(record)]),
    ]
    return Message(subject=subject[:_SUBJECT_CHARACTERS], body="\n".join(body))


def _what(record: Record) -> str:
    match record:
        case Outcome(cause="deploy"):
            return f"version {record.version} serves with a new endpoint config"
        case Outcome():
            return f"release {record.release_id} of version {record.version} {_WORDS[record.outcome]}"
        case Refused():
            return f"version {record.version} was refused"
        case Veto():
            return f"version {record.version} is vetoed"
        case Stuck():
            return "a person is needed"
        case RetrainingStarted():
            return f"version {record.version} has drifted and is trained anew"
        case NotRetrained():
            return f"version {record.version} has drifted and is not trained anew"
        case _:
            return record.kind


def _why(record: Record) -> str:
    match record:
        case Veto(by="sluice"):
            return record.reason
        case Veto():
            return f"{record.reason} ({record.by})"
        case Outcome() | Refused() | Stuck() | RetrainingStarted() | NotRetrained():
            return record.reason.rstrip(".")
        case _:
            return "see the history"


def _serves(situation: Situation) -> str:
    endpoint, serving = situation.endpoint, situation.serving
    if endpoint is None:
        return "nothing, there is no endpoint"
    if serving is None:
        return f"endpoint config {endpoint.config}, which is of no release; the endpoint is {endpoint.status}"
    return f"version {serving.version} (release {serving.release_id}); the endpoint is {endpoint.status}"


def _ringing(situation: Situation) -> list[str]:
    return [f"Alarms ringing: {', '.join(situation.ringing)}."] if situation.ringing else []


def _next(record: Record, situation: Situation) -> list[str]:
    """What Sluice does next after a failure, if nobody does anything."""
    if not isinstance(record, Outcome) or record.outcome != "failed":
        return []
    release = situation.journal.opened.get(record.release_id)
    if release is None:
        return []
    minutes = pause(release.attempt) // timedelta(minutes=1)
    if release.cause != "approval":
        return [f"Next: the way back is tried again in {minutes} min, for as long as it takes."]
    if release.attempt > RETRIES:
        return [f"Next: nothing, {release.attempt} attempts have failed. Approve a version when the reason is gone."]
    return [f"Next: attempt {release.attempt + 1} of {RETRIES + 1} in {minutes} min, unless a newer version comes."]


def _steps(record: Record, model: str, stage: str) -> list[str]:
    history = f"sluice history {model} --stage {stage}"
    match record:
        case Outcome(outcome="deployed"):
            back = f'sluice rollback {model} --stage {stage} --reason "..."'
            return [f"{history}    what happened before", f"{back}    go back to the version before"]
        case Refused():
            again = f'sluice approve {model}/{record.version} --stage {stage} --reason "..."'
            return [f"sluice show {model}/{record.version}    the evidence", f"{again}    once the reason is gone"]
        case Stuck():
            if _of_the_stack(record):
                return [f"sluice status {model} --stage {stage}    now"]
            another = f'sluice approve {model}/VERSION --stage {stage} --reason "..."'
            return [f"sluice status {model} --stage {stage}    now", f"{another}    release another version"]
        case RetrainingStarted():
            drifted = f"sluice report {model} --stage {stage}    what has drifted, and by how much"
            return [drifted, f"sluice runs {model} --stage {stage}    how far it is; its version waits for an approval"]
        case NotRetrained():
            drifted = f"sluice report {model} --stage {stage}    what has drifted, and by how much"
            return [drifted, f"{history}    which retrainings there were"]
        case Outcome(outcome="failed"):
            again = f'sluice approve {model}/{record.version} --stage {stage} --reason "..."'
            return [f"{history}    what happened", f"{again}    try it anew once the reason is gone"]
        case _:
            return [f"{history}    what happened", f"sluice status {model} --stage {stage}    what serves now"]


def _runbook(record: Record) -> list[str]:
    """Where it stands what a person does, step by step; nothing about good news."""
    match record:
        case Outcome(outcome="rolled_back"):
            where = "docs/runbooks.md#rolled-back"
        case Outcome(outcome="failed"):
            where = "docs/runbooks.md#failed"
        case Veto(cause="alarm"):
            where = "docs/runbooks.md#backstop-rings"
        case Veto():
            where = "docs/runbooks.md#roll-back-by-hand"
        case Refused():
            where = "docs/runbooks.md#refused"
        case Stuck():
            anchor = "stack-stuck" if _of_the_stack(record) else "nothing-to-go-back-to"
            where = f"docs/runbooks.md#{anchor}"
        case RetrainingStarted() | NotRetrained():
            where = "docs/runbooks.md#retraining"
        case _:
            return []
    return [f"{where}    what to do, step by step"]


def _of_the_stack(stuck: Stuck) -> bool:
    """Whether it is the stack that takes no release; approving another version changes nothing then."""
    return "rollback failed" in stuck.reason or stuck.reason.startswith("the serving stack is ")
