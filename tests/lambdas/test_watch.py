import io
import tarfile
import threading
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ReadTimeoutError

from lambdas import watch
from lambdas.errors import LambdaError
from lambdas.records import Abort, Told, Veto
from lambdas.settings import to_environ
from lambdas.traffic import needed
from tests.lambdas.aws import MODEL, STAGE, START, TABLE, World, refusal
from tests.lambdas.endpoints import updating
from tests.lambdas.releases import deploy, start

OTHER = "abalone"
RELEASE, ENDPOINT = "sluice-prod-release", f"{MODEL}-{STAGE}"
ROWS = [f"{number},own\n" for number in range(7)]
ENOUGH = needed(minimum=10, share=1 / 3)
"""What an endpoint of two instances needs in a minute, so that a canary of one more gets its ten."""


def sample():
    """A sample payload of seven rows."""
    text, archive = "".join(ROWS).encode(), io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as packed:
        member = tarfile.TarInfo("rows.csv")
        member.size = len(text)
        packed.addfile(member, io.BytesIO(text))
    return archive.getvalue()


class CloudWatch:
    """Sums per minute, by what is counted: `requests`, `fleet` or `probes`."""

    def __init__(self, clock):
        self._clock, self.counts = clock, {"requests": Counter(), "fleet": Counter(), "probes": Counter()}
        self.queries, self.fails = {}, None

    def count(self, what, minute, number):
        """So many in the minute that begins that many minutes after the start."""
        self.counts[what][START + timedelta(minutes=minute)] += number

    def get_paginator(self, _):
        return SimpleNamespace(paginate=self._measure)

    def _measure(self, *, MetricDataQueries, StartTime, EndTime):
        if self.fails:
            raise self.fails
        self.queries = {query["Id"]: query["MetricStat"] for query in MetricDataQueries}
        results = []
        for query in MetricDataQueries:
            found = {at: n for at, n in self.counts[query["Id"]].items() if StartTime <= at < EndTime}
            results.append({"Id": query["Id"], "Timestamps": list(found), "Values": list(map(float, found.values()))})
        yield {"MetricDataResults": results}

    def put_metric_data(self, *, Namespace, MetricData):
        (datum,) = MetricData
        assert (Namespace, datum["MetricName"]) == ("Sluice/Release", "Probes")
        assert datum["Dimensions"] == [{"Name": "EndpointName", "Value": ENDPOINT}]
        self.counts["probes"][self._clock.now.replace(second=0)] += datum["Value"]


class Runtime:
    """An endpoint that notes what it is sent, and answers as it is told."""

    def __init__(self):
        self.requests, self.answer, self._lock = [], lambda number: {"Body": io.BytesIO(b"0.5")}, threading.Lock()

    def invoke_endpoint(self, **request):
        with self._lock:
            self.requests.append(request)
        return self.answer(int(request["InferenceId"].rpartition("-")[2]))


class Watched(World):
    """A stage with what the watch looks at beside."""

    def __init__(self):
        super().__init__()
        self.cloudwatch, self.runtime = CloudWatch(self.clock), Runtime()
        self.s3 = SimpleNamespace(get_object=lambda **_: {"Body": io.BytesIO(sample())})
        self.remaining = 60_000

    def tick(self):
        """What the function answers to its schedule."""
        clients = watch.Clients(
            cloudwatch=self.cloudwatch,
            dynamodb=self.dynamodb,
            functions=self.functions,
            runtime=self.runtime,
            s3=self.s3,
            sagemaker=self.sagemaker,
        )
        context = SimpleNamespace(get_remaining_time_in_millis=lambda: self.remaining)
        return watch.handler({}, context, clients=lambda: clients)

    def bake(self, **members):
        """The endpoint in a bake of version 2's config."""
        self.sagemaker.endpoints[ENDPOINT] = updating("config-2", **members)

    @property
    def abort(self):
        return next(self.journal().every(Abort), None)


