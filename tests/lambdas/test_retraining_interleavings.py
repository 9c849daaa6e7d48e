"""What must hold of retrainings however events, people, failures and crashes come together.

A short run is part of the suite, a long one is
`SLUICE_INTERLEAVINGS=10000 .venv/bin/pytest -n 0 tests/lambdas/test_retraining_interleavings.py`.
"""

import itertools
import logging
import os

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from tests.lambdas.drifting import ALARM, AT_MOST, COOLDOWN, DAY, Drifting
from tests.lambdas.world import MODEL, STAGE, Fault

SEQUENCES = int(os.environ.get("SLUICE_INTERLEAVINGS", "100"))

_OPERATIONS = (
    *3 * ("PutItem", "StartPipelineExecution", "Invoke"),
    *("Query", "DescribeEndpoint", "ListPipelineExecutions", "ListObjectsV2", "GetObject", "DescribeAlarms"),
    *("ListModelPackages", "PutMetricData", "DescribePipeline", "DescribeModelPackage"),
)
_EVENTS = (
    {"model": MODEL},
    {"detail-type": "Scheduled Event", "detail": {}},
    {"detail-type": "Monitoring run ended", "detail": {"stage": STAGE, "model": MODEL}},
    {"detail-type": "CloudWatch Alarm State Change", "detail": {"alarmName": ALARM}},
)

calls = st.tuples(st.sampled_from(_OPERATIONS), st.sampled_from([1, 1, 2, 3]))
times = st.sampled_from([10, 70, 400, 700, 1300, 3700, 9000, 90_000]).map(lambda seconds: ("time", seconds))
drifts = st.tuples(st.just("judge"), st.sampled_from([True, True, True, False]))
happenings = st.sampled_from(
    [("end", False), ("end", True), ("person",), ("decides",), ("releases",), ("switch",), ("rows", 100), ("rows", 900)]
)


def faults(depth):
    """What happens at which call of the function: mostly nothing."""
    kinds = st.sampled_from(["throttled", "lost", "dies", "died"]).map(Fault)
    if depth:
        then = st.lists(steps(depth - 1), min_size=1, max_size=3)
        meanwhile = then.map(lambda steps: Fault("meanwhile", steps))
        kinds = st.one_of(kinds, meanwhile, meanwhile)
    return st.one_of(st.just({}), st.lists(st.tuples(calls, kinds), min_size=1, max_size=2).map(dict))


def steps(depth):
    """One thing that the monitor, people, SageMaker, time or an event does."""
    wake = st.tuples(st.just("wake"), st.sampled_from(_EVENTS), faults(depth))
    return st.one_of(wake, wake, wake, drifts, drifts, times, happenings)


class Life:
    """What can happen to a model that drifts."""

    def __init__(self):
        self.world = Drifting()
        self.world.play = self.play

    def play(self, history):
        for name, *details in history:
            getattr(self, f"_{name}")(*details)

    def _wake(self, event, faults):
        self.world.ask(event, faults)

    def _judge(self, violated):
        self.world.pass_time(1)
        self.world.judge(violated=violated)

    def _time(self, seconds):
        self.world.pass_time(seconds)

    def _end(self, fails):
        self.world.end(fails=fails)

    def _person(self):
        self.world.start("")

    def _decides(self):
        self.world.decide_on_all()

    def _releases(self):
        self.world.decide_on_all("Approved")
        self.world.serves(max(self.world.packages))

    def _switch(self):
        self.world.stop = not self.world.stop

    def _rows(self, rows):
        self.world.rows = rows


def check(world):
    """The ledger keeps to the stage's rules, and holds every retraining that began."""
    decided = world.retrainings()
    for earlier, later in itertools.pairwise(decided):
        assert later - earlier >= COOLDOWN
    for index, at in enumerate(decided):
        assert sum(at - before < DAY for before in decided[: index + 1]) <= AT_MOST
    refusals = [(r["version"]["N"], r["reason"]["S"], r["at"]["S"]) for r in world.of_kind("not_retrained")]
    assert len(refusals) == len(set(refusals))
    started = [int(record["about"]["N"]) for record in world.of_kind("retraining_started")]
    assert len(started) == len(set(started))


def bring_to_rest(world):
    """All is well again, and the tick alone goes on: what drifts is trained anew, once."""
    while any(execution["status"] == "Executing" for execution in world.executions):
        world.end()
    world.decide_on_all()
    world.stop, world.rows = False, 900
    world.judge(violated=False)
    world.pass_time(90_000)
    world.ask(_EVENTS[1])  # what was left half done a day ago is given up or found
    if world.open_releases():
        return
    world.judge()
    before = len(world.executions)
    assert "models" in world.ask(_EVENTS[1])
    assert len(world.executions) == before + 1
    ours = {e["arn"] for e in world.executions if e["name"]}
    assert {record["execution"]["S"] for record in world.of_kind("retraining_started")} == ours


@settings(
    max_examples=SEQUENCES,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(history=st.lists(steps(2), min_size=10, max_size=40))
def test_retrainings_are_safe_in_every_order_of_events(history):
    """Never two at once, never too soon, never twice for one record; and what drifts is trained anew in the end."""
    life = Life()
    life.world.judge()
    life.play(history)
    check(life.world)
    bring_to_rest(life.world)
    check(life.world)
    event(f"{len(life.world.retrainings())} retrainings")


@pytest.fixture(autouse=True)
def environment(monkeypatch, caplog):
    """The function's variables are taken back, and no log of what it does ten thousand times."""
    for name in ("lambdas", "lambdas.retrain"):
        caplog.set_level(logging.ERROR, logger=name)
    for name in ("STAGE", "REGISTRY", "LEDGER", "CAPTURES", "MONITOR_FUNCTION", "MODELS"):
        monkeypatch.setenv(name, "")
