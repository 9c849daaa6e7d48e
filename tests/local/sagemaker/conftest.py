"""A local cloud with SageMaker alone, and programs that need nothing but the standard library."""

from __future__ import annotations

import io
import json
import sys
import tarfile
import threading
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from local.clock import Clock
from local.errors import UnsupportedLocally
from local.front import Front
from local.images import Interpreter
from local.moto_app import ACCOUNT, moto_app, reset_moto
from local.processes import Processes
from local.sagemaker import SageMaker
from local.services import Services
from local.transport import session

REGION = "eu-west-1"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/plain:1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/runner"
BUCKET = "work"


class PlainImages:
    """The test's own Python stands for one image."""

    def require(self, uri: str) -> None:
        if uri != IMAGE:
            raise UnsupportedLocally(f"image {uri}")

    def interpreter(self, uri: str) -> Interpreter:
        self.require(uri)
        return Interpreter(Path(sys.executable), "local versions differ from image plain: numpy 2 for 1")


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code="-", size="-") -> None:
        pass


class World:
    """SageMaker in front of moto, reachable in process and over HTTP; keeps what it emits."""

    def __init__(self, folder: Path, *, clock: Clock | None = None, isolated_by: Any = None) -> None:
        self.events: list[dict[str, Any]] = []
        self._told = threading.Condition()
        self.services = Services(
            account=ACCOUNT,
            region=REGION,
            clock=clock or Clock(),
            workdir=folder,
            processes=Processes(),
            session=lambda: session(self.app, region=REGION),
            emit=self._emit,
        )
        self.part = SageMaker(self.services, images=PlainImages(), isolated_by=isolated_by)
        self.app = Front(self.part.families(), fallback=moto_app(), region=REGION)
        self._server = make_server("127.0.0.1", 0, self.app, threaded=True, request_handler=Quiet)
        self.services.listens_at(f"http://localhost:{self._server.server_port}")
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.sm, self.runtime = self.client("sagemaker"), self.client("sagemaker-runtime")
        self.s3 = self.client("s3")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})

    def client(self, name: str) -> Any:
        return self.services.client(name)

    def put(self, key: str, content: str | bytes) -> str:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=content)
        return f"s3://{BUCKET}/{key}"

    def read(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()

    def archive(self, key: str, files: dict[str, str]) -> str:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            for name, text in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(text.encode())
                tar.addfile(entry, io.BytesIO(text.encode()))
        return self.put(key, buffer.getvalue())

    def until(self, ask, reached, *, seconds: float = 30.0) -> Any:
        """What `ask` answers once `reached` holds; the emission of an event is when it is asked again."""
        with self._told:
            held = self._told.wait_for(lambda: reached(ask()), seconds)
            assert held, f"never reached: {ask()}"
        return ask()

    def wait_job(self, kind: str, name: str) -> dict[str, Any]:
        describe = {"processing": self.sm.describe_processing_job, "training": self.sm.describe_training_job}[kind]
        title = kind.capitalize()
        return self._poll(
            lambda: describe(**{f"{title}JobName": name}),
            lambda job: job[f"{title}JobStatus"] not in ("InProgress", "Stopping"),
        )

    def wait_execution(self, arn: str) -> dict[str, Any]:
        return self._poll(
            lambda: self.sm.describe_pipeline_execution(PipelineExecutionArn=arn),
            lambda execution: execution["PipelineExecutionStatus"] not in ("Executing", "Stopping"),
        )

    def wait_endpoint(self, name: str) -> dict[str, Any]:
        return self._poll(
            lambda: self.sm.describe_endpoint(EndpointName=name),
            lambda endpoint: not endpoint["EndpointStatus"].endswith("ing"),
        )

    def _poll(self, ask, reached, *, seconds: float = 60.0) -> Any:
        pause = threading.Event()
        for _ in range(int(seconds / 0.05)):
            answer = ask()
            if reached(answer):
                return answer
            pause.wait(0.05)
        raise AssertionError(f"not reached in {seconds} s: {ask()}")

    def told(self, detail_type: str) -> list[dict[str, Any]]:
        with self._told:
            return [event for event in self.events if event["detail-type"] == detail_type]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.part.close()
        self.services.clock.close()
        self.services.processes.close()
        reset_moto()

    def _emit(self, source, detail_type, detail, *, resources=()) -> None:
        json.dumps(detail)  # an event that is not JSON could never be delivered
        with self._told:
            event = {"source": source, "detail-type": detail_type, "detail": detail, "resources": list(resources)}
            self.events.append(event)
            self._told.notify_all()


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    yield world
    world.close()


def processing(image=IMAGE, *, command, inputs=(), outputs=(), **more) -> dict[str, Any]:
    """A CreateProcessingJob request without its name."""
    return {
        "AppSpecification": {"ImageUri": image, "ContainerEntrypoint": command},
        "RoleArn": ROLE,
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
        },
        "ProcessingInputs": [
            {
                "InputName": name,
                "S3Input": {
                    "S3Uri": uri,
                    "LocalPath": f"/opt/ml/processing/{path}",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
            for name, uri, path in inputs
        ],
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