def settle(monkeypatch, *, enabled=True, minimum=10):
    """The function's environment."""
    probe = watch.Probe(enabled=enabled, minimum_invocations=minimum)
    settings = watch.Settings(stage=STAGE, ledger=TABLE, release_function=RELEASE, models={OTHER: probe, MODEL: probe})
    for name, value in to_environ(settings).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def world(monkeypatch):
    """Version 2, with a sample payload, bakes as a canary of one instance beside two of version 1, for a minute."""
    settle(monkeypatch)
    world = Watched()
    world.sagemaker.register(1)
    world.sagemaker.register(2, SamplePayloadUrl="s3://artefacts/credit-risk/sample.tar.gz")
    deploy(world, 1)
    start(world, 2)
    world.bake()
    world.clock.pass_(seconds=70)
    return world


def test_a_canary_without_traffic_is_probed(world):
    """As many rows are sent as it takes for the canary's share to pass the floor, one a request, and marked."""
    report = world.tick()
    release_id = world.journal().open.release_id
    assert report == {MODEL: {"release": release_id, "sent": ENOUGH, "errors": 0}}
    assert len(world.runtime.requests) == ENOUGH
    assert {request["Body"].decode() for request in world.runtime.requests} == set(ROWS)
    assert {(request["EndpointName"], request["ContentType"]) for request in world.runtime.requests} == {
        (ENDPOINT, "text/csv")
    }
    marks = [request["InferenceId"] for request in world.runtime.requests]
    assert all(mark.startswith(f"sluice-probe-{release_id}-") for mark in marks)


def test_probes_of_a_release_have_names_of_their_own(world):
    """No InferenceId comes twice, from minute to minute, so that labels could be joined to them."""
    world.tick()
    world.cloudwatch.count("fleet", 1, 10)
    world.clock.pass_(minutes=1)
    world.bake(active=2)
    world.tick()
    marks = [request["InferenceId"] for request in world.runtime.requests]
    assert len(marks) == len(set(marks)) == ENOUGH + 10


def test_the_rows_are_sent_in_turn(world, monkeypatch):
    """A minute goes on where the one before ended, so that rare rows have their turn too."""
    settle(monkeypatch, minimum=1)
    world.bake(active=2)
    world.cloudwatch.count("fleet", 0, 1)
    for _ in range(3):
        world.tick()
        world.clock.pass_(minutes=1)
    sent = [request["Body"].decode() for request in world.runtime.requests]
    assert sent == ROWS[1:4]


def test_real_traffic_is_filled_up(world):
    """Only what is missing is sent; the quieter of the last two settled minutes counts."""
    world.clock.pass_(minutes=3)
    world.bake(began=world.clock.now)
    world.cloudwatch.count("requests", 1, 40)
    world.cloudwatch.count("requests", 2, 30)
    world.cloudwatch.count("requests", 3, 1000)
    assert world.tick()[MODEL]["sent"] == ENOUGH - 30


def test_enough_traffic_needs_no_probe(world):
    """Where users test the canary, nobody else does."""
    world.clock.pass_(minutes=3)
    world.bake(began=world.clock.now)
    for minute in (1, 2):
        world.cloudwatch.count("requests", minute, ENOUGH)
    assert world.tick()[MODEL] == {"release": world.journal().open.release_id, "sent": 0, "errors": 0}
    assert world.runtime.requests == []


def test_probes_are_not_taken_for_traffic(world):
    """The probes of one minute do not keep those of a later one from being sent."""
    world.bake(message="Baking for 900 seconds (TerminationWaitInSeconds)")
    sent = []
    for minute in range(1, 8):
        sent.append(world.tick()[MODEL]["sent"])
        world.cloudwatch.count("requests", minute, sent[-1])
        world.clock.pass_(minutes=1)
    assert sent == [ENOUGH] * 7


