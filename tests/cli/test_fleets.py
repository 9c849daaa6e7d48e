from datetime import UTC, datetime, timedelta

import pytest

from cli.fleets import capacities, package_of, phase
from tests.cli.fakes import FakeClient, connection, refusal

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


def endpoint(*, status=None, message="", since=0, active=1, wanted=2, pending="new"):
    """An endpoint of two instances, being updated when a status is given."""
    described = {"EndpointConfigName": "old", "ProductionVariants": [{"CurrentInstanceCount": 2}]}
    if status is None:
        return described
    told = {"Status": status, "StatusMessage": message, "StartTime": NOW - timedelta(seconds=since)}
    variant = {"CurrentInstanceCount": active, "DesiredInstanceCount": wanted, "VariantStatus": [told]}
    return described | {"PendingDeploymentSummary": {"EndpointConfigName": pending, "ProductionVariants": [variant]}}


def shares(described):
    """Role, active instances and share of each fleet."""
    return [(part.role, part.active, round(part.share, 2)) for part in capacities(described, now=NOW)]


def test_at_rest_one_fleet_takes_everything():
    """There is no other."""
    assert shares(endpoint()) == [("serving", 2, 1.0)]


@pytest.mark.parametrize(
    ("status", "active", "expected"),
    [
        ("Creating", 2, [("serving", 2, 1.0), ("new", 0, 0.0)]),
        ("Baking", 1, [("serving", 1, 0.5), ("new", 1, 0.5)]),
        ("Baking", 2, [("serving", 0, 0.0), ("new", 2, 1.0)]),
        ("Deleting", 2, [("serving", 2, 1.0), ("new", 0, 0.0)]),
    ],
)
def test_a_share_is_the_instances_that_take_traffic(status, active, expected):
    """A fleet that is being created or removed takes none, however many instances it has."""
    assert shares(endpoint(status=status, active=active)) == expected


def test_the_first_fleet_of_all_takes_nothing_yet():
    """While an endpoint is created, its config is the pending one."""
    assert shares(endpoint(status="Creating", pending="old")) == [("new", 0, 0.0)]


def test_what_is_left_of_a_bake_is_what_sagemaker_says_less_what_has_passed():
    """By the cloud's clock, and never less than nothing."""
    said = "Baking for 240 seconds (TerminationWaitInSeconds) with traffic enabled on canary capacity of 1 instance(s)."
    assert phase(endpoint(status="Baking", message=said, since=100), now=NOW).left_seconds == 140
    assert phase(endpoint(status="Baking", message=said, since=300), now=NOW).left_seconds == 0
    assert phase(endpoint(status="Creating", message="Launching 2 instance(s)."), now=NOW).left_seconds is None


def test_a_config_that_was_deleted_by_hand_is_of_no_known_package():
    """It is no reason to end with an error: the endpoint goes on without it."""

    def gone(**_):
        raise refusal("ValidationException", 'Could not find endpoint configuration "arn:aws:sagemaker:…".')

    assert package_of(connection(sagemaker=FakeClient(describe_endpoint_config=gone)), "old") is None
