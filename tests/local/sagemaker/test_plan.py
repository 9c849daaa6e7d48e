import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.sagemaker.hosting.plan import Capacity, instances, plan, waits_seconds, way_back

ONE = "AllTraffic"


def percent(value):
    """A CapacitySize in percent."""
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def count(value):
    """A CapacitySize in instances."""
    return {"Type": "INSTANCE_COUNT", "Value": value}


def blue_green(kind, *, wait=300, last=120, **size):
    """A DeploymentConfig of a blue/green policy."""
    routing = {"Type": kind, "WaitIntervalInSeconds": wait, **size}
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": last}}


def rolling(batch, *, wait=60, back=None):
    """A DeploymentConfig of a rolling policy."""
    more = {"RollbackMaximumBatchSize": back} if back else {}
    return {"RollingUpdatePolicy": {"MaximumBatchSize": batch, "WaitIntervalInSeconds": wait, **more}}


def rows(steps):
    """Each step as (green, active green, blue, active blue, bake)."""
    return [
        (c.green, c.green_active, c.blue, c.blue_active, step.bake_seconds)
        for step in steps
        for c in [step.variants[ONE]]
    ]


@pytest.mark.parametrize(
    ("deployment", "expected"),
    [
        ({}, [(4, 4, 4, 0, 0)]),
        ({"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}]}}, [(4, 4, 4, 0, 0)]),
        (blue_green("ALL_AT_ONCE", wait=9), [(4, 4, 4, 0, 120)]),
        (blue_green("CANARY", CanarySize=percent(25)), [(4, 1, 4, 3, 300), (4, 4, 4, 0, 120)]),
        (blue_green("CANARY", CanarySize=count(2)), [(4, 2, 4, 2, 300), (4, 4, 4, 0, 120)]),
        (
            blue_green("LINEAR", LinearStepSize=percent(50)),
            [(4, 2, 4, 2, 300), (4, 4, 4, 0, 300), (4, 4, 4, 0, 120)],
        ),
        (blue_green("LINEAR", last=0, LinearStepSize=percent(50)), [(4, 2, 4, 2, 300), (4, 4, 4, 0, 300)]),
        (rolling(percent(50)), [(2, 2, 4, 2, 60), (4, 4, 2, 0, 60)]),
        (rolling(count(1)), [(1, 1, 4, 3, 60), (2, 2, 3, 2, 60), (3, 3, 2, 1, 60), (4, 4, 1, 0, 60)]),
    ],
)
def test_each_policy_is_its_steps(deployment, expected):
    """Blue/green has both fleets whole to the end; a rolling update never more than a batch in excess."""
    assert rows(plan(deployment, blue={ONE: 4}, green={ONE: 4})) == expected


def test_fleets_of_different_sizes_shift_the_same_share():
    """A fleet that grows to six takes over a fleet of three: half is three of six, and one of three stays over half."""
    steps = plan(blue_green("CANARY", CanarySize=percent(50)), blue={ONE: 3}, green={ONE: 6})
    assert rows(steps) == [(6, 3, 3, 2, 300), (6, 6, 3, 0, 120)]


def test_several_variants_shift_together():
    """A variant that is whole early waits for the others."""
    deployment = blue_green("LINEAR", last=0, LinearStepSize=count(1))
    steps = plan(deployment, blue={"A": 1, "B": 2}, green={"A": 1, "B": 2})
    active = [{name: capacity.green_active for name, capacity in step.variants.items()} for step in steps]
    assert active == [{"A": 1, "B": 1}, {"A": 1, "B": 2}]
    assert [step.full for step in steps] == [False, True]


def test_a_share_is_one_instance_at_least_and_all_at_most():
    """A percentage is the instances it fills."""
    assert [instances(percent(value), 3) for value in (1, 33, 34, 67, 100)] == [1, 1, 1, 2, 3]
    assert instances(count(5), 3) == 3


def test_a_blue_green_deployment_goes_back_at_once():
    """The old fleet is whole and takes everything."""
    deployment = blue_green("CANARY", CanarySize=percent(25))
    canary, _ = plan(deployment, blue={ONE: 4}, green={ONE: 4})
    assert rows(way_back(deployment, at=canary, blue={ONE: 4})) == [(4, 0, 4, 4, 0)]


def test_a_rolling_update_goes_back_in_batches_or_at_once():
    """In batches when that is asked for; every instance that was terminated returns."""
    deployment = rolling(count(1), back=count(2))
    at = plan(deployment, blue={ONE: 4}, green={ONE: 4})[2]
    assert at.variants[ONE] == Capacity(green=3, blue=2, green_active=3, blue_active=1)
    assert rows(way_back(deployment, at=at, blue={ONE: 4})) == [(3, 1, 3, 3, 0), (1, 0, 4, 4, 0)]
    assert rows(way_back(rolling(count(1)), at=at, blue={ONE: 4})) == [(3, 0, 4, 4, 0)]


sizes = st.one_of(st.integers(1, 100).map(percent), st.integers(1, 40).map(count))
deployments = st.one_of(
    sizes.map(lambda size: blue_green("CANARY", CanarySize=size)),
    sizes.map(lambda size: blue_green("LINEAR", LinearStepSize=size)),
    sizes.map(rolling),
    st.tuples(sizes, sizes).map(lambda pair: rolling(pair[0], back=pair[1])),
)


@given(deployments, st.integers(1, 30), st.integers(1, 30), st.data())
def test_traffic_always_has_somewhere_to_go(deployment, old, new, data):
    """Active instances exist, shares only grow, the last step is full; every way back ends with the old fleet alone."""
    steps = plan(deployment, blue={ONE: old}, green={ONE: new})
    capacities = [step.variants[ONE] for step in steps]
    for capacity in capacities:
        assert 0 < capacity.green_active <= capacity.green <= new
        assert 0 <= capacity.blue_active <= capacity.blue <= old
    assert [c.green_active for c in capacities] == sorted(c.green_active for c in capacities)
    assert steps[-1].full
    assert capacities[-1].green_active == new
    assert waits_seconds(steps) == sum(step.bake_seconds for step in steps)
    at = data.draw(st.sampled_from(steps))
    last = way_back(deployment, at=at, blue={ONE: old})[-1].variants[ONE]
    assert (last.green_active, last.blue_active, last.blue) == (0, old, old)
