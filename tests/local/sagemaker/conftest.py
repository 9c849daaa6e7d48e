"""SageMaker alone in front of moto, with programs that need nothing but the standard library."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.clock import Clock
from local.cloudwatch import CloudWatch
from local.sagemaker import SageMaker
from tests.local.conftest import ACCOUNT, REGION
from tests.local.sagemaker.clouds import IMAGE, PlainImages, sagemaker_cloud
from tests.local.sagemaker.echo import ECHO_MODEL
from tests.local.sagemaker.fakes import Hosting
from tests.local.trust import role

ROLE = f"arn:aws:iam::{ACCOUNT}:role/runner"
BUCKET = "work"
PAUSE_SECONDS, PATIENCE_SECONDS = 0.02, 60


class World:
    """A small cloud with SageMaker, and the requests that its tests have in common."""

    image, role, bucket, region, account = IMAGE, ROLE, BUCKET, REGION, ACCOUNT

    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self.services, self.part = cloud.services, cloud.parts[0]
        self.asked, self.asked_as = cloud.asked, cloud.asked_as
        self.events: list[dict[str, Any]] = []
        self.metrics: list[dict[str, Any]] = []
        self.services.emit = self._emit
        self.services.record = lambda namespace, data: self.metrics.extend({"Namespace": namespace, **d} for d in data)
        self.sm, self.s3 = cloud.client("sagemaker"), cloud.client("s3")
        role(cloud.client("iam"), "runner", "sagemaker")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})

    # Clients that only some tests need, since making one takes time.

    @property
    def runtime(self) -> Any:
        return self.services.client("sagemaker-runtime")

    @property
    def logs(self) -> Any:
        return self.services.client("logs")

    # What is in S3.

    def put(self, key: str, content: str | bytes) -> str:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=content)
        return f"s3://{BUCKET}/{key}"

    def read(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()

    def keys(self, prefix: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [item["Key"] for item in found.get("Contents", [])]

    def archive(self, key: str, files: dict[str, str]) -> str:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            for name, text in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(text.encode())
                tar.addfile(entry, io.BytesIO(text.encode()))
        return self.put(key, buffer.getvalue())

    def unpacked(self, key: str) -> dict[str, bytes]:
        with tarfile.open(fileobj=io.BytesIO(self.read(key))) as tar:
            return {entry.name: tar.extractfile(entry).read() for entry in tar if entry.isfile()}

    # Requests.

    def processing(self, script: str, *, inputs=(), outputs=(), arguments=(), **more: Any) -> dict[str, Any]:
        """A CreateProcessingJob request without its name, for a Python script."""
        code = self.put(f"code/{_hash(script)}/script.py", script)
        return {
            "AppSpecification": {
                "ImageUri": self.image,
                "ContainerEntrypoint": ["python3", "/opt/ml/processing/code/script.py"],
                **({"ContainerArguments": list(arguments)} if arguments else {}),
            },
            "RoleArn": self.role,
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
            },
            "ProcessingInputs": [_processing_input(*entry) for entry in (("code", code, "code"), *inputs)],
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": name,
                        "S3Output": {
                            "S3Uri": uri,
                            "LocalPath": f"/opt/ml/processing/{path}",
                            "S3UploadMode": "EndOfJob",
                        },
                    }
                    for name, uri, path in outputs
                ]
            },
            **more,
        }

    def training(self, script: str, *, channels=(), algorithm=None, **more: Any) -> dict[str, Any]:
        """A CreateTrainingJob request without its name, for a Python script in the channel `code`."""
        code = self.put(f"train/{_hash(script)}/script.py", script)
        return {
            "AlgorithmSpecification": {
                "TrainingImage": self.image,
                "TrainingInputMode": "File",
                "ContainerEntrypoint": ["python3", "/opt/ml/input/data/code/script.py"],
                **(algorithm or {}),
            },
            "RoleArn": self.role,
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/models"},
            "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            "InputDataConfig": [
                {
                    "ChannelName": name,
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}},
                }
                for name, uri in (("code", code), *channels)
            ],
            **more,
        }

    def package(self, group: str, **more: Any) -> str:
        """The ARN of a new version in a group, whose model data is in S3."""
        url = self.archive("registered/model.tar.gz", ECHO_MODEL)
        made = self.sm.create_model_package(
            ModelPackageGroupName=group,
            InferenceSpecification={
                "Containers": [{"Image": self.image, "ModelDataUrl": url}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            **more,
        )
        return made["ModelPackageArn"]

    def model(self, name: str, files: dict[str, str] | None = None, **environment: str) -> None:
        """A model that says its word before what it is sent, or one of other files."""
        url = self.archive(f"hosted/{name}/model.tar.gz", files or ECHO_MODEL)
        container = {"Image": self.image, "ModelDataUrl": url, "Environment": environment}
        self.sm.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=self.role)

    def config(self, name: str, *models: str, variants=("AllTraffic",), instances: int = 1, **more: Any) -> None:
        """An endpoint configuration with a variant for each model."""
        entries = [
            {
                "VariantName": variant,
                "ModelName": model,
                "InitialInstanceCount": instances,
                "InstanceType": "ml.m5.large",
            }
            for variant, model in zip(variants, models, strict=True)
        ]
        self.sm.create_endpoint_config(EndpointConfigName=name, ProductionVariants=entries, **more)

    def endpoint(self, name: str = "e", config: str = "c1", **more: Any) -> dict[str, Any]:
        """An endpoint in its first settled status; the model and the configuration are made when there are none."""
        if not self.sm.list_models()["Models"]:
            self.model("m")
        if not self.sm.list_endpoint_configs()["EndpointConfigs"]:
            self.config(config, "m")
        self.sm.create_endpoint(EndpointName=name, EndpointConfigName=config, **more)
        return self.settled_endpoint(name)

    def invoke(self, body: str, name: str = "e", **more: Any) -> str:
        answer = self.runtime.invoke_endpoint(
            EndpointName=name, Body=body.encode(), ContentType="text/csv", Accept="text/csv", **more
        )
        return answer["Body"].read().decode()

    # Waiting, and what was told.

    def ended_job(self, kind: str, name: str) -> dict[str, Any]:
        describe = getattr(self.sm, f"describe_{kind}_job")
        title = kind.capitalize()
        return self.until(
            lambda: describe(**{f"{title}JobName": name}),
            lambda job: job[f"{title}JobStatus"] not in ("InProgress", "Stopping"),
        )

    def run_processing(self, name: str, script: str, **more: Any) -> dict[str, Any]:
        self.sm.create_processing_job(ProcessingJobName=name, **self.processing(script, **more))
        return self.ended_job("processing", name)

    def run_training(self, name: str, script: str, **more: Any) -> dict[str, Any]:
        self.sm.create_training_job(TrainingJobName=name, **self.training(script, **more))
        return self.ended_job("training", name)

    def run_pipeline(self, definition: dict[str, Any], *, pipeline: str = "p", **parameters: str) -> dict[str, Any]:
        """Create a pipeline, run it, and give the ended execution."""
        text = json.dumps(definition)
        self.sm.create_pipeline(PipelineName=pipeline, PipelineDefinition=text, RoleArn=self.role)
        given = [{"Name": name, "Value": value} for name, value in parameters.items()]
        arn = self.sm.start_pipeline_execution(PipelineName=pipeline, PipelineParameters=given)["PipelineExecutionArn"]
        return self.ended_execution(arn)

    def start_pipeline(self, definition: dict[str, Any], *, pipeline: str = "p") -> None:
        """Create a pipeline and start it; `started` is the execution's ARN."""
        text = json.dumps(definition)
        self.sm.create_pipeline(PipelineName=pipeline, PipelineDefinition=text, RoleArn=self.role)
        self.started = self.sm.start_pipeline_execution(PipelineName=pipeline)["PipelineExecutionArn"]

    def only_steps(self) -> dict[str, dict[str, Any]]:
        """The steps of the execution that was started."""
        return self.steps({"PipelineExecutionArn": self.started})

    def ended_execution(self, arn: str) -> dict[str, Any]:
        return self.until(
            lambda: self.sm.describe_pipeline_execution(PipelineExecutionArn=arn),
            lambda execution: execution["PipelineExecutionStatus"] not in ("Executing", "Stopping"),
        )

    def steps(self, execution: dict[str, Any]) -> dict[str, dict[str, Any]]:
        arn = execution["PipelineExecutionArn"]
        listed = self.sm.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
        return {step["StepName"]: step for step in listed}

    def settled_endpoint(self, name: str = "e") -> dict[str, Any]:
        return self.endpoint_when(lambda record: not record["EndpointStatus"].endswith("ing"), name)

    def stage(self, status: str, name: str = "e") -> dict[str, Any]:
        """The stage of a pending deployment's first variant, once it is in that status."""
        described = self.endpoint_when(lambda record: _stage(record).get("Status") == status, name)
        return _stage(described)

    def endpoint_when(self, reached, name: str = "e") -> dict[str, Any]:
        """What DescribeEndpoint says once the endpoint's record is as wanted, which is told and not asked for."""
        self.part.endpoint_when(name, reached, timeout_seconds=PATIENCE_SECONDS)
        return self.sm.describe_endpoint(EndpointName=name)

    def until(self, ask, reached) -> Any:
        """What `ask` answers once it is as wanted."""
        pause = threading.Event()
        for _ in range(int(PATIENCE_SECONDS / PAUSE_SECONDS)):
            answer = ask()
            if reached(answer):
                return answer
            pause.wait(PAUSE_SECONDS)
        raise AssertionError(f"not reached in {PATIENCE_SECONDS} seconds: {ask()}")

    def told(self, detail_type: str) -> list[dict[str, Any]]:
        return [event["detail"] for event in self.events if event["detail-type"] == detail_type]

    def log(self, group: str) -> list[str]:
        """The lines of a log group, stream by stream."""
        streams = self.logs.describe_log_streams(logGroupName=group)["logStreams"]
        found = [self.logs.get_log_events(logGroupName=group, logStreamName=s["logStreamName"]) for s in streams]
        return [event["message"] for events in found for event in events["events"]]

    def refused(self, call, **params: Any) -> tuple[str, str]:
        """The code and the message with which a call is refused."""
        with pytest.raises(ClientError) as caught:
            call(**params)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    def sweep(self) -> None:
        """Forget the jobs, and all that they and their test have left."""
        for kind in ("processing", "training"):
            (listed,) = (v for k, v in getattr(self.sm, f"list_{kind}_jobs")().items() if k.endswith("Summaries"))
            name = f"{kind.capitalize()}JobName"
            for job in listed:
                if job[f"{kind.capitalize()}JobStatus"] in ("InProgress", "Stopping"):
                    getattr(self.sm, f"stop_{kind}_job")(**{name: job[name]})
                    self.ended_job(kind, job[name])
                getattr(self.sm, f"delete_{kind}_job")(**{name: job[name]})
        for bucket in self.s3.list_buckets()["Buckets"]:
            for item in self.s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
                self.s3.delete_object(Bucket=bucket["Name"], Key=item["Key"])
        for group in self.logs.describe_log_groups()["logGroups"]:
            self.logs.delete_log_group(logGroupName=group["logGroupName"])
        self.events.clear()
        self.metrics.clear()

    def _emit(self, source, detail_type, detail, *, resources=()) -> None:
        json.dumps(detail)  # an event that is not JSON could not be delivered
        self.events.append(
            {"source": source, "detail-type": detail_type, "detail": detail, "resources": list(resources)}
        )


