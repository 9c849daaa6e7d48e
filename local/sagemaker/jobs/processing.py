"""Processing jobs: inputs from S3, a program, outputs to S3.

Developer Guide, "Build Your Own Processing Container".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.errors import UnsupportedLocally, ValidationError
from local.sagemaker.containers.container import Container, Program
from local.sagemaker.errors import JobFailed
from local.sagemaker.jobs.channels import fetch, require_source
from local.sagemaker.jobs.contract import require_unique, upload
from local.sagemaker.jobs.scraping import Scraper
from local.sagemaker.kinds import PROCESSING_JOB, Kind
from local.sagemaker.resources import Record
from local.sagemaker.s3 import Files

_MESSAGE_CHARACTERS = 1024


class Processing:
    """The contract of processing jobs."""

    kind: Kind = PROCESSING_JOB
    log_group = "/aws/sagemaker/ProcessingJobs"
    started_member = "ProcessingStartTime"
    ended_member = "ProcessingEndTime"

    def __init__(self, files: Files) -> None:
        self._files = files

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
        if not params["AppSpecification"].get("ContainerEntrypoint"):
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
        application = record["AppSpecification"]
        return Program(
            [*application["ContainerEntrypoint"], *application.get("ContainerArguments", [])],
            {
                "PROCESSING_JOB_NAME": record["ProcessingJobName"],
                "PROCESSING_JOB_ARN": record["ProcessingJobArn"],
                **record.get("Environment", {}),
            },
            network=not record.get("NetworkConfig", {}).get("EnableNetworkIsolation", False),
        )

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
