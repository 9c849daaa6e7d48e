"""A model that drifts, in memory: its monitor, its alarms, its pipeline; at every call things may go wrong."""

import io
import json
import os
from collections import Counter
from datetime import datetime, timedelta
from types import SimpleNamespace

from lambdas import retrain
from lambdas.drift import Policy
from lambdas.ledger import to_item
from lambdas.looking import REPORT
from lambdas.records import Opened, Outcome, Started
from lambdas.settings import to_environ
from tests.lambdas.world import MODEL, REGISTRY, STAGE, World, arn, error
from tests.lambdas.world_clients import DynamoDB, Fake

ALARM = f"{MODEL}-{STAGE}-data-quality"
PIPELINE = f"{MODEL}-{STAGE}"
COOLDOWN, AT_MOST = timedelta(hours=2), 3
DAY = timedelta(days=1)
MEMORY = timedelta(minutes=30)
"""How long SageMaker is taken to know a token."""


class Drifting(World):
    """The world of releases with what retrainings need. Version 1 serves."""

    def __init__(self):
        super().__init__()
        self.verdict, self.alarms, self.metrics = None, set(), Counter()
        self.executions, self.tokens = [], {}
        self.rows, self.gathered, self.stop = 900, 0, False
        self.deployed = self.now
        self.serves(1)

    def serves(self, version):
        """A version has been released, and all know it."""
        config = f"Config-{version}"
        if version not in self.packages:
            self.register(version)
        self.write(
            Opened(version=version, package_arn=arn(version), rollout="guarded", cause="approval", reason="good")
        )
        release_id = f"r{len(self.ledger)}-v{version}"
        self.stack.configs[config], self.stack.completed[release_id] = version, config
        self.stack.tokens.add(release_id)
        self.flaws[version] = ""
        self.write(Started(release_id=release_id))
        self.write(Outcome(release_id=release_id, version=version, outcome="deployed", reason="so", config=config))
        self.stack.endpoint, self.stack.config = "InService", config

    def write(self, record):
        """Somebody else's record."""
        placed = record.placed(sequence=len(self.ledger) + 1, at=self.now)
        self.ledger[placed.sequence] = {"model": {"S": MODEL}, **to_item(placed)}

    def judge(self, *, violated=True, version=None):
        """The monitor runs, and its alarm follows."""
        version = version or self.stack.configs[self.stack.config]
        outcome = "completed_with_violations" if violated else "completed"
        self.verdict = {
            "package_version": f"{MODEL}/{version}",
            "run": f"run-{self.now.isoformat()}",
            "window": {"end": self.now.isoformat()},
            "report": "s3://captures/report.html",
            "monitors": {"data-quality": {"outcome": outcome, "reason": "age moved by 0.4"}},
        }
        (self.alarms.add if violated else self.alarms.discard)(ALARM)

    def ask(self, event=None, faults=None):
        """Wake the function. What it gives, or what it died of."""
        self.environment()
        made = clients(self)
        return self.run(
            lambda event: retrain.handler(event, None, clients=lambda: made), event or {"model": MODEL}, faults
        )

    def environment(self):
        """Its variables as the stage has them now."""
        policy = Policy(
            pipeline=PIPELINE,
            stop=self.stop,
            cooldown_hours=COOLDOWN // timedelta(hours=1),
            at_most_per_day=AT_MOST,
            minimum_rows=500,
            lookback_hours=24,
            parameters={"MinAuc": "0.7"},
            alarms={"data-quality": ALARM},
        )
        settings = retrain.Settings(
            stage=STAGE,
            registry=REGISTRY,
            ledger="ledger",
            captures="captures",
            monitor_function="sluice-dev-monitor",
            models={MODEL: policy},
        )
        os.environ.update(to_environ(settings))

    # The pipeline

    def start(self, name, parameters=(), *, token=None):
        """An execution begins, unless its token is known."""
        known = self.tokens.get(token)
        if known and self.now - known[1] < MEMORY:
            return known[0]
        found = {"arn": f"arn/execution/{len(self.executions)}", "name": name, "at": self.now, "status": "Executing"}
        self.executions.append({**found, "parameters": dict(parameters)})
        if token:
            self._check(found)
            self.tokens[token] = (found["arn"], self.now)
        return found["arn"]

    def _check(self, begun):
        """What must hold whenever a retraining begins."""
        ours = [execution for execution in self.executions[:-1] if execution["name"].startswith("retraining-")]
        assert begun["name"] not in [execution["name"] for execution in ours], f"{begun['name']} began twice"
        assert all(execution["status"] != "Executing" for execution in ours), "two retrainings are under way"
        number = int(begun["name"].rpartition("-")[2])
        record = self.ledger[number]
        assert record["kind"]["S"] == "retraining", f"{begun['name']} was not written down before it began"
        given_up = [r for r in self.of_kind("not_retrained") if r["about"]["N"] == str(number)]
        assert not given_up, f"{begun['name']} was given up and begins"

    def end(self, *, fails=False):
        """The oldest execution that runs ends; a good one leaves a version that waits for an approval."""
        running = [execution for execution in self.executions if execution["status"] == "Executing"]
        if not running:
            return
        running[0]["status"] = "Failed" if fails else "Succeeded"
        if not fails:
            version = max(self.packages) + 1
            self.register(version)
            report = running[0]["parameters"].get("Report", "none")
            self.packages[version]["CustomerMetadataProperties"][REPORT] = report

    def decide_on_all(self, status="Rejected"):
        """People decide on every version that waits."""
        for package in self.packages.values():
            if package["ModelApprovalStatus"] == "PendingManualApproval":
                package["ModelApprovalStatus"] = status

    def retrainings(self):
        """When those were decided that were not given up."""
        given_up = {record["about"]["N"] for record in self.of_kind("not_retrained")}
        lasting = (record for record in self.of_kind("retraining") if record["sequence"]["N"] not in given_up)
        return [datetime.fromisoformat(record["at"]["S"]) for record in lasting]


