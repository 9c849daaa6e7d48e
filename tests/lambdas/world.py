"""A small AWS in memory: what the real handlers of a stage see and change; at every call things may go wrong."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.errors import LambdaError
from tests.lambdas.world_stack import ServingStack

MODEL, STAGE = "churn", "dev"
REGISTRY = "arn:aws:sagemaker:eu-west-1:123456789012"
ADA, TIM, ONE = (f"arn:aws:iam::123456789012:user/{name}" for name in ("ada", "tim", "one"))
LIMIT = timedelta(seconds=60)
"""Lambda ends a function after this time."""


class Crash(BaseException):
    """The function's sandbox is gone, between two calls or in one."""


@dataclass
class Frame:
    """A function that runs: when it must have ended, what it has called, and what happens at which nth call of what."""

    ends: datetime
    faults: dict
    calls: Counter = field(default_factory=Counter)
    known: int = 0


@dataclass
class Fault:
    """What happens at a call.

    `throttled`, `lost` (it is done, but no answer comes), `dies` or `died` (before or after it), or `meanwhile`, when
    `steps` are played before it: other functions run to their ends, people act, time passes.
    """

    kind: str
    steps: list = field(default_factory=list)


class World:
    """The registry, the ledger's table, SNS, the alarms' history, one serving stack. The clock moves when told to."""

    def __init__(self):
        self.now = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
        self.frames, self.play = [], None
        self.packages, self.flaws, self.ledger, self.messages = {}, {}, {}, []
        self.history, self.aborts, self.metrics = [], set(), []
        self.stack = ServingStack(self)

    def ring(self, alarm):
        """An alarm goes into ALARM."""
        self.history.append((alarm, self.now))

    def measure(self, points):
        """Metrics are put: one aborts a deployment, the others tell how a release went."""
        for point in points:
            (dimension,) = point["Dimensions"]
            if point["MetricName"] == "Abort":
                self.aborts.add(dimension["Value"])
            else:
                assert dimension == {"Name": "EndpointName", "Value": f"{MODEL}-{STAGE}"}
                assert point["Value"] >= 0, point
                self.metrics.append((point["MetricName"], point["Value"]))

    def pass_time(self, seconds):
        self.now += timedelta(seconds=seconds)

    # Functions and their calls

    def run(self, function, event, faults=None):
        """Run a handler to its end, or to where it dies. What it gives, or the exception it raised."""
        self.frames.append(Frame(ends=self.now + LIMIT, faults=dict(faults or {})))
        depth = len(self.frames)
        try:
            return function(event)
        except (Crash, BotoCoreError, ClientError, LambdaError) as died:
            return died
        finally:
            assert len(self.frames) == depth
            self.frames.pop()

    def call(self, operation, effect):
        """One call of the function that runs now."""
        frame = self.frames[-1]
        frame.calls[operation] += 1
        fault = frame.faults.pop((operation, frame.calls[operation]), None)
        kind = fault.kind if fault else ""
        if kind == "meanwhile":
            self.play(fault.steps)
        if kind == "dies" or self.now > frame.ends:
            raise Crash
        if kind == "throttled":
            raise error(operation, "Throttling", "Rate exceeded")
        answer = effect()
        if kind == "died":
            raise Crash
        if kind == "lost":
            raise error(operation, "InternalFailure", "no answer came")
        return answer

    # What the tests ask of it

    def records(self):
        return [self.ledger[sequence] for sequence in sorted(self.ledger)]

    def of_kind(self, kind):
        return [record for record in self.records() if record["kind"]["S"] == kind]

    def vetoed(self, upto=None):
        """Versions that the first `upto` records veto."""
        records = [record for record in self.records() if upto is None or int(record["sequence"]["N"]) <= upto]
        return {
            int(record["version"]["N"])
            for record in records
            if record["kind"]["S"] == "veto" or record.get("outcome", {}).get("S") == "rolled_back"
        }

    def open_releases(self):
        ended = {record["release_id"]["S"] for record in self.of_kind("outcome") if record["cause"]["S"] == "release"}
        opened = (record["release_id"]["S"] for record in self.of_kind("opened"))
        return [release_id for release_id in opened if release_id not in ended]

    # What people and pipelines do

    def register(self, version, *, flaw=""):
        self.flaws[version] = flaw
        self.packages[version] = {
            "ModelPackageGroupName": MODEL,
            "ModelPackageVersion": version,
            "ModelPackageArn": arn(version),
            "ModelPackageStatus": "Completed",
            "ModelApprovalStatus": "PendingManualApproval",
            "CreationTime": self.now,
            "CreatedBy": {"IamIdentity": {"Arn": TIM}},
            "ModelMetrics": {} if flaw == "unmeasured" else {"ModelQuality": {"Statistics": {"S3Uri": "s3://b/m"}}},
            "CustomerMetadataProperties": {"sluice:model-sha256": "0" * 64 if flaw == "altered" else EMPTY_SHA256},
            "InferenceSpecification": {"Containers": [{"ModelDataUrl": "s3://bucket/model.tar.gz"}]},
        }

    def change_package(self, version, by, **members):
        if version not in self.packages:
            raise error("UpdateModelPackage", "ValidationException", "the package does not exist")
        self.now += timedelta(milliseconds=1)  # no two changes have one time
        changed = {"LastModifiedTime": self.now, "LastModifiedBy": {"IamIdentity": {"Arn": by}}}
        self.packages[version] = {**self.packages[version], **members, **changed}

    def put(self, item, *, only_if_free):
        """DynamoDB's put, with what must hold of every record. False when its condition fails."""
        sequence = int(item["sequence"]["N"])
        if sequence in self.ledger and only_if_free:
            return False
        assert sequence not in self.ledger, f"record {sequence} was overwritten"
        self.ledger[sequence] = item
        assert sequence == len(self.ledger), "the ledger has a gap"
        assert len(self.open_releases()) <= 1, "two releases are open"
        check = getattr(self, f"_check_{item['kind']['S']}", None)
        if check is not None:
            check(item)
        return True

    def _check_opened(self, item):
        """Only what two people stand for goes forward; only what is not vetoed goes anywhere."""
        version = int(item["version"]["N"])
        assert version not in self.vetoed(), f"version {version} is vetoed and opened"
        if item["cause"]["S"] == "approval":
            assert self.flaws[version] not in ("unmeasured", "altered"), f"version {version} is {self.flaws[version]}"
            assert item["approved_by"]["S"] == ADA, f"version {version} was approved by {item['approved_by']['S']}"

    def _check_refused(self, item):
        """The same is refused again only when somebody has approved again, or the package has changed."""
        *before, _ = self.of_kind("refused")
        for record in before:
            if all(record[key] == item[key] for key in ("version", "reason", "modified")):
                assert self.approved_between(record, item), f"a refusal was written again: {item['reason']}"

    def approved_between(self, record, later):
        """Whether somebody has approved for the stage between two records."""
        orders = [int(order["sequence"]["N"]) for order in self.of_kind("approved")]
        return any(int(record["sequence"]["N"]) < order < int(later["sequence"]["N"]) for order in orders)

    def _check_outcome(self, item):
        release_id, outcome = item["release_id"]["S"], item["outcome"]["S"]
        served = self.stack.completed.get(release_id)
        if item["cause"]["S"] == "deploy":
            assert self.stack.configs[item["config"]["S"]] == int(item["version"]["N"])
            return
        ended = [
            r for r in self.of_kind("outcome") if r["release_id"]["S"] == release_id and r["cause"]["S"] == "release"
        ]
        assert len(ended) == 1, f"{release_id} has {len(ended)} outcomes"
        assert release_id in {record["release_id"]["S"] for record in self.of_kind("opened")}
        if outcome == "deployed":
            assert served or release_id in self.stack.revived, f"{release_id} never served"
            assert self.stack.configs[item["config"]["S"]] == int(item["version"]["N"])
        else:
            # What somebody else has replaced or broken by now cannot be seen any more.
            serves = self.stack.endpoint == "InService" and self.stack.config == served
            assert served is None or not serves, f"{release_id} serves, its outcome is {outcome}"
        if outcome == "superseded":
            assert release_id not in self.stack.tokens, f"{release_id} was accepted"
        elif release_id not in self.stack.tokens:
            assert [r for r in self.of_kind("abort") if r["release_id"]["S"] == release_id], f"{release_id} never began"
        if release_id in self.stack.alarmed:
            assert outcome == "rolled_back", f"an alarm rolled {release_id} back, its outcome is {outcome}"
        if outcome == "rolled_back":
            others = [record for record in self.of_kind("veto") if record["version"] == item["version"]]
            earlier = [
                r for r in self.of_kind("outcome") if r["version"] == item["version"] and r["outcome"]["S"] == outcome
            ]
            assert release_id in self.stack.alarmed or others or len(earlier) > 1, (
                f"nothing speaks against {release_id}"
            )


def arn(version):
    """A version's ARN."""
    return f"{REGISTRY}:model-package/{MODEL}/{version}"


def error(operation, code, message):
    """What boto3 raises for an error of AWS's."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def told(world):
    """The records that people were told of, by sequence."""
    return {int(record["about"]["N"]) for record in world.of_kind("told")}


def history_item(name, at):
    """An alarm going into ALARM, as DescribeAlarmHistory has it."""
    return {"AlarmName": name, "Timestamp": at, "HistoryData": json.dumps({"newState": {"stateValue": "ALARM"}})}
