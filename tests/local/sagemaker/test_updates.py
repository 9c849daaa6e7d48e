"""Deployments between real model servers."""

import threading
import time
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from local.sagemaker.hosting.connections import INVOCATION_SECONDS
from tests.local.sagemaker.fakes import FakeAlarms

GOODBYE = """
def model_fn(folder): return "goodbye"
def input_fn(body, content_type): return body
def predict_fn(data, model): return f"{model} {data}"
def output_fn(prediction, accept): return prediction, accept
"""
LEAKING = """
import os, signal
def model_fn(folder): return "goodbye"
def input_fn(body, content_type): return body
def predict_fn(data, model):
    if data == "leak":
        os.kill(os.getpid(), signal.SIGKILL)  # as the kernel ends a process that has taken all memory
    return f"{model} {data}"
def output_fn(prediction, accept): return prediction, accept
"""
HANGING = """
import os, threading
def model_fn(folder): return "late"
def input_fn(body, content_type): return body
def predict_fn(data, model):
    if data.startswith("hang"):
        open(os.environ["MARKS"] + "/" + data, "w").close()
        threading.Event().wait()
    return f"{model} {data}"
def output_fn(prediction, accept): return prediction, accept
"""
CANARY = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {
            "Type": "CANARY",
            "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
            "WaitIntervalInSeconds": 300,
        },
        "TerminationWaitInSeconds": 60,
    },
    "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}]},
}


class Client:
    """Asks all the time, and keeps every answer."""

    def __init__(self, world) -> None:
        self.answers: list[str] = []
        self._world, self._stop = world, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(30)

    def _run(self):
        while not self._stop.is_set():
            try:
                self.answers.append(self._world.invoke("you"))
            except ClientError as error:
                self.answers.append(str(error))


class Waiting(threading.Thread):
    """A request that is never answered; `answer` is the error with which it ends."""

    def __init__(self, world, mark) -> None:
        super().__init__(daemon=True)
        self.answer: ClientError | None = None
        self._world, self._mark = world, mark
        self.start()
        world.until(mark.exists, bool)  # until the model has it

    def run(self):
        try:
            self._world.invoke(self._mark.name)
        except ClientError as error:
            self.answer = error


@pytest.fixture
def deploying(make_world, stepped_clock):
    """Two instances of "hello" under a canary of one of two that say "goodbye", in its first bake."""
    world = make_world(clock=stepped_clock)
    world.services.alarms = FakeAlarms()
    world.model("m")
    world.model("m2", {"code/inference.py": GOODBYE})
    world.config("c1", "m", instances=2)
    world.config("c2", "m2", instances=2)
    world.endpoint()
    world.sm.update_endpoint(EndpointName="e", EndpointConfigName="c2", DeploymentConfig=CANARY)
    assert world.stage("Baking")["StatusMessage"].endswith("canary capacity of 1 instance(s).")
    return world


def test_a_canary_takes_over_without_losing_a_request(deploying):
    """Both models answer during the bake, the new one alone after it; every request is answered."""
    with Client(deploying) as client:
        deploying.until(lambda: set(client.answers), lambda seen: seen == {"hello you", "goodbye you"})
        deploying.services.clock.advance(timedelta(seconds=300))
        assert deploying.stage("Baking")["StatusMessage"].endswith("full capacity of 2 instance(s).")
        deploying.services.clock.advance(timedelta(seconds=60))
        assert deploying.settled_endpoint()["EndpointConfigName"] == "c2"
        del client.answers[:]
        deploying.until(lambda: len(client.answers), lambda count: count > 20)
        assert set(client.answers[5:]) == {"goodbye you"}
    assert set(client.answers) <= {"hello you", "goodbye you"}


