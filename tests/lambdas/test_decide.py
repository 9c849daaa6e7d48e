from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.decide import Observed, Package, Release, Serving, Wait, decide

MOMENT = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
V1 = Package(arn="arn:aws:sagemaker:eu-west-1:123456789012:model-package/credit-risk/1", version=1, changed=MOMENT)
V2 = Package(arn=V1.arn[:-1] + "2", version=2, changed=MOMENT + timedelta(hours=1))


def observed(*, approved=V2, status="UPDATE_COMPLETE", package_arn=V1.arn, attempts=(), endpoint="InService"):
    """A stage in which version 1 serves and version 2 is approved, but for what is given."""
    serving = Serving(status=status, package_arn=package_arn, attempts=frozenset(attempts))
    return Observed(approved=approved, serving=serving, endpoint_status=endpoint)


def test_a_newly_approved_package_is_released():
    """The newest approved package is what should serve."""
    assert decide(observed()) == Release(package=V2)


def test_the_first_package_is_released_where_there_is_no_endpoint_yet():
    """A stack that was deployed before any model exists takes its first package."""
    assert decide(observed(status="CREATE_COMPLETE", package_arn="none", endpoint=None)) == Release(package=V2)


@pytest.mark.parametrize(
    ("situation", "reason"),
    [
        (observed(approved=None), "no package is approved"),
        (observed(package_arn=V2.arn), "version 2 is what the stack serves"),
        (observed(status="UPDATE_IN_PROGRESS"), "the serving stack is UPDATE_IN_PROGRESS"),
        (observed(status="UPDATE_ROLLBACK_FAILED"), "the serving stack is UPDATE_ROLLBACK_FAILED"),
        (observed(endpoint="Updating"), "the endpoint is Updating"),
        (Observed(approved=V2, serving=None, endpoint_status=None), "the serving stack is not deployed"),
    ],
)
def test_otherwise_it_waits_and_says_why(situation, reason):
    """Whatever stands in the way of a release is named."""
    assert decide(situation) == Wait(reason=reason)


def test_a_release_that_did_not_hold_is_not_tried_again():
    """After a rollback the same approval would end the same way."""
    after_rollback = observed(status="UPDATE_ROLLBACK_COMPLETE", attempts=[V2.release_id])
    assert "was tried and did not hold" in decide(after_rollback).reason


def test_approving_again_is_a_new_attempt():
    """A later approval of the same version has another release id."""
    again = Package(arn=V2.arn, version=2, changed=V2.changed + timedelta(minutes=5))
    after_rollback = observed(approved=again, status="UPDATE_ROLLBACK_COMPLETE", attempts=[V2.release_id])
    assert decide(after_rollback) == Release(package=again)


def test_a_release_id_is_a_valid_client_request_token():
    """CloudFormation takes letters, digits and hyphens, at most 128 of them."""
    assert V2.release_id == "v2-20261102T110000000000"


class World:
    """A stack that takes what it is told, as CloudFormation does: the token of an update stays in its events."""

    def __init__(self):
        self.approved, self.serving, self.releases = (
            None,
            Serving(status="CREATE_COMPLETE", package_arn="none", attempts=frozenset()),
            [],
        )

    def approve(self, version):
        changed = MOMENT + timedelta(hours=version)
        newest = max(version, self.approved.version if self.approved else 0)
        if newest == version:
            self.approved = Package(arn=f"{V1.arn[:-1]}{version}", version=version, changed=changed)

    def event(self):
        action = decide(Observed(approved=self.approved, serving=self.serving, endpoint_status="InService"))
        if isinstance(action, Release):
            self.releases.append(action.package.release_id)
            attempts = self.serving.attempts | {action.package.release_id}
            self.serving = Serving(status="UPDATE_IN_PROGRESS", package_arn=action.package.arn, attempts=attempts)

    def finish(self, holds, before="none"):
        if self.serving.status == "UPDATE_IN_PROGRESS":
            status = "UPDATE_COMPLETE" if holds else "UPDATE_ROLLBACK_COMPLETE"
            arn = self.serving.package_arn if holds else before
            self.serving = Serving(status=status, package_arn=arn, attempts=self.serving.attempts)


steps = st.lists(
    st.one_of(
        st.integers(1, 4).map(lambda version: ("approve", version)),
        st.just(("event", None)),
        st.booleans().map(lambda holds: ("finish", holds)),
    ),
    max_size=30,
)


@given(steps)
def test_events_in_any_number_and_order_do_nothing_twice(history):
    """Each approval is released at most once, however often and whenever its events come."""
    world = World()
    for kind, value in history:
        if kind == "approve":
            world.approve(value)
        elif kind == "event":
            world.event()
        else:
            world.finish(value)
    assert len(world.releases) == len(set(world.releases))


@given(steps)
def test_in_the_end_the_newest_approved_package_serves(history):
    """When events keep coming and updates hold, what should serve is what serves."""
    world = World()
    for kind, value in history:
        if kind == "approve":
            world.approve(value)
        elif kind == "event":
            world.event()
        else:
            world.finish(True)
    for _ in range(2):
        world.finish(True)
        world.event()
    world.finish(True)
    if world.approved:
        assert world.serving.package_arn == world.approved.arn