def test_the_right_things_are_counted(world):
    """Traffic is that of the variant, the fleet's has its config as the third dimension; sums of a minute."""
    world.tick()
    fleet, requests = world.cloudwatch.queries["fleet"], world.cloudwatch.queries["requests"]
    assert (fleet["Period"], fleet["Stat"]) == (60, "Sum")
    assert (fleet["Metric"]["Namespace"], fleet["Metric"]["MetricName"]) == ("AWS/SageMaker", "Invocations")
    variant = [{"Name": "EndpointName", "Value": ENDPOINT}, {"Name": "VariantName", "Value": "AllTraffic"}]
    assert requests["Metric"]["Dimensions"] == variant
    assert fleet["Metric"]["Dimensions"] == [*variant, {"Name": "EndpointConfigName", "Value": "config-2"}]


def test_a_probe_that_fails_is_counted(world):
    """Errors are what probes are for: an error of the model, and no answer at all."""

    def answer(number):
        if number % 3 == 0:
            raise refusal("ModelError", "Received server error (500) from primary")
        if number % 3 == 1:
            raise ReadTimeoutError(endpoint_url="https://runtime")
        return {"Body": io.BytesIO(b"0.5")}

    world.runtime.answer = answer
    report = world.tick()[MODEL]
    numbers = [int(request["InferenceId"].rpartition("-")[2]) for request in world.runtime.requests]
    assert report["errors"] == sum(number % 3 < 2 for number in numbers) > 0
    assert report["sent"] == ENOUGH


def test_probing_ends_before_the_function_does(world):
    """What cannot be begun in time is not sent: the next minute comes with its own."""
    world.remaining = 10_000
    assert world.tick()[MODEL] == {"release": world.journal().open.release_id, "sent": 0, "errors": 0}


def test_a_tick_asks_the_release_to_go_on(world):
    """Each minute of an open release wakes the release function, in a bake or not."""
    world.tick()
    world.sagemaker.serve("config-1")
    world.tick()
    assert world.functions.woken == [(RELEASE, {"model": MODEL})] * 2


def test_without_a_release_nothing_is_asked(world):
    """A model at rest costs one look into the ledger."""
    world.write(Abort(release_id="r1-v1", reason="old", by="sluice"), model=OTHER)
    deploy(world, 2)
    for news in world.journal().untold:
        world.write(Told(about=news.sequence))
    assert world.tick() == {}
    assert world.functions.woken == []


def test_after_a_failure_the_next_attempt_is_not_left_to_chance(world):
    """No event says that a back-off is over: the release function is asked each minute, for an hour."""
    deploy(world, 2, outcome="failed")
    assert world.tick() == {}
    assert world.functions.woken == [(RELEASE, {"model": MODEL})]
    world.clock.pass_(minutes=61)
    world.tick()
    assert len(world.functions.woken) == 1


def test_the_last_probe_is_answered_before_the_time_is_up():
    """A probe that hangs may take all its patience, and the function still reports."""
    assert watch._RESERVE_SECONDS > watch._CONNECT_SECONDS + watch.probing.PATIENCE_SECONDS


def test_an_untested_canary_goes_back(world):
    """When its bake ends and no minute had enough requests, the release is undone, with the number it saw."""
    world.cloudwatch.count("fleet", 1, 3)
    world.cloudwatch.count("fleet", 2, 9)
    world.clock.pass_(seconds=170 - 70)
    world.tick()
    release_id = world.journal().open.release_id
    assert (world.abort.release_id, world.abort.by) == (release_id, "sluice")
    assert world.abort.reason == "untested: 12 requests reached the new fleet, never 10 in a minute"
    assert world.functions.woken == [(RELEASE, {"model": MODEL})]
    assert world.runtime.requests == []


def test_a_tested_canary_goes_on(world):
    """One minute that the alarms could judge is a test."""
    world.cloudwatch.count("fleet", 1, 10)
    world.clock.pass_(seconds=170)
    world.tick()
    assert world.abort is None


def test_a_canary_is_not_judged_before_its_time(world):
    """As long as another tick comes before the bake ends, there is time to probe."""
    world.clock.pass_(seconds=164 - 70)
    world.tick()
    assert world.abort is None
    assert world.runtime.requests


