"""An account in memory: S3, a registry with one endpoint, and what was told to CloudWatch and EventBridge."""

from __future__ import annotations

import csv
import io
import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from botocore.exceptions import ClientError

from monitor.policy import Policy
from monitor.running import baseline
from monitor.running.clients import Clients
from monitor.running.place import Place

NOW = datetime(2026, 11, 2, 10, 30, tzinfo=UTC)
CONTRACT = Path(__file__).parents[3] / "pipelines" / "credit_risk" / "contract.json"
APPLICANTS = CONTRACT.with_name("data") / "german.csv"
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/credit-risk/3"
PLACE = Place(
    stage="dev", model="credit-risk", capture_bucket="captured", artifact_bucket="artifacts", namespace="sluice"
)
OUTPUT = "s3://artifacts/credit-risk/e1/baseline"


def applicants() -> list[dict[str, str]]:
    """The thousand real applicants."""
    with APPLICANTS.open() as lines:
        return list(csv.DictReader(lines))


def missing(code: str, message: str) -> ClientError:
    """An error as AWS tells it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "Describe")


class Objects:
    """S3 in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}

    def put_object(self, *, Bucket, Key, Body, ContentType="") -> None:
        self.kept[Bucket, Key] = Body

    def get_object(self, *, Bucket, Key):
        if (Bucket, Key) not in self.kept:
            raise missing("NoSuchKey", Key)
        return {"Body": io.BytesIO(self.kept[Bucket, Key])}

    def copy_object(self, *, Bucket, Key, CopySource) -> None:
        self.kept[Bucket, Key] = self.kept[CopySource["Bucket"], CopySource["Key"]]

    def download_file(self, bucket, key, path) -> None:
        Path(path).write_bytes(self.kept[bucket, key])

    def get_paginator(self, _):
        return self

    def paginate(self, *, Bucket, Prefix, Delimiter=None):
        keys = sorted(key for bucket, key in self.kept if bucket == Bucket and key.startswith(Prefix))
        if Delimiter:
            found = {Prefix + key.removeprefix(Prefix).partition(Delimiter)[0] + Delimiter for key in keys}
            return [{"CommonPrefixes": [{"Prefix": each} for each in sorted(found)]}]
        return [{"Contents": [{"Key": key, "Size": len(self.kept[Bucket, key])}]} for key in keys] or [{}]

    def json(self, bucket, key):
        """The JSON of an object."""
        return json.loads(self.kept[bucket, key])

    def keys(self, bucket, prefix=""):
        """The keys of a bucket under a prefix."""
        return sorted(key for where, key in self.kept if where == bucket and key.startswith(prefix))


class Registry:
    """SageMaker with one endpoint, or none."""

    class exceptions:
        """The errors as botocore has them."""

        ClientError = ClientError
        ResourceInUse = ClientError

    def __init__(self) -> None:
        self.serves, self.baseline = True, OUTPUT
        self.jobs: list[dict] = []

    def describe_endpoint(self, *, EndpointName):
        if not self.serves:
            raise missing("ValidationException", f'Could not find endpoint "{EndpointName}".')
        return {"EndpointName": EndpointName, "EndpointConfigName": "config-3"}

    def describe_endpoint_config(self, *, EndpointConfigName):
        return {
            "ProductionVariants": [{"VariantName": "AllTraffic", "ModelName": "model-3"}],
            "DataCaptureConfig": {"DestinationS3Uri": "s3://captured/credit-risk/3"},
        }

    def describe_model(self, *, ModelName):
        return {"Containers": [{"ModelPackageName": PACKAGE}]}

    def describe_model_package(self, *, ModelPackageName):
        if not self.baseline:
            return {}
        files = {
            name: {"S3Uri": f"{self.baseline}/data-quality/{name.lower()}.json", "ContentType": "application/json"}
            for name in ("Statistics", "Constraints")
        }
        container = {"Image": "sklearn:1.4-2", "ModelDataUrl": "s3://artifacts/credit-risk/e1/output/model.tar.gz"}
        return {
            "DriftCheckBaselines": {"ModelDataQuality": files},
            "InferenceSpecification": {"Containers": [container]},
        }

    def create_processing_job(self, **request):
        if any(job["ProcessingJobName"] == request["ProcessingJobName"] for job in self.jobs):
            raise missing("ResourceInUse", "there is one")
        self.jobs.append(request)


@dataclass
class Told:
    """What was put to CloudWatch, sent to EventBridge, and asked of SSM."""

    metrics: list[tuple[str, str, dict[str, str], float]] = field(default_factory=list)
    events: list[dict] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)

    def put_metric_data(self, *, Namespace, MetricData) -> None:
        for datum in MetricData:
            dimensions = {each["Name"]: each["Value"] for each in datum["Dimensions"]}
            self.metrics.append((Namespace, datum["MetricName"], dimensions, datum["Value"]))

    def put_events(self, *, Entries):
        self.events += Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}

    def get_parameter(self, *, Name):
        headers = {"date": NOW.strftime("%a, %d %b %Y %H:%M:%S GMT")}
        return {"Parameter": {"Value": self.parameters[Name]}, "ResponseMetadata": {"HTTPHeaders": headers}}


