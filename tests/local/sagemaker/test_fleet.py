import random
import threading

import pytest

from local.sagemaker.errors import Retired, Unhealthy
from local.sagemaker.hosting.connections import Response
from local.sagemaker.hosting.fleet import ServerFleet
from local.sagemaker.hosting.instance import Health, Instance, Variant

PATIENCE_SECONDS = 20


class FakeServer:
    """A server that starts when it may, and ends when it is told to or dies."""

    def __init__(self, hall) -> None:
        self._hall = hall
        self._ends: list[int | None] = []
        self._end = threading.Condition()
        self.stopped = False
        self.log, self.answered = self, threading.Event()
        self.answered.set()

    def say(self, line):
        self._hall.lines.append(line)

    def start(self, *, health_check_seconds):
        self._hall.begin()
        if self._hall.fault:
            raise self._hall.fault
        if self._hall.broken:
            raise Unhealthy("it is not well")

    def restart(self, *, health_check_seconds):
        self._hall.restarts += 1
        if self._hall.broken:
            raise Unhealthy("it is not well")

    def die(self):
        with self._end:
            self._ends.append(137)
            self._end.notify_all()

    def ended(self):
        with self._end:
            self._end.wait_for(lambda: self._ends)
            return self._ends.pop(0)

    def invoke(self, body, headers):
        if self.stopped:
            raise Retired("stopped")
        return Response(200, body, {})

    def stop(self, *, drain_seconds=0):
        if drain_seconds:
            self.answered.wait(drain_seconds)
        else:
            self.answered.set()
        with self._end:
            self.stopped = True
            self._ends.append(None)
            self._end.notify_all()


class Hall:
    """Makes fleets of fake servers; `most` is how many have been seen starting at once."""

    def __init__(self) -> None:
        self.servers, self.lines, self.restarts, self.broken = [], [], 0, False
        self.fault: Exception | None = None
        self.together = self.most = 0
        self.rest: threading.Barrier | None = None
        self._lock = threading.Lock()

    def begin(self):
        with self._lock:
            self.together += 1
            self.most = max(self.most, self.together)
        if self.rest is not None:
            self.rest.wait(PATIENCE_SECONDS)
        with self._lock:
            self.together -= 1

    def fleet(self, *names, slots=4):
        variants = {name: Variant(name, "c1", None, 480) for name in names or ("V",)}
        return ServerFleet(
            "c1",
            variants,
            weights=dict.fromkeys(variants, 1.0),
            capture=None,
            make=self._instance,
            slots=threading.BoundedSemaphore(slots),
        )

    def _instance(self, variant, changed):
        server = FakeServer(self)
        self.servers.append(server)
        return Instance(variant, server, log_stream_arn="arn", changed=changed)


@pytest.fixture
def hall():
    """Where fleets are made."""
    return Hall()


def picked(fleet, active, name="V"):
    """The instances that requests to a variant reach."""
    chance = random.Random(3)
    return {id(fleet.pick(name, active, chance=chance)) for _ in range(200)}


def until(condition, reached):
    """Wait for what other threads do."""
    pause = threading.Event()
    for _ in range(PATIENCE_SECONDS * 100):
        if reached():
            return
        pause.wait(0.01)
    raise AssertionError(condition)


def test_a_fleet_starts_a_few_at_a_time(hall):
    """Four in parallel, and no more: each waits here until the fourth has begun."""
    hall.rest = threading.Barrier(4)
    fleet = hall.fleet(slots=4)
    fleet.launch({"V": 8})
    assert fleet.counts() == {"V": 8}
    assert hall.most == 4


def test_launching_adds_only_what_is_missing(hall):
    """Instances that are there stay."""
    fleet = hall.fleet("A", "B")
    fleet.launch({"A": 1, "B": 2})
    fleet.launch({"A": 3, "B": 2})
    fleet.launch({"A": 1})
    assert fleet.counts() == {"A": 3, "B": 2}
    assert len(hall.servers) == 5


def test_a_launch_that_fails_ends_what_it_started_and_nothing_else(hall):
    """AWS's sentence with the variant and the cause."""
    fleet = hall.fleet()
    fleet.launch({"V": 1})
    hall.broken = True
    with pytest.raises(Unhealthy, match=r"production variant V did not pass the ping health check.*it is not well"):
        fleet.launch({"V": 3})
    assert fleet.counts() == {"V": 1}
    assert [server.stopped for server in hall.servers] == [False, True, True]


