from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lambdas.actions import Append
from lambdas.decide import decide, watched
from lambdas.journal import Journal
from lambdas.records import Opened, Outcome, Started, Told, Veto
from lambdas.situation import Endpoint, Package, ReleasePolicy, Situation, Stack

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
REGISTRY = "arn:aws:sagemaker:eu-west-1:123456789012"
POLICY = ReleasePolicy(two_people=True, approval_valid_hours=168, watch_hours=24, backstop_seconds=120)


def released(version, outcome, *, sequence, minute):
    """The records of a guarded release that ended `minute` minutes after noon; people know of it."""
    opened = Opened(
        version=version,
        package_arn=f"{REGISTRY}:model-package/credit-risk/{version}",
        rollout="guarded",
        cause="approval",
        reason="good",
    ).placed(sequence=sequence, at=NOON + timedelta(minutes=minute - 10))
    ended = Outcome(
        release_id=opened.release_id, version=version, outcome=outcome, reason="so", config=f"config-{version}"
    )
    at = NOON + timedelta(minutes=minute)
    records = [Started(release_id=opened.release_id), ended, Told(about=sequence + 2)]
    return [opened, *(record.placed(sequence=sequence + n, at=at) for n, record in enumerate(records, start=1))]


def situation(third, *, rang):
    """Version 2 serves since noon, version 3 was tried for an hour; the backstop rang `rang` minutes past noon."""
    records = [
        *released(1, "deployed", sequence=1, minute=-60),
        *released(2, "deployed", sequence=5, minute=0),
        *(released(3, third, sequence=9, minute=60) if third else []),
    ]
    packages = {
        number: Package(
            arn=f"{REGISTRY}:model-package/credit-risk/{number}",
            version=number,
            approval="Approved",
            status="Completed",
            modified=NOON - timedelta(hours=2),
        )
        for number in (1, 2)
    }
    return Situation(
        journal=Journal.of("credit-risk", records=records, now=NOON + timedelta(hours=3)),
        registry=REGISTRY,
        policy=POLICY,
        first=True,
        may_reject_deployed=True,
        packages=packages,
        stack=Stack(status="UPDATE_COMPLETE", package_arn=packages[2].arn, release_id="r5-v2"),
        endpoint=Endpoint(status="InService", config="config-2"),
        backstop=NOON + timedelta(minutes=rang),
    )


@pytest.mark.parametrize("rang", [6, 90])
def test_what_serves_answers_for_the_backstop_alarm(rang):
    """When it rings in the hours after a release, that release is taken back."""
    action = decide(situation(None, rang=rang))
    assert isinstance(action, Append)
    assert isinstance(action.record, Veto)
    assert (action.record.version, action.record.cause) == (2, "alarm")


@pytest.mark.parametrize("rang", [55, 61, 64])
@pytest.mark.parametrize("third", ["rolled_back", "failed"])
def test_what_serves_does_not_answer_for_another_ones_canary(third, rang):
    """A canary's errors are the endpoint's, too: around its end the alarm speaks of the canary."""
    action = decide(situation(third, rang=rang))
    assert not (isinstance(action, Append) and isinstance(action.record, Veto))


def test_after_another_ones_canary_the_watch_goes_on():
    """A later alarm is its own again, until its watch ends."""
    deployed, begins, ends = watched(situation("rolled_back", rang=90))
    assert deployed.version == 2
    assert (begins, ends) == (timedelta(minutes=65), timedelta(hours=24))


def test_nobody_is_watched_for_ever():
    """After the hours of the watch the alarm only calls people."""
    late = situation(None, rang=25 * 60)
    assert not isinstance(decide(replace(late, journal=replace(late.journal, now=NOON + timedelta(hours=26)))), Append)
