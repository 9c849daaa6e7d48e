"""Processing jobs: inputs from S3, a program, outputs to S3.

Developer Guide, "Build Your Own Processing Container".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from local.errors import UnsupportedLocally, ValidationError
from local.images import Images
from local.sagemaker.containers.container import Container, Program
from local.sagemaker.errors import JobFailed
from local.sagemaker.jobs import cloudwatch
from local.sagemaker.jobs.channels import fetch, require_source
from local.sagemaker.jobs.contract import require_unique, upload
from local.sagemaker.jobs.scraping import Scraper
from local.sagemaker.kinds import PROCESSING_JOB, Kind
from local.sagemaker.resources import Record
from local.sagemaker.s3 import Files
from local.services import Services

_MESSAGE_CHARACTERS = 1024
_CHECKOUT: Final = str(Path(__file__).resolve().parents[3])
"""Where the program of an image that Sluice's own plays finds Sluice."""
METRICS: Final = "MetricsNamespace"
"""The member of a job that the service itself has made and whose container's metrics it puts: under what namespace."""


class Processing:
    """The contract of processing jobs."""

    kind: Kind = PROCESSING_JOB
    log_group = "/aws/sagemaker/ProcessingJobs"
    started_member = "ProcessingStartTime"
    ended_member = "ProcessingEndTime"

    def __init__(self, files: Files, *, images: Images, services: Services) -> None:
        self._files, self._images, self._services = files, images, services

    def check(self, params: Record) -> None:
        """Refuse inputs without a place or name of their own, dataset definitions, manifests, image entry points."""
        require_unique("processing input", (entry["InputName"] for entry in params.get("ProcessingInputs", [])))
        require_unique("processing output", (output["OutputName"] for output in _outputs(params)))
        for entry in params.get("ProcessingInputs", []):
            _check_input(entry)
        if params["ProcessingResources"]["ClusterConfig"].get("InstanceCount", 1) != 1:
            raise UnsupportedLocally("processing on several instances")
        for output in _outputs(params):
            _check_output(output)
        if not (params["AppSpecification"].get("ContainerEntrypoint") or self._images.program(self.image(params))):
            raise UnsupportedLocally(
                f"the entry point of image {self.image(params)}", reason="give AppSpecification.ContainerEntrypoint"
            )

    def image(self, params: Record) -> str:
        """The image's URI."""
        return str(params["AppSpecification"]["ImageUri"])

    def initial(self, params: Record) -> Mapping[str, Any]:
        """Nothing besides what was asked."""
        return {}

    def stage(self, record: Record, container: Container) -> Program:
        """Download the inputs, make the folders of the outputs, write the configuration files."""
        files = self._files.acting(record["RoleArn"])
        for entry in record.get("ProcessingInputs", []):
            source = entry["S3Input"]
            self._require_local_path(source["LocalPath"])
            fetch(files, source, container, source["LocalPath"])
        for output in _outputs(record):
            self._require_local_path(output["S3Output"]["LocalPath"])
            container.make(output["S3Output"]["LocalPath"])
        self._configure(record, container)
        platform = {
            "PROCESSING_JOB_NAME": record["ProcessingJobName"],
            "PROCESSING_JOB_ARN": record["ProcessingJobArn"],
            **record.get("Environment", {}),
        }
        command, env = self._command(record)
        isolated = record.get("NetworkConfig", {}).get("EnableNetworkIsolation", False)
        return Program(command, {**platform, **env}, network=not isolated)

    def _command(self, record: Record) -> tuple[list[str], dict[str, str]]:
        """What is started, and the variables that an image which starts something by itself needs for that."""
        application = record["AppSpecification"]
        given = application.get("ContainerArguments", [])
        if application.get("ContainerEntrypoint"):
            return [*application["ContainerEntrypoint"], *given], {}
        own = self._images.program(self.image(record))
        return ["python3", "-m", *own, *given], {"PYTHONPATH": _CHECKOUT}

    def phase(self, record: Record, name: str) -> Mapping[str, Any]:
        """A processing job has none that it tells of."""
        return {}

    def scraper(self, record: Record) -> Scraper:
        """A processing job has no metrics."""
        return Scraper()

    def rescue(self, record: Record, container: Container, *, stopped: bool) -> None:
        """Of what did not end well nothing is uploaded."""

    def collect(self, record: Record, container: Container) -> Mapping[str, Any]:
        """Upload the outputs; the program's message becomes the ExitMessage."""
        kms_key = record.get("ProcessingOutputConfig", {}).get("KmsKeyId")
        files = self._files.acting(record["RoleArn"])
        for output in _outputs(record):
            target = output["S3Output"]
            upload(files, container.outside(target["LocalPath"]), target["S3Uri"], kms_key=kms_key)
        if METRICS in record:
            metrics = list(cloudwatch.documents(container.outside(cloudwatch.FOLDER)))
            self._services.record(record[METRICS], metrics)
        return {"ExitMessage": (container.read_text("/opt/ml/output/message") or "")[:_MESSAGE_CHARACTERS] or None}

    def ending(self, record: Record, status: str, reason: str) -> Mapping[str, Any]:
        """Nothing besides status, reason and time."""
        return {}

    def _configure(self, record: Record, container: Container) -> None:
        container.make("/opt/ml/output")
        container.write_json("/opt/ml/config/processingjobconfig.json", record)
        cluster = record["ProcessingResources"]["ClusterConfig"]
        container.write_json(
            "/opt/ml/config/resourceconfig.json",
            {
                "current_host": "algo-1",
                "hosts": ["algo-1"],
                "network_interface_name": "eth0",
                "current_instance_type": cluster.get("InstanceType"),
            },
        )

    def _require_local_path(self, path: str) -> None:
        if not path.startswith("/opt/ml/processing/") or ".." in path.split("/"):
            raise JobFailed(f"ClientError: LocalPath {path!r} does not begin with /opt/ml/processing/")


def _outputs(params: Record) -> list[dict[str, Any]]:
    return list(params.get("ProcessingOutputConfig", {}).get("Outputs", []))


def _check_input(entry: dict[str, Any]) -> None:
    source, what = entry.get("S3Input"), f"processing input {entry['InputName']}"
    if entry.get("AppManaged"):
        raise UnsupportedLocally(f"AppManaged of {what}")
    if source is None:
        raise UnsupportedLocally(f"DatasetDefinition of {what}")
    require_source(what, source, mode=source.get("S3InputMode", "File"))
    if "LocalPath" not in source:
        raise ValidationError(f"LocalPath is required for {what}.")
    if source.get("S3CompressionType") == "Gzip":
        raise UnsupportedLocally(f"S3CompressionType Gzip of {what}")


def _check_output(output: dict[str, Any]) -> None:
    if output.get("AppManaged"):
        raise UnsupportedLocally(f"AppManaged of processing output {output['OutputName']}")
    if "S3Output" not in output:
        raise UnsupportedLocally(f"FeatureStoreOutput of processing output {output['OutputName']}")
