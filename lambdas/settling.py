"""What is not as it should be while no release is open: lost, vetoed, replaced by a deployment, or new."""

from __future__ import annotations

from collections.abc import Iterator

from lambdas.actions import Action, Append, Open, Reject, Wait
from lambdas.candidates import Candidate, forward, returns
from lambdas.journal import DAY
from lambdas.records import Opened, OpenedCause, Outcome, Stuck
from lambdas.situation import Situation
from lambdas.underway import recover


def settle(situation: Situation) -> Action:
    """Nothing is open: what is the first thing that is not as it should be?"""
    if situation.stack is None:
        return Wait(reason="the serving stack is not deployed")
    if situation.moving:
        return Wait(reason=_why_moving(situation))
    if situation.stack.status == "UPDATE_ROLLBACK_FAILED":
        return recover(situation, "") or _stuck(situation, "the stack's rollback failed and could not be continued")
    if not situation.stack.settled:
        return _stuck(situation, f"the serving stack is {situation.stack.status}: CloudFormation takes no release")
    return next(_wishes(situation), Wait(reason="what should serve does"))


def _wishes(situation: Situation) -> Iterator[Action]:
    """What is not as it should be while stack and endpoint are at rest, the most pressing first."""
    yield from _deployed_again(situation)
    yield from _return(situation)
    yield from _restore(situation)
    yield from _reject(situation)
    yield from _forward(situation)


def _why_moving(situation: Situation) -> str:
    if situation.stack and situation.stack.moving:
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
    candidates = [c for c in returns(situation) if c.version == wanted.version]
    # A version that serves is not given up for another one because the stack's parameters are out of date.
    if not (serving and endpoint and endpoint.status == "InService"):
        candidates = candidates or list(returns(situation))
    if lost and candidates:
        yield from _immediate(situation, candidates, cause="restore", reason=lost)
    elif lost:
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
    """Say once a day that a person is needed; meanwhile wait for one."""
    last = situation.journal.last_deployed
    said = (stuck for stuck in situation.journal.every(Stuck) if stuck.reason == reason)
    if any(situation.now - stuck.at < DAY for stuck in said):
        return Wait(reason=reason)
    return Append(record=Stuck(version=last.version if last else 0, reason=reason))
