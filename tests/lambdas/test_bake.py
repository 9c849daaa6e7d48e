from datetime import timedelta

import pytest

from lambdas import bake
from tests.lambdas.aws import START
from tests.lambdas.endpoints import CANARY, updating

CANARY_MESSAGE = (
    "Baking for 300 seconds (TerminationWaitInSeconds) with traffic enabled on canary capacity of 1 instance(s)."
)


@pytest.mark.parametrize(
    ("active", "wanted", "old", "share"),
    [(1, 2, 2, 1 / 3), (1, 2, 1, 1 / 2), (1, 4, 3, 1 / 4), (2, 2, 2, 1.0), (3, 2, 2, 1.0)],
)
def test_a_fleet_takes_its_part_of_the_active_instances(active, wanted, old, share):
    """Traffic follows active capacity; once the new fleet is whole, all of it is there."""
    found = bake.of(updating("config-2", active=active, wanted=wanted, old=old))
    assert found.share == pytest.approx(share)


@pytest.mark.parametrize(("active", "seconds"), [(1, 240), (2, 120)])
def test_a_bake_lasts_as_the_deployment_was_asked_for(active, seconds):
    """A part of the fleet waits WaitIntervalInSeconds, all of it TerminationWaitInSeconds."""
    found = bake.of(updating("config-2", active=active, message="Baking."))
    assert found.ends == START + timedelta(seconds=seconds)


def test_the_message_tells_how_long_a_bake_lasts():
    """SageMaker's own words about this bake come before the deployment's configuration."""
    assert bake.of(updating("config-2", message=CANARY_MESSAGE)).ends == START + timedelta(seconds=300)


def test_a_bake_of_unknown_length_has_no_end():
    """Where SageMaker says nothing, nothing is guessed."""
    endpoint = updating("config-2", message="Baking.") | {"LastDeploymentConfig": {}}
    assert bake.of(endpoint).ends is None


@pytest.mark.parametrize("status", ["Creating", "ActivatingTraffic", "Updating", "Deleting"])
def test_only_a_bake_is_a_bake(status):
    """Instances that start, and traffic that is being moved, are no trial."""
    assert bake.of(updating("config-2", status=status)) is None


def test_an_endpoint_at_rest_is_in_no_bake():
    """Without a pending deployment there is nothing to watch."""
    assert bake.of({"EndpointStatus": "InService", "LastDeploymentConfig": CANARY}) is None