def test_a_start_that_fails_as_nobody_foresaw_is_a_failed_launch(hall, caplog):
    """What has not started takes no traffic; the log has the defect."""
    fleet = hall.fleet()
    hall.fault = ValueError("nobody foresaw this")
    with pytest.raises(Unhealthy, match="nobody foresaw this"):
        fleet.launch({"V": 2})
    assert fleet.counts() == {"V": 0}
    assert all(server.stopped for server in hall.servers)
    assert "ValueError: nobody foresaw this" in caplog.text


def test_requests_reach_the_active_instances_and_no_others(hall):
    """The first ones, each of them; none of a variant that is not there."""
    fleet = hall.fleet()
    fleet.launch({"V": 3})
    assert len(picked(fleet, 1)) == 1
    assert len(picked(fleet, 3)) == 3
    assert fleet.pick("W", 1, chance=random.Random(1)) is None
    before = picked(fleet, 2)
    fleet.shrink({"V": 2})
    assert picked(fleet, 2) == before
    until("one has ended", lambda: [server.stopped for server in hall.servers].count(True) == 1)


def test_nobody_waits_for_requests_under_way(hall):
    """An instance that hangs is out of the fleet at once, ends when it has answered, or when everything ends."""
    fleet = hall.fleet()
    fleet.launch({"V": 3})
    for server in hall.servers:
        server.answered.clear()
    fleet.shrink({"V": 1})
    assert fleet.counts() == {"V": 1}
    assert not any(server.stopped for server in hall.servers)
    _, answering, hanging = hall.servers
    answering.answered.set()
    until("it has answered", lambda: answering.stopped)
    assert not hanging.stopped
    fleet.stop()
    assert all(server.stopped for server in hall.servers)


def test_a_server_that_ends_is_restarted(hall):
    """Whatever its exit code; the log says so."""
    fleet = hall.fleet()
    fleet.launch({"V": 1})
    hall.servers[0].die()
    until("restarted", lambda: hall.restarts == 1)
    assert fleet.ready()
    assert hall.lines == ["The container ended with exit code 137 and is restarted."]
    fleet.stop()


def test_a_fleet_whose_servers_do_not_come_back_is_not_ready(hall):
    """It takes one try to know; trying goes on, so that it may be ready again."""
    fleet = hall.fleet()
    fleet.launch({"V": 1})
    hall.broken = True
    hall.servers[0].die()
    until("broken", lambda: hall.restarts == 1)
    assert not fleet.ready()
    hall.broken = False
    until("tried again", lambda: hall.restarts == 2)
    assert fleet.ready()
    fleet.stop()


def test_a_lost_fleet_is_not_ready_however_healthy(hall):
    """The fault that tests order."""
    fleet = hall.fleet()
    fleet.launch({"V": 1})
    assert fleet.ready()
    fleet.lose()
    assert not fleet.ready()


def test_an_adopted_instance_serves_on_and_is_ended_with_its_new_fleet(hall):
    """What a rollback that failed leaves."""
    old, new = hall.fleet(), hall.fleet()
    old.launch({"V": 1})
    new.launch({"V": 2})
    old.adopt(new)
    assert (old.counts(), new.counts()) == ({"V": 3}, {"V": 2})
    new.release()
    assert (old.counts(), new.counts()) == ({"V": 3}, {"V": 0})
    new.stop()
    assert not any(server.stopped for server in hall.servers)
    old.stop()
    assert all(server.stopped for server in hall.servers)


def test_a_stopped_fleet_launches_nothing_more(hall):
    """A deployment that is late finds the door closed."""
    fleet = hall.fleet()
    fleet.launch({"V": 1})
    fleet.stop()
    with pytest.raises(Unhealthy, match="stopped"):
        fleet.launch({"V": 2})
    assert all(server.stopped for server in hall.servers)


def test_an_instance_tells_how_it_is(hall):
    """Starting, healthy, and stopped servers refuse."""
    fleet = hall.fleet()
    fleet.launch({"V": 1})
    instance = fleet.pick("V", 1, chance=random.Random(1))
    assert instance.health is Health.HEALTHY
    assert instance.invoke(b"x", {}).body == b"x"
    fleet.stop()
    with pytest.raises(Retired):
        instance.invoke(b"x", {})