class SageMaker(Fake):
    def describe_endpoint(self, **_):
        return self._call("DescribeEndpoint", lambda: {"EndpointConfigName": self._world.stack.config})

    def list_model_packages(self, *, ModelApprovalStatus, **_):
        def listed():
            found = [package for _, package in sorted(self._world.packages.items(), reverse=True)]
            return {"ModelPackageSummaryList": [p for p in found if p["ModelApprovalStatus"] == ModelApprovalStatus]}

        return self._call("ListModelPackages", listed)

    def describe_model_package(self, *, ModelPackageName):
        version = int(ModelPackageName.rpartition("/")[2])
        return self._call("DescribeModelPackage", lambda: self._world.packages[version])

    def describe_pipeline(self, *, PipelineName):
        assert PipelineName == PIPELINE
        definition = json.dumps({"Parameters": [{"Name": "CodeCommit"}]})
        described = {"PipelineDefinition": definition, "LastModifiedTime": self._world.deployed}
        return self._call("DescribePipeline", lambda: described)

    def describe_pipeline_execution(self, *, PipelineExecutionArn):
        found = [each for each in self._world.executions if each["arn"] == PipelineExecutionArn]

        def described():
            if not found:
                raise error("DescribePipelineExecution", "ResourceNotFound", "does not exist")
            return {"CreationTime": found[0]["at"]}

        return self._call("DescribePipelineExecution", described)

    def list_pipeline_executions(self, *, PipelineName, MaxResults, **_):
        assert PipelineName == PIPELINE

        def listed():
            newest = self._world.executions[::-1][:MaxResults]
            return {"PipelineExecutionSummaries": [_summary(execution) for execution in newest]}

        return self._call("ListPipelineExecutions", listed)

    def start_pipeline_execution(self, **asked):
        assert len(asked["ClientRequestToken"]) >= 32
        assert all(0 < len(given["Value"]) <= 1024 for given in asked["PipelineParameters"])
        parameters = [(given["Name"], given["Value"]) for given in asked["PipelineParameters"]]
        begun = (asked["PipelineExecutionDisplayName"], parameters)

        def start():
            if self._world.rows < 0:
                raise error("StartPipelineExecution", "ValidationException", "Parameter InputData is unknown")
            return {"PipelineExecutionArn": self._world.start(*begun, token=asked["ClientRequestToken"])}

        return self._call("StartPipelineExecution", start)


class CloudWatch(Fake):
    def describe_alarms(self, *, AlarmNames, StateValue):
        assert StateValue == "ALARM"

        def found():
            return {"MetricAlarms": [{"AlarmName": name} for name in self._world.alarms if name in AlarmNames]}

        return self._call("DescribeAlarms", found)

    def put_metric_data(self, *, Namespace, MetricData):
        assert Namespace == "Sluice/Monitoring"
        names = [(point["MetricName"], point["Dimensions"][0]["Value"]) for point in MetricData]
        return self._call("PutMetricData", lambda: self._world.metrics.update(names))


class S3(Fake):
    def list_objects_v2(self, *, Bucket, Prefix, **_):
        assert (Bucket, Prefix) == ("captures", f"reports/{MODEL}/judged/data-quality.json")
        return self._call("ListObjectsV2", lambda: {"KeyCount": int(self._world.verdict is not None)})

    def get_object(self, **_):
        return self._call("GetObject", lambda: {"Body": io.BytesIO(json.dumps(self._world.verdict).encode())})


class Monitor(Fake):
    """Lambda's Invoke, of the function that gathers labelled rows."""

    def invoke(self, *, FunctionName, Payload):
        assert FunctionName == "sluice-dev-monitor"
        assert json.loads(Payload) == {"action": "training-data", "model": MODEL, "hours": 24}
        return self._call("Invoke", self._gather)

    def _gather(self):
        world = self._world
        world.gathered += 1
        rows = abs(world.rows)
        answer = {"uri": f"s3://artifacts/{rows}/window.csv", "rows": str(rows), "sha256": f"{rows}-{world.gathered}"}
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


def clients(world):
    """All clients of the function."""
    return SimpleNamespace(
        cloudwatch=CloudWatch(world),
        dynamodb=DynamoDB(world),
        functions=Monitor(world),
        s3=S3(world),
        sagemaker=SageMaker(world),
    )


def _summary(execution):
    return {
        "PipelineExecutionArn": execution["arn"],
        "PipelineExecutionDisplayName": execution["name"],
        "PipelineExecutionStatus": execution["status"],
    }
