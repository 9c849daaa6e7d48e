"""What should happen next to a model's endpoint, decided from what is: pure, so that every case can be tested."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from lambdas.actions import Action, Append, Apply, Open, Recover, Reject, Tell, Undo, Wait
from lambdas.candidates import Candidate, forward, returns
from lambdas.ending import begun, ending
from lambdas.records import Opened, OpenedCause, Outcome, Recovery, Started, Stuck, Veto
from lambdas.situation import Situation, same_name

START: Final = timedelta(minutes=30)
"""How long after its opening a release may be asked of the stack."""

_FENCE: Final = timedelta(minutes=2)
"""How long after it may not be asked any more a release can still begin: whoever saw it wanted and in time runs into a
time-out of a minute. Before that it must not be closed, since what is closed must not begin."""

_RECOVERIES: Final = 3
_BETWEEN_RECOVERIES: Final = timedelta(minutes=1)
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
        action = _drive(situation, release) if release else _settle(situation)
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


def _drive(situation: Situation, release: Opened) -> Action:
    """What the open release needs next."""
    if not begun(situation, release):
        return _begin(situation, release)
    if situation.trace.began and situation.journal.started(release.release_id) is None:
        return Append(record=Started(release_id=release.release_id))
    if situation.stack and situation.stack.status == "UPDATE_ROLLBACK_FAILED":
        if recovery := _recover(situation, release.release_id):
            return recovery
    elif situation.moving:
        return _accompany(situation, release)
    return Append(record=ending(situation, release))


def _begin(situation: Situation, release: Opened) -> Action:
    """Ask for a release that has not begun; close it when it shall not, or could not for too long."""
    journal, until = situation.journal, release.at + START
    for unwanted in (journal.vetoes.get(release.version), journal.abort(release.release_id)):
        until = min(until, unwanted.at) if unwanted else until
    if situation.now >= until + _FENCE:
        return Append(record=ending(situation, release))
    if situation.now >= until:
        return Wait(reason=f"release {release.release_id} has not begun and shall not: it is closed in two minutes")
    if situation.stack and situation.stack.status == "UPDATE_ROLLBACK_FAILED":
        if recovery := _recover(situation, release.release_id):
            return recovery
    elif situation.stack and situation.stack.settled and not situation.moving:
        return Apply(release=release)
    return Wait(reason=f"release {release.release_id} waits for the stack and the endpoint")


def _accompany(situation: Situation, release: Opened) -> Action:
    """A release under way: to be undone, if someone wants that, at the next bake."""
    journal, endpoint = situation.journal, situation.endpoint
    vetoed, abort = journal.vetoes.get(release.version), journal.abort(release.release_id)
    unwanted = vetoed or abort
    pending = endpoint.pending if endpoint and endpoint.status == "Updating" else None
    if unwanted and release.rollout == "guarded" and pending and same_name(pending, situation.trace.config):
        return Undo(config=pending, reason=unwanted.reason)
    return Wait(reason=f"release {release.release_id} is under way")


def _recover(situation: Situation, release_id: str) -> Action | None:
    """Continue the stack's rollback, at most three times; None when that has not helped."""
    done = situation.journal.recoveries()
    if done and situation.now - done[0].at < _BETWEEN_RECOVERIES:
        return Wait(reason=f"the stack's rollback was continued for the {len(done)}. time")
    if len(done) >= _RECOVERIES:
        return None
    # An endpoint that serves is what it shall be; one whose own rollback failed must be put right.
    serves = situation.endpoint is not None and situation.endpoint.status == "InService"
    skipped = situation.stack.failed if situation.stack and serves else ()
    return Recover(record=Recovery(release_id=release_id, attempt=len(done) + 1, skipped=skipped))


def _settle(situation: Situation) -> Action:
    """Nothing is open: what is the first thing that is not as it should be?"""
    if situation.stack is None:
        return Wait(reason="the serving stack is not deployed")
    if situation.stack.status == "UPDATE_ROLLBACK_FAILED":
        return _recover(situation, "") or _stuck(situation, "the stack's rollback failed and could not be continued")
    if situation.moving or not situation.stack.settled:
        return Wait(reason=_why_moving(situation))
    return next(_wishes(situation), Wait(reason="what should serve does"))


def _wishes(situation: Situation) -> Iterator[Action]:
    """What is not as it should be while stack and endpoint are at rest, the most pressing first."""
    yield from _deployed_again(situation)
    yield from _return(situation)
    yield from _restore(situation)
    yield from _reject(situation)
    yield from _forward(situation)


def _why_moving(situation: Situation) -> str:
    if situation.stack and not situation.stack.settled:
        return f"the serving stack is {situation.stack.status}"
    return f"the endpoint is {situation.endpoint.status}" if situation.endpoint else "there is no endpoint"


def _deployed_again(situation: Situation) -> Iterator[Action]:
    """A deployment of the stack has replaced the config of a release that serves."""
    stack, endpoint, journal = situation.stack, situation.endpoint, situation.journal
    if stack is None or endpoint is None or endpoint.status != "InService" or situation.serving:
        return
    ended = journal.outcomes.get(stack.release_id)
    if ended and ended.outcome == "deployed" and journal.opened[stack.release_id].package_arn == stack.package_arn:
        reason = "a deployment of the serving stack replaced the endpoint config"
        yield Append(
            record=Outcome(
                release_id=ended.release_id,
                version=ended.version,
                outcome="deployed",
                reason=reason,
                cause="deploy",
                config=endpoint.config,
            )
        )


