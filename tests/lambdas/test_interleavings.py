"""What must hold of releases however events, people, failures and crashes come together.

A short run is part of the suite, a long one is
`SLUICE_INTERLEAVINGS=10000 .venv/bin/pytest -n 0 tests/lambdas/test_interleavings.py`.
"""

import logging
import os

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from tests.lambdas.world import Fault
from tests.lambdas.world_life import Life

SEQUENCES = int(os.environ.get("SLUICE_INTERLEAVINGS", "100"))

_OPERATIONS = (
    *5 * ("PutItem", "UpdateStack", "Invoke"),
    *("Query", "DescribeStacks", "DescribeStackEvents", "DescribeEndpoint", "DescribeModelPackage"),
    *("ListEndpointConfigs", "DescribeStackResources", "DeleteEndpointConfig", "DeleteModel", "ListModelPackages"),
    *("UpdateModelPackage", "DescribeAlarmHistory", "PutMetricData", "GetObject", "Publish"),
    "ContinueUpdateRollback",
)
"""Most can go wrong where something is changed."""

versions = st.sampled_from([0, 0, 0, 1, 2])
"""Counted back: 0 is a new version, 1 the newest there is, 2 the one before."""

flaws = st.sampled_from(["", "", "", "", "", "", "unmeasured", "altered", "own"])
fates = st.sampled_from(["alarm in canary", "alarm in final bake", "unhealthy", "no model"])
notices = st.sampled_from(["noticed", "unnoticed", "stumbles", "mixed"])


calls = st.tuples(st.sampled_from(_OPERATIONS), st.sampled_from([1, 1, 1, 2, 2, 3, 4]))
"""The nth call of an operation while a function runs."""

times = st.sampled_from([10, 55, 60, 120, 500, 1900, 90_000]).map(lambda seconds: ("time", seconds))
advances = st.integers(1, 8).map(lambda times: ("advances", times))
accidents = st.sampled_from([("deploy",), ("reset", 0), ("reset", 1), ("reset", 2), ("backstop",), ("untested",)])


def faults(depth):
    """What happens at which call of a function: mostly nothing."""
    kinds = st.sampled_from(["throttled", "lost", "dies", "died"]).map(Fault)
    if depth:
        then = st.lists(intrusions(depth - 1), min_size=1, max_size=3)
        meanwhile = then.map(lambda steps: Fault("meanwhile", steps))
        kinds = st.one_of(kinds, meanwhile, meanwhile)
    return st.one_of(st.just({}), st.lists(st.tuples(calls, kinds), min_size=1, max_size=2).map(dict))


def intrusions(depth):
    """What may happen while a function runs."""
    wake = st.tuples(st.just("wake"), faults(depth))
    people = st.sampled_from([("takes_back",), ("takes_back",), ("rollback", {}), ("time", 55)])
    return st.one_of(wake, wake, people, people, advances, times, accidents)


def steps(depth):
    """One thing that people, SageMaker, CloudFormation, time or an event does."""
    wake = st.tuples(st.just("wake"), faults(depth))
    fate = st.one_of(st.just(()), st.tuples(fates, notices))
    goes_out = st.tuples(st.just("goes_out"), fate, faults(depth), st.integers(0, 9))
    return st.one_of(
        wake,
        wake,
        wake,
        goes_out,
        goes_out,
        goes_out,
        advances,
        advances,
        st.tuples(st.just("approve"), versions, flaws, fate),
        st.tuples(st.just("order"), versions, faults(0)),
        st.tuples(st.just("fate"), st.tuples(fates, notices)),
        st.tuples(st.just("rollback"), faults(0)),
        st.tuples(st.just("reject"), versions),
        st.tuples(st.just("sweep"), faults(depth)),
        times,
        accidents,
    )


@settings(
    max_examples=SEQUENCES,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(first=st.booleans(), before=st.integers(0, 2), history=st.lists(steps(2), min_size=10, max_size=40))
def test_releases_are_safe_in_every_order_of_events(first, before, history):
    """Invariants hold after every step, and with events stopped the tick alone leads to what should serve."""
    life = Life(first=first)
    life.release_well(before)
    life.play(history)
    life.come_to_rest()
    life.check()
    for outcome in life.outcomes():
        event(outcome)


@pytest.fixture(autouse=True)
def environment(monkeypatch, caplog):
    """The handlers' environment, and no log of what they do a hundred thousand times."""
    caplog.set_level(logging.WARNING, logger="lambdas")
    for name in ("apply", "release", "approve", "rollback", "sweep"):
        caplog.set_level(logging.WARNING, logger=f"lambdas.{name}")
    for name, value in Life.environ().items():
        monkeypatch.setenv(name, value)
