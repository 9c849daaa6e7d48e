"""Transform jobs: created at once, run on a thread over a model server of their own, ended in one status."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from local.errors import AwsError, LocalError, UnsupportedLocally, ValidationError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.errors import JobFailed, JobStopped, S3Error, Unhealthy, Unusable
from local.sagemaker.hosting.fleets import image_of
from local.sagemaker.hosting.server import Image, ModelServer
from local.sagemaker.kinds import MODEL, TRANSFORM_JOB
from local.sagemaker.logs import Log
from local.sagemaker.remedies import explained
from local.sagemaker.resources import Record
from local.sagemaker.structural import structural
from local.sagemaker.transform.joining import Joining
from local.sagemaker.transform.records import assembled, payloads, plain
from local.wire import Call

Params = dict[str, Any]

_log = logging.getLogger(__name__)

_RUNNING: Final = ("InProgress", "Stopping")
_FAILED: Final = (LocalError, BotoCoreError, ClientError, OSError)
_HEALTH_CHECK_SECONDS: Final = 480
_LOG_GROUP: Final = "/aws/sagemaker/TransformJobs"
_TOLD_CHARACTERS: Final = 300
_RETRIES: Final = 3


class TransformJobs:
    """The operations on transform jobs."""

    def __init__(self, context: Context) -> None:
        self._context, self._store = context, context.store
        self._servers: dict[str, ModelServer] = {}
        self._lock = threading.Lock()

    def handlers(self) -> dict[str, Handler]:
        """Create, Describe, List and Stop."""
        shown = structural(self._store, TRANSFORM_JOB)
        return {
            "CreateTransformJob": self.create,
            "DescribeTransformJob": shown["DescribeTransformJob"],
            "ListTransformJobs": shown["ListTransformJobs"],
            "StopTransformJob": self.stop,
        }

    def create(self, params: Params, _: Call) -> Params:
        """Keep a job as InProgress and run it on a thread. Raises UnsupportedLocally for what it would leave out."""
        self._store.get(MODEL, params["ModelName"])
        _check(params)
        self._context.machine.require(image_of(self._store, params["ModelName"]).uri)
        self._context.lineage.require_trial(params)
        name = params["TransformJobName"]
        record = self._store.add(TRANSFORM_JOB, name, {**params, "TransformJobStatus": "InProgress"})
        self._context.lineage.job_began(TRANSFORM_JOB, record)
        self._begin(name)
        return record

    def stop(self, params: Params, _: Call) -> Params:
        """Ask a job to end: the request under way is the last one. Raises ValidationError when it has ended."""
        name = params["TransformJobName"]

        def stopping(record: Record) -> Params:
            status = record["TransformJobStatus"]
            if status not in _RUNNING:
                raise ValidationError(f"The request was rejected because the transform job is in status {status}.")
            return {"TransformJobStatus": "Stopping"}

        self._store.edit(TRANSFORM_JOB, name, stopping)
        with self._lock:
            server = self._servers.get(name)
        if server is not None:
            self._context.workers.start(f"stop-{name}", server.stop)
        return {}

    def resume(self) -> None:
        """Run again, from their start, the jobs that the process before was running."""
        for record in self._store.all(TRANSFORM_JOB):
            if record["TransformJobStatus"] in _RUNNING:
                self._begin(record["TransformJobName"])

    def close(self) -> None:
        """End the model servers of all jobs."""
        with self._lock:
            servers = list(self._servers.values())
        for server in servers:
            server.stop()

    def _begin(self, name: str) -> None:
        self._context.workers.start(name, lambda: self._run(name))

    def _run(self, name: str) -> None:
        status, reason = "Completed", ""
        try:
            self._execute(self._store.get(TRANSFORM_JOB, name))
        except _FAILED as error:  # also what a stop breaks off
            status, reason = ("Stopped", "") if self._stopping(name) else ("Failed", self._explained(name, error))
        except Exception as error:  # noqa: BLE001 - whatever a job meets, it must end
            _log.exception("the transform job %s failed", name)
            status, reason = "Failed", f"InternalServerError: {type(error).__name__}: {error}"
        if self._context.workers.closing:
            return  # the next process runs it again
        ended = self._store.change(
            TRANSFORM_JOB,
            name,
            TransformJobStatus=status,
            TransformEndTime=self._context.services.clock.now(),
            FailureReason=reason or None,
        )
        self._context.lineage.job_ended(TRANSFORM_JOB, ended)

    def _execute(self, record: Record) -> None:
        name, image = record["TransformJobName"], image_of(self._store, record["ModelName"])
        container = self._context.machine.container("transform-job", name)
        image = dataclasses.replace(image, environment=_environment(record, image))
        log = self._log(name, image, container.root / "log.txt")
        server = ModelServer(self._context, image=image, container=container, log=log)
        with self._lock:
            self._servers[name] = server
        try:
            if self._stopping(name):
                raise JobStopped("")
            self._serve(record, server)
            for file, uri in self._objects(record, image, container.root / "input"):
                self._transform(record, server, file=file, output=uri, role_arn=image.role_arn)
            if self._stopping(name):  # which may have taken the input away between two objects
                raise JobStopped("")
        finally:
            with self._lock:
                del self._servers[name]
            server.stop()

    def _explained(self, name: str, error: Exception) -> str:
        text = str(error) if isinstance(error, JobFailed) else f"ClientError: {error}"
        log = f"{_LOG_GROUP}, the stream of {name}" if text.startswith("AlgorithmError") else ""
        return explained(text, role=self._role(name), log=log)

    def _role(self, name: str) -> str:
        """The name of the role that a job's model has, if there still is that model."""
        try:
            model = self._store.get(MODEL, self._store.get(TRANSFORM_JOB, name)["ModelName"])
        except AwsError:
            return "of the model"
        return str(model["ExecutionRoleArn"].rpartition("/")[2])

    def _stopping(self, name: str) -> bool:
        return bool(self._store.get(TRANSFORM_JOB, name)["TransformJobStatus"] == "Stopping")

    def _serve(self, record: Record, server: ModelServer) -> None:
        try:
            server.start(health_check_seconds=_HEALTH_CHECK_SECONDS)
        except Unusable as error:
            raise JobFailed(f"ClientError: {error}") from error
        except Unhealthy as error:
            raise JobFailed(f"AlgorithmError: the model container did not become healthy: {error}") from error
        now = self._context.services.clock.now()
        self._store.change(TRANSFORM_JOB, record["TransformJobName"], TransformStartTime=now)

    def _objects(self, record: Record, image: Image, folder: Path) -> Iterator[tuple[Path, str]]:
        """Each object of the input with the address of its output: its name below the prefix, and `.out`."""
        uri = record["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
        folder.mkdir()
        try:
            found = self._context.files.acting(image.role_arn).download_prefix(uri, folder)
        except S3Error as error:
            raise JobFailed(f"ClientError: Data download failed: {error}") from error
        if not found:
            raise JobFailed(f'ClientError: Data download failed: No S3 objects found under S3 URL "{uri}".')
        target = record["TransformOutput"]["S3OutputPath"].rstrip("/")
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            yield file, f"{target}/{file.relative_to(folder).as_posix()}.out"

    def _transform(self, record: Record, server: ModelServer, *, file: Path, output: str, role_arn: str) -> None:
        given, wanted = record["TransformInput"].get("ContentType"), record["TransformOutput"].get("Accept")
        headers = {name: value for name, value in (("Content-Type", given), ("Accept", wanted)) if value}
        tries = 1 + record.get("ModelClientConfig", {}).get("InvocationsMaxRetries", _RETRIES)
        content, joining = plain(file.read_bytes(), record), Joining.of(record)
        sent = joining.sent(content) if joining else content
        answers = [_answer(server, body, headers, tries) for body in payloads(sent, record)]
        kept = assembled(answers, record)
        file.write_bytes(joining.kept(content, kept) if joining else kept)  # a name of its own may be another object's
        files, key = self._context.files.acting(role_arn), record["TransformOutput"].get("KmsKeyId")
        files.upload(file, output, kms_key=key or None)

    def _log(self, name: str, image: Image, file: Path) -> Log:
        context, role = self._context, image.role_arn
        return Log(
            lambda: context.identities.acting(role),
            group=_LOG_GROUP,
            stream=f"{name}/i-{int(time.time())}",
            file=file,
        )


def _check(params: Params) -> None:
    """Refuse by name what would be passed over."""
    if params.get("DataCaptureConfig"):
        raise UnsupportedLocally("DataCaptureConfig of a transform job")
    Joining.of(params)
    source, split = params["TransformInput"]["DataSource"]["S3DataSource"], params["TransformInput"].get("SplitType")
    if source["S3DataType"] != "S3Prefix":
        raise UnsupportedLocally(f"S3DataType {source['S3DataType']} of a transform job")
    if split in ("RecordIO", "TFRecord"):
        raise UnsupportedLocally(f"SplitType {split} of a transform job")
    if params["TransformResources"]["InstanceCount"] != 1:
        raise UnsupportedLocally("transforming on several instances")


def _environment(record: Record, image: Image) -> dict[str, str]:
    # What a container finds in a batch transform (Developer Guide, "Use your own inference code with batch transform").
    told = {
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_BATCH_STRATEGY": record.get("BatchStrategy"),
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": record.get("MaxPayloadInMB"),
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": record.get("MaxConcurrentTransforms"),
    }
    given = {name: str(value) for name, value in told.items() if value is not None}
    return {**image.environment, **given, **record.get("Environment", {})}


def _answer(server: ModelServer, body: bytes, headers: dict[str, str], tries: int) -> bytes:
    response = server.invoke(body, headers)
    for _ in range(1, tries):
        if response.status in range(200, 300):
            break
        response = server.invoke(body, headers)
    if response.status not in range(200, 300):
        told = response.body.decode(errors="replace")[:_TOLD_CHARACTERS]
        raise JobFailed(f"AlgorithmError: Bad HTTP status received from algorithm: {response.status}, {told}")
    return response.body