def _return(situation: Situation) -> Iterator[Action]:
    """What serves is vetoed: back to what served well."""
    serving, journal = situation.serving, situation.journal
    if serving is None or serving.version not in journal.vetoes:
        return
    reason = f"version {serving.version} is vetoed: {journal.vetoes[serving.version].reason}"
    candidates = list(returns(situation))
    if candidates:
        yield from _immediate(situation, candidates, cause="rollback", reason=reason)
    elif not any(stuck.version == serving.version for stuck in journal.every(Stuck)):
        yield Append(record=Stuck(version=serving.version, reason=f"{reason}; there is no version to return to"))


def _restore(situation: Situation) -> Iterator[Action]:
    """The stack or the endpoint has lost what the ledger says."""
    stack, endpoint, journal = situation.stack, situation.endpoint, situation.journal
    last, serving = journal.last_deployed, situation.serving
    if stack is None or last is None:
        return
    if serving and serving.version in journal.vetoes:
        return
    lost = _lost(situation)
    wanted = serving or last
    candidates = [c for c in returns(situation) if c.version == wanted.version] or list(returns(situation))
    if lost and candidates:
        yield from _immediate(situation, candidates, cause="restore", reason=lost)
    elif lost and endpoint is None:
        yield from _once_stuck(situation, lost)


def _once_stuck(situation: Situation, lost: str) -> Iterator[Action]:
    last = situation.journal.last_deployed
    reason = f"{lost}; there is no version to restore"
    if last and not any(stuck.reason == reason for stuck in situation.journal.every(Stuck)):
        yield Append(record=Stuck(version=last.version, reason=reason))


def _lost(situation: Situation) -> str:
    """What is not as the ledger says, empty when all is."""
    stack, endpoint, serving = situation.stack, situation.endpoint, situation.serving
    if endpoint is None:
        return "there is no endpoint"
    if endpoint.status != "InService":
        return f"the endpoint is {endpoint.status}"
    if serving is None:
        return f"the endpoint config {endpoint.config} is of no release that the ledger knows"
    if stack and stack.release_id != serving.release_id:
        return f"the stack has the parameters of {stack.release_id}, but {serving.release_id} serves"
    return ""


def _reject(situation: Situation) -> Iterator[Action]:
    """What is vetoed leaves the registry's approved versions, where no other stage can serve it."""
    if not situation.first:
        return
    journal, serving = situation.journal, situation.serving
    deployed = {outcome.version for outcome in journal.every(Outcome) if outcome.outcome == "deployed"}
    for version, veto in journal.vetoes.items():
        package = situation.packages.get(version)
        held = (serving and serving.version == version) or (version in deployed and not situation.may_reject_deployed)
        if package and package.approval == "Approved" and not held:
            yield Reject(package=package, evidence=veto.reason)


def _forward(situation: Situation) -> Iterator[Action]:
    """What is new: the newest version that was admitted to this stage."""
    candidate = forward(situation)
    if candidate is None:
        return
    if (left := candidate.back_off(situation.now)) is not None:
        yield Wait(reason=f"version {candidate.version} is tried again in {left} s")
        return
    broken = situation.endpoint is not None and situation.endpoint.status == "UpdateRollbackFailed"
    release = Opened(
        version=candidate.version,
        package_arn=candidate.package.arn,
        rollout="immediate" if broken else "guarded",
        cause="approval",
        reason=candidate.reason,
        attempt=candidate.failures + 1,
        approved_by=candidate.approved_by,
        follows=situation.serving.release_id if situation.serving else "",
        supersedes=candidate.supersedes,
        alarms=situation.ringing,
    )
    yield Open(release=release, package=candidate.package, check=True, approved_at=candidate.approved_at)


def _immediate(
    situation: Situation, candidates: list[Candidate], *, cause: OpenedCause, reason: str
) -> Iterator[Action]:
    """A return, tried for as long as it takes: three times each version that served well, then the next one.

    From the third failure on, what is new may go first: it may be the cure.
    """
    failures = candidates[0].failures
    if (left := candidates[0].back_off(situation.now)) is not None:
        if failures < 3:
            yield Wait(reason=f"{reason}; the return is tried again in {left} s")
        return
    chosen = candidates[failures // 3 % len(candidates)]
    release = Opened(
        version=chosen.version,
        package_arn=chosen.package.arn,
        rollout="immediate",
        cause=cause,
        reason=reason,
        attempt=failures + 1,
        follows=situation.serving.release_id if situation.serving else "",
        alarms=situation.ringing,
    )
    yield Open(release=release, package=chosen.package, check=False)


def _stuck(situation: Situation, reason: str) -> Action:
    """Say once that a person is needed; then wait for one."""
    last = situation.journal.last_deployed
    since = situation.journal.forward.sequence if situation.journal.forward else 0
    if any(stuck.reason == reason and stuck.sequence > since for stuck in situation.journal.every(Stuck)):
        return Wait(reason=reason)
    return Append(record=Stuck(version=last.version if last else 0, reason=reason))