@dataclass
class Account:
    """All of it, and how a test fills it."""

    s3: Objects = field(default_factory=Objects)
    sagemaker: Registry = field(default_factory=Registry)
    told: Told = field(default_factory=Told)

    @property
    def clients(self) -> Clients:
        """The clients of a run."""
        return Clients(cloudwatch=self.told, events=self.told, s3=self.s3, sagemaker=self.sagemaker, ssm=self.told)  # type: ignore[arg-type]

    def trained(self, policy: Policy, *, rows: int = 750, **more: bool) -> dict[str, str]:
        """Train with the first applicants, test with the others, and make the baseline of it.

        With `explainability` or `evaluation` what stands there is taken along.
        """
        people = applicants()
        self._write("artifacts", "credit-risk/e1/train/train.csv", people[:rows])
        tested = [{"prediction": _risk(one), "label": one["risk"], **_features(one)} for one in people[rows:]]
        self._write("artifacts", "credit-risk/e1/evaluation/predictions.csv", tested)
        folder = "credit-risk/e1/evaluation"
        self.s3.put_object(Bucket="artifacts", Key=f"{folder}/contract.json", Body=CONTRACT.read_bytes())
        wanted = baseline.Wanted(
            data="s3://artifacts/credit-risk/e1/train/train.csv",
            predictions=f"s3://artifacts/{folder}/predictions.csv",
            contract=f"s3://artifacts/{folder}/contract.json",
            output=OUTPUT,
            explainability=f"s3://artifacts/{folder}/explainability" if more.get("explainability") else "",
            evaluation=f"s3://artifacts/{folder}/evaluation.json" if more.get("evaluation") else "",
        )
        return baseline.make(wanted, policy, self.clients)

    def asked(self, *, count: int = 400, older_by: int = 0, labelled: int = 0, minutes_ago: int = 10, seed: int = 1):
        """Requests of random applicants in the window, older by so many years, and labels for the first of them."""
        chosen = random.Random(seed).choices(applicants(), k=count)
        when = NOW - timedelta(minutes=minutes_ago)
        lines = [_captured(one, f"id-{seed}-{number}", when, older_by) for number, one in enumerate(chosen)]
        folder = f"credit-risk/3/credit-risk-dev/AllTraffic/{when:%Y/%m/%d/%H}"
        self.s3.put_object(Bucket="captured", Key=f"{folder}/{seed}.jsonl", Body=_lines(lines))
        labels = [_label(f"id-{seed}-{number}", one["risk"]) for number, one in enumerate(chosen[:labelled])]
        if labels:
            key = f"labels/credit-risk/{when:%Y/%m/%d/%H}/{seed}.jsonl"
            self.s3.put_object(Bucket="captured", Key=key, Body=_lines(labels))

    def metrics(self, namespace: str) -> dict[tuple[str, str], float]:
        """The metrics of a namespace, by name and monitor or schedule."""
        return {
            (name, dimensions.get("Monitor") or dimensions["MonitoringSchedule"]): value
            for where, name, dimensions, value in self.told.metrics
            if where == namespace
        }

    def _write(self, bucket: str, key: str, rows: list[dict]) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        self.s3.put_object(Bucket=bucket, Key=key, Body=text.getvalue().encode())


def _features(one: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in one.items() if name != "risk"}


def _risk(one: dict[str, str]) -> float:
    """A model's answer: the longer the loan and the younger the applicant, the worse; seldom twice the same."""
    return min(0.99, max(0.01, 0.2 + int(one["duration"]) / 120 - int(one["age"]) / 400))


def _captured(one: dict[str, str], inference_id: str, when: datetime, older_by: int) -> dict:
    row = _features({**one, "age": str(int(one["age"]) + older_by)})
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(row.values())
    return {
        "captureData": {
            "endpointInput": {
                "observedContentType": "text/csv", "mode": "INPUT", "data": text.getvalue(), "encoding": "CSV"
            },
            "endpointOutput": {
                "observedContentType": "text/csv", "mode": "OUTPUT", "data": f"{_risk(row)!r}\n", "encoding": "CSV"
            },
        },
        "eventMetadata": {
            "eventId": f"event-{inference_id}",
            "inferenceId": inference_id,
            "inferenceTime": f"{when:%Y-%m-%dT%H:%M:%SZ}",
        },
        "eventVersion": "0",
    }  # fmt: skip


def _label(inference_id: str, value: str) -> dict:
    truth = {"data": value, "encoding": "CSV"}
    return {"groundTruthData": truth, "eventMetadata": {"eventId": inference_id}, "eventVersion": "0"}


def _lines(documents: list[dict]) -> bytes:
    return "".join(json.dumps(document) + "\n" for document in documents).encode()