def test_an_abort_is_written_once(world):
    """The second tick at a bake's end finds the release judged, and probes no more."""
    world.clock.pass_(seconds=170 - 70)
    world.tick()
    world.clock.pass_(seconds=30)
    world.tick()
    assert len(list(world.journal().every(Abort))) == 1
    assert world.runtime.requests == []


def test_an_abort_by_somebody_else_is_not_doubled(world):
    """Two ticks that come together write one abort."""
    world.clock.pass_(seconds=170 - 70)
    release_id = world.journal().open.release_id
    world.dynamodb.faster = lambda: world.write(Abort(release_id=release_id, reason="untested", by="sluice"))
    world.tick()
    assert len(list(world.journal().every(Abort))) == 1


def test_a_package_without_a_sample_is_said_to_be(world):
    """It cannot be probed: where there is no traffic either, the reason names the remedy."""
    world.sagemaker.register(2)
    assert world.tick()[MODEL]["sent"] == 0
    world.clock.pass_(seconds=170 - 70)
    world.tick()
    assert "0 requests reached the new fleet" in world.abort.reason
    assert "version 2 has no sample payload to probe it with" in world.abort.reason


def test_a_sample_that_cannot_be_read_waves_nothing_through(world):
    """A broken archive, or one that is gone, hinders the probes and not the judge, who says so."""
    world.s3.get_object = lambda **_: {"Body": io.BytesIO(b"no archive")}
    assert world.tick()[MODEL]["sent"] == 0
    world.clock.pass_(seconds=170 - 70)
    world.tick()
    assert "the sample payload of version 2 is of no use: s3://artefacts/credit-risk/sample.tar.gz cannot" in (
        world.abort.reason
    )


def test_probing_can_be_switched_off(world, monkeypatch):
    """Then users alone test the canary, and too few of them are still too few."""
    settle(monkeypatch, enabled=False)
    assert world.tick()[MODEL]["sent"] == 0
    world.clock.pass_(seconds=170 - 70)
    world.tick()
    assert "probing is switched off (serving.probe)" in world.abort.reason


def test_the_whole_fleet_needs_its_floor_alone(world):
    """In the final bake all traffic is the new fleet's: ten requests are ten."""
    world.bake(active=2)
    world.cloudwatch.count("fleet", 0, 10)
    assert world.tick()[MODEL]["sent"] == 10


@pytest.mark.parametrize("members", [{"rollout": "immediate"}, {"cause": "rollback", "rollout": "immediate"}])
def test_an_immediate_release_is_not_on_trial(world, members):
    """The way back has no canary: it is neither probed nor undone."""
    deploy(world, 2)
    start(world, 1, **members)
    world.clock.pass_(seconds=170)
    assert world.tick() == {MODEL: {"release": world.journal().open.release_id}}
    assert (world.abort, world.runtime.requests) == (None, [])


def test_what_is_vetoed_is_not_probed(world):
    """A release that is to be undone is tested no further."""
    world.write(Veto(version=2, by="somebody", cause="person", reason="bad"))
    world.tick()
    assert world.runtime.requests == []


def test_a_release_that_has_not_started_is_not_the_one_that_bakes(world):
    """While a deployment of the stack bakes, a release that waits for it is not judged by that."""
    deploy(world, 2)
    journal = world.journal()
    world.write(journal.opened["r4-v2"].placed(sequence=0, at=START))
    world.clock.pass_(seconds=170)
    world.tick()
    assert world.journal().open is not None
    assert (world.abort, world.runtime.requests) == (None, [])


def test_one_model_in_trouble_does_not_hide_the_others(world):
    """Every model has its turn and is woken; then the error is the function's own, so that somebody hears of it."""
    world.write(*[world.journal().open.placed(sequence=0, at=START)], model=OTHER)
    world.cloudwatch.fails = refusal("ThrottlingException", "Rate exceeded")
    with pytest.raises(LambdaError, match=r"credit-risk: .*Rate exceeded"):
        world.tick()
    assert world.functions.woken == [(RELEASE, {"model": OTHER}), (RELEASE, {"model": MODEL})]
