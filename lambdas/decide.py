"""What should happen next to a model's endpoint, decided from what is: pure, so that every case can be tested."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from lambdas.actions import Action, Append, Open, Tell, Wait
from lambdas.candidates import returns
from lambdas.records import Outcome, Veto
from lambdas.settling import settle
from lambdas.situation import Situation
from lambdas.underway import drive

_EVALUATION: Final = timedelta(minutes=3)
"""How long after its last period an alarm may still speak of the fleet before (evaluation and metrics' delay)."""


def decide(situation: Situation) -> Action:
    """The one action that brings what serves closer to what should serve.

    The answer depends on nothing but `situation`, so an event that comes twice, late or out of order asks the same
    question again and, once answered, changes nothing. What is vetoed goes before everything, then the release under
    way, then what serves and must not, then what was lost, then people, then what is new.
    """
    action = _condemn(situation)
    if action is None:
        release = situation.journal.open
        action = drive(situation, release) if release else settle(situation)
    untold = situation.journal.untold
    # People wait for what serves, a new release waits for people: they should have read of the last one.
    patient = isinstance(action, Wait) or (isinstance(action, Open) and action.release.cause == "approval")
    return Tell(record=untold[0]) if untold and patient else action


def _condemn(situation: Situation) -> Action | None:
    """The veto that a rejection by hand or the backstop alarm amounts to."""
    journal, serving = situation.journal, situation.serving
    for version in {release.version for release in (serving, journal.open) if release} - journal.vetoes.keys():
        package = situation.packages.get(version)
        if package and package.approval == "Rejected":
            reason = "the package was rejected in the model registry"
            return Append(record=Veto(version=version, by="sluice", cause="rejected", reason=reason))
    if (rang := situation.backstop) and (watch := watched(situation)):
        deployed, begins, ends = watch
        if deployed.at + begins < rang <= deployed.at + ends:
            reason = f"the backstop alarm rang at {rang:%Y-%m-%d %H:%M:%S} UTC, after the release"
            return Append(record=Veto(version=deployed.version, by="sluice", cause="alarm", reason=reason))
    return None


def watched(situation: Situation) -> tuple[Outcome, timedelta, timedelta] | None:
    """The guarded release whose backstop alarm is a veto, and from when to when after its outcome; None for others.

    Early alarms may still speak of the fleet before, and those after a release that did not hold of its canary: that
    was behind the same endpoint. Without a version to return to a veto would change nothing.
    """
    serving, journal = situation.serving, situation.journal
    if serving is None or journal.open or serving.version in journal.vetoes:
        return None
    if journal.opened[serving.release_id].rollout != "guarded":
        return None
    if all(candidate.version == serving.version for candidate in returns(situation)):
        return None
    deployed = journal.outcomes[serving.release_id]
    latest = max(outcome.at for outcome in journal.outcomes.values())
    begins = latest - deployed.at + timedelta(seconds=situation.policy.backstop_seconds) + _EVALUATION
    ends = timedelta(hours=situation.policy.watch_hours)
    return (deployed, begins, ends) if ends > begins else None
