"""The function that probes canaries, against the local cloud: the wire, the fleets and the metrics are real."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from lambdas import watch
from lambdas.ledger import Ledger
from lambdas.records import Abort, Opened, Outcome, Started
from lambdas.settings import to_environ
from local.clock import Clock
from local.cloudwatch import CloudWatch
from local.sagemaker import SageMaker
from tests.local.sagemaker.conftest import ECHO_MODEL, PlainImages, World

MODEL, ENDPOINT, LEDGER = "echo", "echo-local", "sluice-local-ledger"
CANARY = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {
            "Type": "CANARY",
            "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
            "WaitIntervalInSeconds": 240,
        },
        "TerminationWaitInSeconds": 240,
    }
}
KEYS = {"model": ("S", "HASH"), "sequence": ("N", "RANGE")}


class Canary:
    """Version 2 of an echoing model in a bake beside version 1, on a clock that stands still until it is told to go."""

    def __init__(self, cloud):
        self.clock = cloud.services.clock
        self.world = World(cloud)
        cloud.services.record = cloud.parts[1].record
        self.woken = []
        self.clients = watch.Clients(
            cloudwatch=cloud.client("cloudwatch"),
            dynamodb=cloud.client("dynamodb"),
            functions=SimpleNamespace(invoke=lambda **request: self.woken.append(request["FunctionName"])),
            runtime=self.world.runtime,
            s3=self.world.s3,
            sagemaker=self.world.sm,
        )
        self.clients.dynamodb.create_table(
            TableName=LEDGER,
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": kind} for n, (kind, _) in KEYS.items()],
            KeySchema=[{"AttributeName": n, "KeyType": role} for n, (_, role) in KEYS.items()],
            BillingMode="PAY_PER_REQUEST",
        )
        self.ledger = Ledger(LEDGER, dynamodb=self.clients.dynamodb)

    def begin(self, *, sample=True, files=None):
        """Release version 2 and wait for its canary."""
        world = self.world
        world.sm.create_model_package_group(ModelPackageGroupName=MODEL)
        url = world.archive("sample.tar.gz", {"words.csv": "one\ntwo\nthree\n"})
        packages = [world.package(MODEL), world.package(MODEL, **({"SamplePayloadUrl": url} if sample else {}))]
        world.model("old")
        world.model("new", files)
        world.config("c1", "old", instances=2)
        world.config("c2", "new", instances=2)
        world.endpoint(ENDPOINT)
        self.write(packages[0], version=1, ends="c1")
        self.write(packages[1], version=2)
        world.sm.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName="c2", DeploymentConfig=CANARY)
        world.stage("Baking", ENDPOINT)

    def write(self, arn, *, version, ends=None):
        """A release that CloudFormation has accepted, and how it ended."""
        opened = Opened(version=version, package_arn=arn, rollout="guarded", cause="approval", reason="approved")
        journal = self.ledger.append(self.ledger.read(MODEL), opened)
        release_id = journal.open.release_id
        journal = self.ledger.append(journal, Started(release_id=release_id))
        if ends:
            end = Outcome(release_id=release_id, version=version, outcome="deployed", reason="good", config=ends)
            self.ledger.append(journal, end)

    def minute(self):
        """What the function does in one minute, and the minute after it."""
        report = watch.handler({}, None, clients=lambda: self.clients)[MODEL]
        self.clock.advance(timedelta(minutes=1))
        return report

    def counted(self, metric="Invocations"):
        """The new fleet's sum of a metric."""
        names = {"EndpointName": ENDPOINT, "VariantName": "AllTraffic", "EndpointConfigName": "c2"}
        found = self.clients.cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in names.items()],
            StartTime=self.clock.now() - timedelta(hours=1),
            EndTime=self.clock.now(),
            Period=3600,
            Statistics=["Sum"],
        )
        return sum(point["Sum"] for point in found["Datapoints"])

    def aborts(self):
        return [record.reason for record in self.ledger.read(MODEL).every(Abort)]


@pytest.fixture
def canary(small_cloud, monkeypatch):
    """A cloud of SageMaker and CloudWatch, with the function's environment."""
    probe = watch.Probe(enabled=True, minimum_invocations=10)
    settings = watch.Settings(
        stage="local", ledger=LEDGER, release_function="sluice-local-release", models={MODEL: probe}
    )
    for name, value in to_environ(settings).items():
        monkeypatch.setenv(name, value)
    cloud = small_cloud(lambda services: SageMaker(services, images=PlainImages()), CloudWatch, clock=Clock(speed=0))
    cloud.listen()
    return Canary(cloud)


def test_probes_reach_the_canary_and_pass_the_floor(canary):
    """Each minute the new fleet gets at least its floor; the release is not aborted, and is asked to go on."""
    canary.begin()
    reports = [canary.minute() for _ in range(3)]
    assert all(report["sent"] >= 38 and report["errors"] == 0 for report in reports)
    assert canary.counted() >= 3 * 10
    assert canary.aborts() == []
    assert canary.woken == ["sluice-local-release"] * 3


def test_a_canary_that_fails_is_found_out_by_probes(canary):
    """The errors that probes meet are the new fleet's, and its alarms see them."""
    broken = ECHO_MODEL["code/inference.py"].replace("return body", 'raise ValueError("broken")')
    canary.begin(files={**ECHO_MODEL, "code/inference.py": broken})
    report = canary.minute()
    assert report["errors"] == canary.counted() == canary.counted("Invocation5XXErrors") > 0


def test_a_canary_that_nothing_reaches_goes_back(canary):
    """Without traffic and without a sample payload, the release is aborted before the canary's bake is over."""
    canary.begin(sample=False)
    assert [canary.minute()["sent"] for _ in range(3)] == [0, 0, 0]
    assert canary.aborts() == []
    canary.minute()
    (reason,) = canary.aborts()
    assert reason.startswith("untested: 0 requests reached the new fleet")