def _hash(script: str) -> str:
    """By which the scripts of tests that share a world are told apart."""
    return hashlib.sha256(script.encode()).hexdigest()[:12]


def _stage(endpoint: dict[str, Any]) -> dict[str, Any]:
    if "PendingDeploymentSummary" not in endpoint:
        return {}
    (stage,) = endpoint["PendingDeploymentSummary"]["ProductionVariants"][0]["VariantStatus"]
    return stage


def _processing_input(name: str, uri: Any, path: str) -> dict[str, Any]:
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"/opt/ml/processing/{path}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
        },
    }


@pytest.fixture
def make_world(small_cloud):
    """Makes worlds of another clock, another way to /opt/ml, or with CloudWatch beside SageMaker."""

    def make(*, clock=None, isolated_by=None, alarms=False) -> World:
        def part(services):
            return SageMaker(services, images=PlainImages(), isolated_by=isolated_by)

        cloud = small_cloud(part, *([CloudWatch] if alarms else []), clock=clock)
        cloud.listen()
        world = World(cloud)
        if alarms:
            world.services.record = cloud.parts[1].record
        return world

    return make


@pytest.fixture
def world(make_world):
    """A world of the real clock."""
    return make_world()


@pytest.fixture(scope="module")
def lasting_cloud(tmp_path_factory):
    """A small cloud that the tests of a file share."""
    with sagemaker_cloud(tmp_path_factory, clock=Clock()) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def lasting(lasting_cloud):
    """A world that the tests of a file share: each takes names of its own."""
    return World(lasting_cloud)


@pytest.fixture
def swept(lasting):
    """A world that the tests of a file share, and in which the jobs of the tests before are forgotten."""
    yield lasting
    lasting.sweep()


@pytest.fixture
def hosting(tmp_path):
    """The endpoint `e` of four instances, and a configuration `c2`."""
    hosting = Hosting(tmp_path)
    hosting.endpoint()
    yield hosting
    hosting.close()
