import pytest
from hypothesis import given
from hypothesis import strategies as st

from env import canary
from env.errors import SingleInstanceError
from env.stage import AllAtOnce, Autoscaling, Canary, Linear, Serving

ALL_AT_ONCE = AllAtOnce(policy="all-at-once", final_bake_seconds=120)
LINEAR = Linear(policy="linear", step_percent=25, bake_seconds=300, final_bake_seconds=600)


@pytest.mark.parametrize(
    ("deployment", "instance_count", "expected"),
    [
        (ALL_AT_ONCE, 1, (1,)),
        (ALL_AT_ONCE, 4, (4,)),
        (Canary(policy="canary", canary_percent=10), 2, (1, 2)),
        (Canary(policy="canary", canary_percent=25), 4, (1, 4)),
        (Canary(policy="canary", canary_percent=40), 3, (1, 3)),
        (Linear(policy="linear", step_percent=25), 4, (1, 2, 3, 4)),
        (Linear(policy="linear", step_percent=50), 5, (2, 4, 5)),
    ],
)
def test_a_step_is_the_share_in_whole_instances(deployment, instance_count, expected):
    """A step fills whole instances, one at least, and the last step is the whole fleet."""
    assert expected == canary.steps(deployment, instance_count=instance_count)


@pytest.mark.parametrize("deployment", [Canary(policy="canary"), Linear(policy="linear")])
def test_one_instance_cannot_be_divided(deployment):
    """A canary or linear deployment on one instance is refused, by name."""
    with pytest.raises(SingleInstanceError, match=f"A {deployment.policy} deployment needs at least two instances"):
        canary.steps(deployment, instance_count=1)


@given(percent=st.integers(1, 50), instance_count=st.integers(2, 200))
def test_a_canary_is_never_more_than_half(percent, instance_count):
    """SageMaker allows a canary of at most half the fleet."""
    first, last = canary.steps(Canary(policy="canary", canary_percent=percent), instance_count=instance_count)

    assert (1 <= first <= instance_count / 2, instance_count) == (True, last)


@given(percent=st.integers(10, 50), instance_count=st.integers(2, 200))
def test_linear_steps_grow_to_the_whole_fleet(percent, instance_count):
    """Each linear step adds instances, and nothing is left over at the end."""
    steps = canary.steps(Linear(policy="linear", step_percent=percent), instance_count=instance_count)

    assert sorted(set(steps)) == list(steps)
    assert instance_count == steps[-1]


@pytest.mark.parametrize(
    ("deployment", "instances", "expected"),
    [
        (ALL_AT_ONCE, 1, 120),
        (Canary(policy="canary", bake_seconds=300, final_bake_seconds=600), 2, 900),
        (LINEAR.model_copy(update={"step_percent": 30}), 10, 4 * 300 + 600),
        (LINEAR.model_copy(update={"step_percent": 20}), 7, 7 * 300 + 600),
        (LINEAR.model_copy(update={"step_percent": 50}), 3, 3 * 300 + 600),
        (LINEAR.model_copy(update={"step_percent": 10}), 2, 2 * 300 + 600),
    ],
)
def test_the_waits_add_up(deployment, instances, expected):
    """All bakes together take as long as the steps that the instances make, and the final bake."""
    serving = Serving(instance_type="ml.m5.large", instance_count=instances, deployment=deployment)
    assert expected == canary.waits_seconds(serving)


def test_the_waits_are_those_of_the_number_of_instances_that_takes_longest():
    """Two to eight instances by 25 %: seven of them step one by one, eight by twos."""
    scaling = Autoscaling(minimum=2, maximum=8, invocations_per_instance=600)
    serving = Serving(instance_type="ml.m5.large", instance_count=2, deployment=LINEAR, autoscaling=scaling)
    assert canary.waits_seconds(serving) == 7 * 300 + 600


def test_a_bake_outlasts_its_alarm():
    """An alarm that needs three bad minutes needs a bake of six, for metrics arrive late."""
    assert canary.least_bake_seconds(minutes=3) == 360


@pytest.mark.parametrize(
    ("green_active", "green_count", "blue_count", "expected"),
    [
        (0, 4, 4, 0.0),
        (1, 4, 4, 0.25),
        (1, 2, 2, 0.5),
        (1, 2, 1, 0.5),
        (1, 4, 8, 1 / 7),
        (4, 4, 4, 1.0),
    ],
)
def test_a_fleet_takes_traffic_by_its_active_instances(green_active, green_count, blue_count, expected):
    """A canary of one instance in four takes a quarter of the requests: as much of the old fleet stands still."""
    blue = canary.blue_active(green_active, green_count=green_count, blue_count=blue_count)

    assert expected == canary.traffic_share(green_active=green_active, blue_active=blue)


@given(green_count=st.integers(2, 50), blue_count=st.integers(1, 50), data=st.data())
def test_the_old_fleet_serves_until_the_new_one_is_whole(green_count, blue_count, data):
    """Until all of the new fleet is active, an instance of the old one is active too."""
    green = data.draw(st.integers(0, green_count))
    blue = canary.blue_active(green, green_count=green_count, blue_count=blue_count)

    assert (green == green_count) == (blue == 0)


def test_no_share_without_an_instance():
    """Traffic that nothing can take has no share."""
    with pytest.raises(ValueError, match="no instance is active"):
        canary.traffic_share(green_active=0, blue_active=0)
