import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.decide import Observed, Package, Release, Serving, Wait, decide, release_id

MOMENT = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
V1 = Package(arn="arn:aws:sagemaker:eu-west-1:123456789012:model-package/credit-risk/1", version=1, changed=MOMENT)
V2 = Package(arn=V1.arn[:-1] + "2", version=2, changed=MOMENT + timedelta(hours=1))
R1 = release_id(V1, after="none")
R2 = release_id(V2, after=R1)


def observed(
    *, approved=V2, status="UPDATE_COMPLETE", package_arn=V1.arn, release=R1, attempts=(R1,), endpoint="InService"
):
    """A stage in which version 1 serves and version 2 is approved, but for what is given."""
    serving = Serving(status=status, package_arn=package_arn, release_id=release, attempts=frozenset(attempts))
    return Observed(approved=approved, serving=serving, endpoint_status=endpoint)


def test_a_newly_approved_package_is_released():
    """The newest approved package is what should serve."""
    assert decide(observed()) == Release(package=V2, release_id=R2)


def test_the_first_package_is_released_where_there_is_no_endpoint_yet():
    """A stack that was deployed before any model exists takes its first package."""
    first = observed(
        approved=V1, status="CREATE_COMPLETE", package_arn="none", release="none", attempts=(), endpoint=None
    )
    assert decide(first) == Release(package=V1, release_id=R1)


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
    after_rollback = observed(status="UPDATE_ROLLBACK_COMPLETE", attempts=[R1, R2])
    assert "was tried and did not hold" in decide(after_rollback).reason


def test_approving_again_is_a_new_attempt():
    """A later approval of the same version has another release id."""
    again = Package(arn=V2.arn, version=2, changed=V2.changed + timedelta(minutes=5))
    after_rollback = observed(approved=again, status="UPDATE_ROLLBACK_COMPLETE", attempts=[R1, R2])
    assert decide(after_rollback) == Release(package=again, release_id=release_id(again, after=R1))


def test_when_the_newest_package_is_rejected_the_one_before_returns():
    """That it has been released once is no reason against it; its return is a release of its own."""
    rejected = observed(approved=V1, package_arn=V2.arn, release=R2, attempts=[R1, R2])
    back = decide(rejected)
    assert back.package == V1
    assert back.release_id not in (R1, R2)


def test_a_return_that_did_not_hold_is_not_tried_again():
    """A return is tried once, like every release."""
    back = release_id(V1, after=R2)
    failed = observed(approved=V1, package_arn=V2.arn, release=R2, attempts=[R1, R2, back])
    assert "was tried and did not hold" in decide(failed).reason


def test_a_release_id_is_a_valid_client_request_token():
    """CloudFormation takes letters, digits and hyphens, at most 128 of them."""
    assert re.fullmatch(r"v2-20261102T110000000000-[0-9a-f]{8}", R2)


class World:
    """A stack that takes what it is told, as CloudFormation does: the token of an update stays in its events."""

    def __init__(self):
        self.packages, self.releases, self.before = {}, [], None
        self.serving = Serving(status="CREATE_COMPLETE", package_arn="none", release_id="none", attempts=frozenset())

    @property
    def approved(self):
        return self.packages.get(max(self.packages, default=None))

    def approve(self, version):
        changed = MOMENT + timedelta(hours=version)
        self.packages.setdefault(version, Package(arn=f"{V1.arn[:-1]}{version}", version=version, changed=changed))

    def reject(self, version):
        self.packages.pop(version, None)

    def event(self):
        action = decide(Observed(approved=self.approved, serving=self.serving, endpoint_status="InService"))
        if isinstance(action, Release):
            self.releases.append(action.release_id)
            self.before = self.serving
            self.serving = Serving(
                status="UPDATE_IN_PROGRESS",
                package_arn=action.package.arn,
                release_id=action.release_id,
                attempts=self.serving.attempts | {action.release_id},
            )

    def finish(self, holds):
        if self.serving.status == "UPDATE_IN_PROGRESS":
            status, stands = ("UPDATE_COMPLETE", self.serving) if holds else ("UPDATE_ROLLBACK_COMPLETE", self.before)
            self.serving = replace(stands, status=status, attempts=self.serving.attempts)

    def live(self, history):
        for kind, value in history:
            getattr(self, kind)(*([] if value is None else [value]))


def histories(*, holds):
    """Approvals, rejections, events and ends of updates in any order."""
    versions = st.integers(1, 4)
    happenings = st.one_of(
        versions.map(lambda version: ("approve", version)),
        versions.map(lambda version: ("reject", version)),
        st.just(("event", None)),
        holds.map(lambda held: ("finish", held)),
    )
    return st.lists(happenings, max_size=30)


@given(histories(holds=st.booleans()))
def test_events_in_any_number_and_order_do_nothing_twice(history):
    """No release is asked for twice, however often and whenever its events come: each has a token of its own."""
    world = World()
    world.live(history)
    assert len(world.releases) == len(set(world.releases))


@given(histories(holds=st.just(True)))
def test_in_the_end_the_newest_approved_package_serves(history):
    """When events keep coming and updates hold, what should serve is what serves, returns included."""
    world = World()
    world.live([*history, *2 * [("finish", True), ("event", None)], ("finish", True)])
    if world.approved:
        assert world.serving.package_arn == world.approved.arn
