"""What an open release needs: to be asked for, waited for, undone, recovered or ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from lambdas.actions import Action, Append, Apply, Recover, Undo, Wait
from lambdas.ending import begun, ending
from lambdas.records import Opened, Recovery, Started
from lambdas.situation import Situation, same_name

START: Final = timedelta(minutes=30)
"""How long after its opening a release may be asked of the stack."""

_FENCE: Final = timedelta(minutes=2)
"""How long after it may not be asked any more a release can still begin: whoever saw it wanted and in time runs into a
time-out of a minute. Before that it must not be closed, since what is closed must not begin."""

_RECOVERIES: Final = 3
_BETWEEN_RECOVERIES: Final = timedelta(minutes=1)


def drive(situation: Situation, release: Opened) -> Action:
    """What the open release needs next."""
    if not begun(situation, release):
        return _begin(situation, release)
    if situation.trace.began and situation.journal.started(release.release_id) is None:
        return Append(record=Started(release_id=release.release_id))
    if situation.moving:
        return _accompany(situation, release)
    broken = situation.stack is not None and situation.stack.status == "UPDATE_ROLLBACK_FAILED"
    recovery = recover(situation, release.release_id) if broken else None
    return recovery or Append(record=ending(situation, release))


def _begin(situation: Situation, release: Opened) -> Action:
    """Ask for a release that has not begun; close it when it shall not, or could not for too long."""
    journal, until = situation.journal, release.at + START
    for unwanted in (journal.vetoes.get(release.version), journal.abort(release.release_id)):
        until = min(until, unwanted.at) if unwanted else until
    if situation.now >= until + _FENCE:
        return Append(record=ending(situation, release))
    if situation.now >= until:
        return Wait(reason=f"release {release.release_id} has not begun and shall not: it is closed in two minutes")
    if situation.stack and not situation.moving:
        if situation.stack.settled:
            return Apply(release=release)
        if situation.stack.status == "UPDATE_ROLLBACK_FAILED" and (recovery := recover(situation, release.release_id)):
            return recovery
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


def recover(situation: Situation, release_id: str) -> Action | None:
    """Continue the stack's rollback, at most three times a day; None when that has not helped.

    The endpoint must be at rest: while SageMaker updates it, it refuses what the rollback would ask of it.
    """
    done = situation.journal.recoveries()
    if done and situation.now - done[0].at < _BETWEEN_RECOVERIES:
        return Wait(reason=f"the stack's rollback was continued for the {len(done)}. time")
    if len(done) >= _RECOVERIES:
        return None
    # An endpoint that serves is what it shall be; one whose own rollback failed must be put right.
    serves = situation.endpoint is not None and situation.endpoint.status == "InService"
    skipped = situation.stack.failed if situation.stack and serves else ()
    return Recover(record=Recovery(release_id=release_id, attempt=len(done) + 1, skipped=skipped))
