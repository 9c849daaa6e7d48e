"""Training jobs: channels from S3, a program, model.tar.gz to S3.

Developer Guide, "Use Your Own Training Algorithms".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from local.errors import UnsupportedLocally, ValidationError
from local.images import Images
from local.sagemaker.archives import pack
from local.sagemaker.containers.container import Container, Program
from local.sagemaker.errors import JobFailed, S3Error
from local.sagemaker.jobs.algorithms import metric_definitions
from local.sagemaker.jobs.channels import fetch, require_source
from local.sagemaker.jobs.contract import require_unique, upload
from local.sagemaker.jobs.scraping import Scraper, require_patterns
from local.sagemaker.jobs.scriptmode import script_program
from local.sagemaker.kinds import TRAINING_JOB, Kind
from local.sagemaker.resources import Record
from local.sagemaker.s3 import Files
from local.services import Services

_CONFIG = "/opt/ml/input/config"
_FOLDERS = (
    _CONFIG,
    "/opt/ml/input/data",
    "/opt/ml/model",
    "/opt/ml/output/data",
    "/opt/ml/code",
    "/opt/ml/checkpoints",
)
_DEFAULT_INSTANCE = "ml.m5.large"
_ARCHIVES = {"model.tar.gz": "/opt/ml/model", "output.tar.gz": "/opt/ml/output/data"}
_TOLD = {
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
}


class Training:
    """The contract of training jobs."""

    kind: Kind = TRAINING_JOB
    log_group = "/aws/sagemaker/TrainingJobs"
    started_member = "TrainingStartTime"
    ended_member = "TrainingEndTime"

    def __init__(self, files: Files, *, images: Images, services: Services) -> None:
        self._files, self._images, self._services = files, images, services
        self._clock = services.clock

    def check(self, params: Record) -> None:
        """Refuse pipes, other data sources, algorithms without an image or a counterpart, and several hosts."""
        algorithm = params.get("AlgorithmSpecification", {})
        if "TrainingImage" not in algorithm:
            raise UnsupportedLocally("training without AlgorithmSpecification.TrainingImage")
        require_patterns(algorithm.get("MetricDefinitions", []))
        require_unique("channel", (channel["ChannelName"] for channel in params.get("InputDataConfig", [])))
        for channel in params.get("InputDataConfig", []):
            what, mode = f"channel {channel['ChannelName']}", channel.get("InputMode", algorithm["TrainingInputMode"])
            require_source(what, channel["DataSource"].get("S3DataSource"), mode=mode)
            if channel.get("CompressionType") == "Gzip":
                raise UnsupportedLocally(f"CompressionType Gzip of {what}")
        if params.get("ResourceConfig", {}).get("InstanceCount", 1) != 1:
            raise UnsupportedLocally("training on several instances")
        self._check_ways(params)

    def _check_ways(self, params: Record) -> None:
        if params["OutputDataConfig"].get("CompressionType") == "NONE":
            raise UnsupportedLocally("OutputDataConfig.CompressionType NONE")
        if "S3OutputPath" not in params["OutputDataConfig"]:
            raise ValidationError("OutputDataConfig.S3OutputPath is required.")
        if not _checkpoints(params).startswith("/opt/ml/"):
            raise UnsupportedLocally(f"checkpoints in {_checkpoints(params)}", reason="use a LocalPath below /opt/ml")
        if not (_has_program(params) or self._images.algorithm(self.image(params))):
            raise UnsupportedLocally(
                f"the algorithm inside image {self.image(params)}",
                reason="give ContainerEntrypoint, or the hyperparameters of script mode",
            )

    def image(self, params: Record) -> str:
        """The image's URI."""
        return str(params["AlgorithmSpecification"]["TrainingImage"])

    def initial(self, params: Record) -> Mapping[str, Any]:
        """What DescribeTrainingJob always has."""
        return {
            **self._measured(params),
            # Without a key it is empty, not absent: the SageMaker SDK reads it unasked.
            "OutputDataConfig": {"KmsKeyId": "", **params["OutputDataConfig"]},
            "ModelArtifacts": {"S3ModelArtifacts": f"{_output(params)}/model.tar.gz"},
            "StoppingCondition": params.get("StoppingCondition", {"MaxRuntimeInSeconds": 86400}),
            "SecondaryStatus": "Starting",
            "SecondaryStatusTransitions": [self._transition("Starting", "Starting the training job")],
        }

    def _measured(self, params: Record) -> Mapping[str, Any]:
        """AlgorithmSpecification with the metrics that an algorithm of AWS's own has without being asked."""
        if _has_program(params):
            return {}
        own = metric_definitions(self._images.algorithm(self.image(params)))
        algorithm = params["AlgorithmSpecification"]
        given = algorithm.get("MetricDefinitions", [])
        names = {definition["Name"] for definition in given}
        return {
            "AlgorithmSpecification": {
                **algorithm,
                "MetricDefinitions": [*given, *(found for found in own if found["Name"] not in names)],
            }
        }

    def stage(self, record: Record, container: Container) -> Program:
        """Download channels and checkpoints, write the configuration files."""
        files = self._files.acting(record["RoleArn"])
        for folder in _FOLDERS:
            container.make(folder)
        for channel in record.get("InputDataConfig", []):
            source = channel["DataSource"]["S3DataSource"]
            fetch(files, source, container, f"/opt/ml/input/data/{channel['ChannelName']}")
        if "CheckpointConfig" in record:
            files.download_prefix(record["CheckpointConfig"]["S3Uri"], container.make(_checkpoints(record)))
        channels, resources = _channels(record), _resources(record)
        container.write_json(f"{_CONFIG}/hyperparameters.json", record.get("HyperParameters", {}))
        container.write_json(f"{_CONFIG}/inputdataconfig.json", channels)
        container.write_json(f"{_CONFIG}/resourceconfig.json", resources)
        platform = {
            "TRAINING_JOB_NAME": record["TrainingJobName"],
            "TRAINING_JOB_ARN": record["TrainingJobArn"],
            **record.get("Environment", {}),
        }
        program = self._program(record, container, env=platform)
        return dataclasses.replace(program, network=not record.get("EnableNetworkIsolation", False))

    def _program(self, record: Record, container: Container, *, env: Mapping[str, str]) -> Program:
        algorithm, hyperparameters = record["AlgorithmSpecification"], record.get("HyperParameters", {})
        if algorithm.get("ContainerEntrypoint"):
            return Program([*algorithm["ContainerEntrypoint"], *algorithm.get("ContainerArguments", [])], env)
        if "sagemaker_program" in hyperparameters:
            return script_program(hyperparameters, container, self._files.acting(record["RoleArn"]), env=env)
        image = self.image(record)
        return Program(["python3", "-m", f"sluice_{self._images.algorithm(image)}", "/opt/ml", image], env)

    def phase(self, record: Record, name: str) -> Mapping[str, Any]:
        """The secondary status and its place among those before."""
        transition = self._transition(name, _TOLD[name])
        return {
            "SecondaryStatus": name,
            "SecondaryStatusTransitions": [*record["SecondaryStatusTransitions"], transition],
        }

    def scraper(self, record: Record) -> Scraper:
        """The metrics of its definitions, which CloudWatch gets as they come."""
        dimensions = [{"Name": "TrainingJobName", "Value": record["TrainingJobName"]}]
        return Scraper(
            record["AlgorithmSpecification"].get("MetricDefinitions", []),
            now=self._clock.now,
            tell=lambda data: self._services.record(
                self.log_group, [{**datum, "Dimensions": dimensions} for datum in data]
            ),
        )

    def collect(self, record: Record, container: Container) -> Mapping[str, Any]:
        """Upload the model, the other output and the checkpoints."""
        self._upload_checkpoints(record, container)
        self._upload_archive(record, container, "model.tar.gz")
        if any(container.make(_ARCHIVES["output.tar.gz"]).iterdir()):
            self._upload_archive(record, container, "output.tar.gz")
        return {}

    def rescue(self, record: Record, container: Container, *, stopped: bool) -> None:
        """Checkpoints are kept however a job ends; of one that is stopped the model too, if it has left any."""
        self._upload_checkpoints(record, container)
        if stopped and any(container.make(_ARCHIVES["model.tar.gz"]).iterdir()):
            self._upload_archive(record, container, "model.tar.gz")

    def ending(self, record: Record, status: str, reason: str) -> Mapping[str, Any]:
        """The secondary status and how long it took."""
        secondary = "MaxRuntimeExceeded" if reason.startswith("MaxRuntimeExceeded") else status
        transitions = [
            *record["SecondaryStatusTransitions"],
            self._transition(secondary, reason or "Training job ended"),
        ]
        started = record.get("TrainingStartTime")
        seconds = int((self._clock.now() - started).total_seconds()) if started else None
        return {
            "SecondaryStatus": secondary,
            "SecondaryStatusTransitions": transitions,
            "TrainingTimeInSeconds": seconds,
            "BillableTimeInSeconds": seconds,
        }

    def _transition(self, status: str, message: str) -> dict[str, Any]:
        now = self._clock.now()
        return {"Status": status, "StartTime": now, "StatusMessage": message}

    def _upload_archive(self, record: Record, container: Container, name: str) -> None:
        archive, kms_key = container.root / name, record["OutputDataConfig"].get("KmsKeyId")
        pack(container.make(_ARCHIVES[name]), archive)
        try:
            files = self._files.acting(record["RoleArn"])
            files.upload(archive, f"{_output(record)}/{name}", kms_key=kms_key)
        except S3Error as error:
            raise JobFailed(f"ClientError: Data upload failed: {error}") from error

    def _upload_checkpoints(self, record: Record, container: Container) -> None:
        if "CheckpointConfig" in record:
            folder = container.make(_checkpoints(record))
            upload(self._files.acting(record["RoleArn"]), folder, record["CheckpointConfig"]["S3Uri"])


def _has_program(params: Record) -> bool:
    given = "ContainerEntrypoint" in params["AlgorithmSpecification"]
    return given or "sagemaker_program" in params.get("HyperParameters", {})


def _checkpoints(params: Record) -> str:
    path: str = params.get("CheckpointConfig", {}).get("LocalPath", "/opt/ml/checkpoints")
    return path


def _output(params: Record) -> str:
    return f"{params['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{params['TrainingJobName']}/output"


def _channels(record: Record) -> dict[str, Any]:
    return {
        channel["ChannelName"]: {
            "TrainingInputMode": channel.get("InputMode", "File"),
            "S3DistributionType": "FullyReplicated",
            "RecordWrapperType": channel.get("RecordWrapperType", "None"),
            "ContentType": channel.get("ContentType"),
        }
        for channel in record.get("InputDataConfig", [])
    }


def _resources(record: Record) -> dict[str, Any]:
    return {
        "current_host": "algo-1",
        "hosts": ["algo-1"],
        "current_group_name": "homogeneousCluster",
        "current_instance_type": record.get("ResourceConfig", {}).get("InstanceType", _DEFAULT_INSTANCE),
        "instance_groups": [],
        "network_interface_name": "eth0",
        "topology": None,
    }
