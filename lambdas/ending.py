"""How a release ended, by the truth: what serves, whatever the stack says."""

from __future__ import annotations

from lambdas.records import Opened, Outcome, Result
from lambdas.situation import Situation, same_name


def ending(situation: Situation, release: Opened) -> Outcome:
    """The outcome of the open release, for which nothing is under way any more."""
    result, reason = _verdict(situation, release)
    config = _config(situation) if result == "deployed" else situation.trace.config
    return Outcome(
        release_id=release.release_id,
        version=release.version,
        outcome=result,
        reason=reason,
        config=config,
        alarms=situation.trace.rang,
        seconds=round((situation.now - release.at).total_seconds()),
    )


def _verdict(situation: Situation, release: Opened) -> tuple[Result, str]:
    veto = situation.journal.vetoes.get(release.version)
    abort = situation.journal.abort(release.release_id)
    if not begun(situation, release):
        return _not_begun(situation, release)
    if _serves(situation) and same_name(_config(situation), situation.trace.config):
        unwanted = veto or abort
        late = f"; it was to go back, but that came too late: {unwanted.reason}" if unwanted else ""
        return "deployed", f"its endpoint config serves{late}"
    if veto:
        return "rolled_back", f"version {release.version} is vetoed: {veto.reason}"
    if situation.trace.rang and release.rollout == "guarded":
        return "rolled_back", f"an alarm of its own rang: {', '.join(situation.trace.rang)}"
    if abort:
        return "failed", abort.reason
    if _serves(situation) and _replaced(situation, release):
        return "deployed", "it serves; a deployment of the stack has replaced its endpoint config already"
    return "failed", _failure(situation)


def _not_begun(situation: Situation, release: Opened) -> tuple[Result, str]:
    veto = situation.journal.vetoes.get(release.version)
    abort = situation.journal.abort(release.release_id)
    if veto:
        return "superseded", f"it had not begun when its version was vetoed: {veto.reason}"
    if abort:
        return "failed", abort.reason
    return "superseded", "it could not begin: another update of the stack or endpoint came first"


def begun(situation: Situation, release: Opened) -> bool:
    """Whether CloudFormation has ever taken the release."""
    asked = situation.stack is not None and situation.stack.release_id == release.release_id
    return asked or situation.trace.began or situation.journal.started(release.release_id) is not None


def _config(situation: Situation) -> str | None:
    return situation.endpoint.config if situation.endpoint else None


def _serves(situation: Situation) -> bool:
    return situation.endpoint is not None and situation.endpoint.status == "InService"


def _replaced(situation: Situation, release: Opened) -> bool:
    """Whether what serves is a config that a later deployment made with this release's parameters."""
    stack, endpoint, trace = situation.stack, situation.endpoint, situation.trace
    if stack is None or endpoint is None or situation.serving or stack.release_id != release.release_id:
        return False
    return endpoint.config.lower() in trace.later or not trace.began


def _failure(situation: Situation) -> str:
    if situation.trace.failure:
        return situation.trace.failure
    if situation.endpoint is None:
        return "there is no endpoint"
    state = f"the endpoint is {situation.endpoint.status} with {situation.endpoint.config}"
    return f"{state}: a health check, the capacity or the time allowed did not hold"