def test_an_alarm_takes_a_canary_back_without_losing_a_request(deploying):
    """The old fleet never stops serving, and has everything at once."""
    with Client(deploying) as client:
        deploying.services.alarms.set("a", "ALARM")
        assert {deploying.invoke("you") for _ in range(20)} == {"hello you"}
        endpoint = deploying.settled_endpoint()
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "c1")
    assert endpoint["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    assert set(client.answers) <= {"hello you", "goodbye you"}


def test_requests_of_the_fleets_are_told_apart_in_metrics(deploying):
    """The third dimension names the configuration; a variant's requests are those of both fleets."""
    answers = [deploying.invoke("you") for _ in range(40)]
    deploying.part.close()

    def invocations(**dimensions):
        wanted = {"EndpointName": "e", "VariantName": "AllTraffic", **dimensions}
        return sum(
            datum["Value"]
            for datum in deploying.metrics
            if datum["MetricName"] == "Invocations" and {d["Name"]: d["Value"] for d in datum["Dimensions"]} == wanted
        )

    assert invocations() == 40
    assert invocations(EndpointConfigName="c2") == answers.count("goodbye you") > 0
    assert invocations(EndpointConfigName="c1") == answers.count("hello you") > 0
    shares = {d["Value"] for d in deploying.metrics if d["MetricName"] == "InvocationsPerInstance"}
    assert shares == {0.5, 1.0}  # two instances of the variant take traffic, one of each configuration


def test_requests_that_hang_hold_up_no_deployment_no_rollback_and_no_close(make_world, stepped_clock, tmp_path):
    """Both fleets hang on a request: the old one leaves, the new one is taken back, and the cloud stops, at once."""
    world = make_world(clock=stepped_clock)
    alarms = world.services.alarms = FakeAlarms()
    world.model("m", {"code/inference.py": HANGING}, MARKS=str(tmp_path))
    for config in ("c1", "c2", "c3"):
        world.config(config, "m")
    world.endpoint()
    began = time.monotonic()
    waiting = [Waiting(world, tmp_path / "hang-1")]
    world.sm.update_endpoint(EndpointName="e", EndpointConfigName="c2")
    assert world.settled_endpoint()["EndpointConfigName"] == "c2"
    routing = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": 60}
    deployment = {**CANARY, "BlueGreenUpdatePolicy": policy}
    world.sm.update_endpoint(EndpointName="e", EndpointConfigName="c3", DeploymentConfig=deployment)
    world.stage("Baking")
    waiting.append(Waiting(world, tmp_path / "hang-2"))
    alarms.set("a", "ALARM")
    assert world.settled_endpoint()["EndpointConfigName"] == "c2"
    assert world.invoke("you") == "late you"
    assert [each.answer for each in waiting] == [None, None]
    world.part.close()
    for each in waiting:
        each.join(INVOCATION_SECONDS)
    assert ["Received server error (0)" in str(each.answer) for each in waiting] == [True, True]
    assert time.monotonic() - began < INVOCATION_SECONDS


def test_a_server_that_is_killed_fails_requests_until_it_is_back(world):
    """A model error without a status, the exit in its log; the same instance serves again."""
    world.model("m", {"code/inference.py": LEAKING})
    world.endpoint()
    with pytest.raises(ClientError) as caught:
        world.invoke("leak")
    assert caught.value.response["OriginalStatusCode"] == 0
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 424

    def answer():
        try:
            return world.invoke("you")
        except ClientError as error:
            return error.response["Error"]["Code"]

    assert world.until(answer, lambda said: said != "ModelError") == "goodbye you"
    assert any(line.endswith("and is restarted.") for line in world.log("/aws/sagemaker/Endpoints/e"))
    assert world.sm.describe_endpoint(EndpointName="e")["EndpointStatus"] == "InService"


def test_an_endpoint_scales_by_processes(world):
    """One server for each instance, each with its own log stream."""
    world.endpoint()
    wanted = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 2}]
    world.sm.update_endpoint_weights_and_capacities(EndpointName="e", DesiredWeightsAndCapacities=wanted)
    assert world.settled_endpoint()["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    streams = world.logs.describe_log_streams(logGroupName="/aws/sagemaker/Endpoints/e")["logStreams"]
    assert len(streams) == 2
    assert world.invoke("you") == "hello you"


def test_a_bad_canary_is_taken_back_by_a_real_alarm_of_its_own_configuration(make_world, stepped_clock):
    """Requests fail, their metrics add up, CloudWatch evaluates, SageMaker hears: all on a stepped clock."""
    world = make_world(clock=stepped_clock, alarms=True)
    world.model("m")
    world.model("bad", {"code/inference.py": GOODBYE.replace('return f"{model} {data}"', "raise ValueError(data)")})
    world.config("c1", "m", instances=2)
    world.config("c2", "bad", instances=2)
    world.endpoint()
    dimensions = {"EndpointName": "e", "VariantName": "AllTraffic", "EndpointConfigName": "c2"}
    world.services.client("cloudwatch").put_metric_alarm(
        AlarmName="a",
        Namespace="AWS/SageMaker",
        MetricName="InvocationModelErrors",
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0.5,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    world.sm.update_endpoint(EndpointName="e", EndpointConfigName="c2", DeploymentConfig=CANARY)
    world.stage("Baking")
    with Client(world) as client:
        world.until(lambda: sum("ModelError" in answer for answer in client.answers), lambda errors: errors > 5)
    for _ in range(4):
        stepped_clock.advance(timedelta(seconds=60))
    endpoint = world.settled_endpoint()
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "c1")
    assert {world.invoke("you") for _ in range(10)} == {"hello you"}
