"""What tests of monitoring schedules have in common: requests, job definitions, an analyzer of few lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
ANALYZER = """
import json, os, pathlib, signal
out, source = (pathlib.Path(os.environ[name]) for name in ("output_path", "dataset_source"))
rows = [(str(f.relative_to(source).parent), r) for f in sorted(source.rglob("*.jsonl")) for r in open(f)]
told = {name: os.environ[name] for name in os.environ if name.islower()}
held = json.loads(pathlib.Path(os.environ["baseline_constraints"]).read_text())
if held.get("waits"):
    signal.pause()
violations = [{"feature_name": "age"}] * held["violations"]
(out / "seen.json").write_text(json.dumps({"rows": rows, "told": told}))
(out / "constraint_violations.json").write_text(json.dumps({"violations": violations}))
metrics = pathlib.Path("/opt/ml/output/metrics/cloudwatch")
metrics.mkdir(parents=True)
dimensions = [{"Name": "Endpoint", "Value": os.environ["sagemaker_endpoint_name"]}]
line = {"MetricName": "drift", "Value": 0.5, "Timestamp": os.environ["metric_time"], "Dimensions": dimensions}
(metrics / "m.jsonl").write_text(json.dumps(line) + chr(10))
kind = "CompletedWithViolations" if violations else "Completed"
pathlib.Path("/opt/ml/output/message").write_text(f"{kind}: {len(violations)} violations")
"""
_LOCAL = "/opt/ml/processing/input/endpoint"
_CODE = "/opt/ml/processing/code/record_preprocessor_script/analyzer.py"
_MEMBERS = {
    "data_quality": "DataQuality",
    "model_quality": "ModelQuality",
    "model_bias": "ModelBias",
    "model_explainability": "ModelExplainability",
}


def captured(identity: str, answer: str = "0.7") -> str:
    """A line of data capture; when it was is the folder's to say."""
    sides = {
        side: {"observedContentType": "text/csv", "mode": mode, "data": data, "encoding": "CSV"}
        for side, mode, data in (("endpointInput", "INPUT", "1,2"), ("endpointOutput", "OUTPUT", answer))
    }
    about = {"eventId": f"event-{identity}", "inferenceId": identity, "inferenceTime": "AT"}
    return json.dumps({"captureData": sides, "eventMetadata": about, "eventVersion": "0"}) + "\n"


def label(identity: str, value: str = "1") -> str:
    """A line of ground truth."""
    about = {"groundTruthData": {"data": value, "encoding": "CSV"}, "eventMetadata": {"eventId": identity}}
    return json.dumps({**about, "eventVersion": "0"}) + "\n"


class Monitors:
    """A world with an endpoint that captures, and what is made in it for monitors."""

    def __init__(self, world: Any) -> None:
        self.world, self.sm = world, world.sm

    def endpoint(self, name: str = "e") -> None:
        """An endpoint that captures to s3://work/captured; requests are put there by tests."""
        self.world.model(f"{name}-model")
        self.world.config(f"{name}-config", f"{name}-model", DataCaptureConfig=self.capture())
        self.sm.create_endpoint(EndpointName=name, EndpointConfigName=f"{name}-config")

    def capture(self) -> dict[str, Any]:
        return {
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": "s3://work/captured",
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        }

    def hour(self, ago: int) -> str:
        """The folder of an hour so many before now."""
        return f"{self.now - timedelta(hours=ago):%Y/%m/%d/%H}"

    @property
    def now(self) -> datetime:
        """The world's time."""
        return self.world.services.clock.now()

    def put(self, ago: int, *lines: str, endpoint: str = "e") -> None:
        """Requests captured at the half of an hour so many before now."""
        at = f"{self.now - timedelta(hours=ago):%Y-%m-%dT%H}:30:00Z"
        text = "".join(lines).replace('"AT"', f'"{at}"')
        self.world.put(f"captured/{endpoint}/AllTraffic/{self.hour(ago)}/a.jsonl", text)

    def define(
        self,
        name: str,
        kind: str = "data_quality",
        *,
        violations: int = 0,
        waits: bool = False,
        image: str = "",
        constraints: str = "",
        statistics: str = "",
        endpoint: str = "e",
        application: dict[str, str] | None = None,
        **given: Any,
    ) -> None:
        """A job definition of the analyzer of few lines, which finds so many violations, or waits to be stopped.

        With an image of that, held to the constraints and statistics that are given.
        """
        title = _MEMBERS[kind]
        found = json.dumps({"violations": violations, "waits": waits})
        held = constraints or self.world.put(f"baseline/{name}/constraints.json", found)
        baseline = {"ConstraintsResource": {"S3Uri": held}}
        if kind == "data_quality":
            held = statistics or self.world.put(f"baseline/{name}/statistics.json", "{}")
            baseline["StatisticsResource"] = {"S3Uri": held}
        own = {
            "ImageUri": self.world.image,
            "ContainerEntrypoint": ["python3", _CODE],
            "RecordPreprocessorSourceUri": self.world.put("code/analyzer.py", ANALYZER),
        }
        application = {**({"ImageUri": image} if image else own), **(application or {})}
        if kind == "model_quality":
            application["ProblemType"] = "BinaryClassification"
        output = {"S3Uri": "s3://work/reports", "LocalPath": "/opt/ml/processing/output"}
        asked = {"EndpointName": endpoint, "LocalPath": _LOCAL}
        asked |= {name: given.pop(name) for name in ("ProbabilityAttribute",) if name in given}
        members = {
            f"{title}BaselineConfig": baseline,
            f"{title}AppSpecification": application,
            f"{title}JobInput": {"EndpointInput": asked, **given},
            f"{title}JobOutputConfig": {"MonitoringOutputs": [{"S3Output": output}]},
        }
        cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
        create = getattr(self.sm, f"create_{kind}_job_definition")
        create(JobDefinitionName=name, JobResources={"ClusterConfig": cluster}, RoleArn=self.world.role, **members)

    def schedule(self, name: str, kind: str = "data_quality", **times: str) -> None:
        """A schedule of the definition of that name; at once, over the third hour before, unless times say else."""
        now = {"ScheduleExpression": "NOW", "DataAnalysisStartTime": "-PT3H", "DataAnalysisEndTime": "-PT2H"}
        config = {
            "MonitoringJobDefinitionName": name,
            "MonitoringType": _MEMBERS[kind],
            "ScheduleConfig": times or now,
        }
        self.sm.create_monitoring_schedule(MonitoringScheduleName=name, MonitoringScheduleConfig=config)

    def executions(self, name: str) -> list[dict[str, Any]]:
        """Those of a schedule, the newest first."""
        return self.sm.list_monitoring_executions(MonitoringScheduleName=name)["MonitoringExecutionSummaries"]

    def ended(self, name: str, *, count: int = 1) -> dict[str, Any]:
        """The newest execution of a schedule once so many have ended."""
        under_way = ("Pending", "InProgress", "Stopping")
        found = self.world.until(
            lambda: self.executions(name),
            lambda listed: len([e for e in listed if e["MonitoringExecutionStatus"] not in under_way]) == count,
        )
        return found[0]

    def seen(self, name: str) -> dict[str, Any]:
        """What the analyzer of a schedule has been given in the turn of this hour."""
        return json.loads(self.world.read(f"reports/e/{name}/{self.hour(0)}/seen.json"))
