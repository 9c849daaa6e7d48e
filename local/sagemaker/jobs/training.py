"""Training jobs: channels from S3, a program, model.tar.gz to S3.

Developer Guide, "Use Your Own Training Algorithms".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local.clock import Clock
from local.errors import UnsupportedLocally, ValidationError
from local.sagemaker.archives import pack
from local.sagemaker.containers.container import Container, Program
from local.sagemaker.errors import JobFailed
from local.sagemaker.jobs.contract import download, require_unique
from local.sagemaker.jobs.scriptmode import script_program
from local.sagemaker.kinds import TRAINING_JOB, Kind
from local.sagemaker.logs import Log
from local.sagemaker.resources import Record
from local.sagemaker.s3 import Files

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


class Training:
    """The contract of training jobs."""

    kind: Kind = TRAINING_JOB
    log_group = "/aws/sagemaker/TrainingJobs"
    started_member = "TrainingStartTime"
    ended_member = "TrainingEndTime"

    def __init__(self, files: Files, clock: Clock) -> None:
        self._files = files
        self._clock = clock

    def check(self, params: Record) -> None:
        """Refuse pipes, manifests, other data sources, algorithms without an image and several hosts."""
        if "TrainingImage" not in params.get("AlgorithmSpecification", {}):
            raise UnsupportedLocally("training without AlgorithmSpecification.TrainingImage")
        require_unique("channel", (channel["ChannelName"] for channel in params.get("InputDataConfig", [])))
        for channel in params.get("InputDataConfig", []):
            source = channel["DataSource"].get("S3DataSource")
            if source is None or source["S3DataType"] != "S3Prefix":
                raise UnsupportedLocally(f"the data source of channel {channel['ChannelName']}", reason="use S3Prefix")
            if channel.get("InputMode") == "Pipe":
                raise UnsupportedLocally(f"input mode Pipe of channel {channel['ChannelName']}", reason="use File")
            if channel.get("CompressionType") == "Gzip":
                raise UnsupportedLocally(f"CompressionType Gzip of channel {channel['ChannelName']}")
        if params.get("ResourceConfig", {}).get("InstanceCount", 1) != 1:
            raise UnsupportedLocally("training on several instances")
        if params["OutputDataConfig"].get("CompressionType") == "NONE":
            raise UnsupportedLocally("OutputDataConfig.CompressionType NONE")
        if "S3OutputPath" not in params["OutputDataConfig"]:
            raise ValidationError("OutputDataConfig.S3OutputPath is required.")

    def image(self, params: Record) -> str:
        """The image's URI."""
        return str(params["AlgorithmSpecification"]["TrainingImage"])

    def initial(self, params: Record) -> Mapping[str, Any]:
        """What DescribeTrainingJob always has."""
        return {
            # Without a key it is empty, not absent: the SageMaker SDK reads it unasked.
            "OutputDataConfig": {"KmsKeyId": "", **params["OutputDataConfig"]},
            "ModelArtifacts": {"S3ModelArtifacts": f"{_output(params)}/model.tar.gz"},
            "StoppingCondition": params.get("StoppingCondition", {"MaxRuntimeInSeconds": 86400}),
            "SecondaryStatus": "Starting",
            "SecondaryStatusTransitions": [self._transition("Starting", "Starting the training job")],
        }

    def stage(self, record: Record, container: Container) -> Program:
        """Download channels and checkpoints, write the configuration files."""
        files = self._files.acting(record["RoleArn"])
        for folder in _FOLDERS:
            container.make(folder)
        for channel in record.get("InputDataConfig", []):
            uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
            download(files, uri, container, f"/opt/ml/input/data/{channel['ChannelName']}")
        if "CheckpointConfig" in record:
            files.download_prefix(record["CheckpointConfig"]["S3Uri"], container.make("/opt/ml/checkpoints"))
        channels, resources = _channels(record), _resources(record)
        container.write_json(f"{_CONFIG}/hyperparameters.json", record.get("HyperParameters", {}))
        container.write_json(f"{_CONFIG}/inputdataconfig.json", channels)
        container.write_json(f"{_CONFIG}/resourceconfig.json", resources)
        platform = {
            "TRAINING_JOB_NAME": record["TrainingJobName"],
            "TRAINING_JOB_ARN": record["TrainingJobArn"],
            **record.get("Environment", {}),
        }
        algorithm = record["AlgorithmSpecification"]
        if algorithm.get("ContainerEntrypoint"):
            return Program([*algorithm["ContainerEntrypoint"], *algorithm.get("ContainerArguments", [])], platform)
        if "sagemaker_program" in record.get("HyperParameters", {}):
            return script_program(record["HyperParameters"], container, files, env=platform)
        raise JobFailed(
            f"ClientError: image {self.image(record)} has no algorithm of its own here: give a ContainerEntrypoint, "
            "or the hyperparameter sagemaker_program"
        )

    def beginning(self, record: Record) -> Mapping[str, Any]:
        """The secondary status of a program that runs."""
        transition = self._transition("Training", "Training image download completed. Training in progress.")
        return {
            "SecondaryStatus": "Training",
            "SecondaryStatusTransitions": [*record["SecondaryStatusTransitions"], transition],
        }

    def collect(self, record: Record, container: Container, log: Log) -> Mapping[str, Any]:
        """Upload the model, the other output and the checkpoints; read the metrics from the log."""
        base, kms_key = _output(record), record["OutputDataConfig"].get("KmsKeyId")
        files = self._files.acting(record["RoleArn"])
        for folder, name in (("/opt/ml/model", "model.tar.gz"), ("/opt/ml/output/data", "output.tar.gz")):
            content = container.make(folder)
            if name == "model.tar.gz" or any(content.iterdir()):
                archive = container.root / name
                pack(content, archive)
                files.upload(archive, f"{base}/{name}", kms_key=kms_key)
        if "CheckpointConfig" in record:
            files.upload_folder(container.make("/opt/ml/checkpoints"), record["CheckpointConfig"]["S3Uri"])
        return {"FinalMetricDataList": self._metrics(record, log.text())}

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

    def _metrics(self, record: Record, log: str) -> list[dict[str, Any]]:
        found = []
        for definition in record["AlgorithmSpecification"].get("MetricDefinitions", []):
            values = re.findall(definition["Regex"], log)
            if values:
                last = values[-1] if isinstance(values[-1], str) else values[-1][0]
                found.append({"MetricName": definition["Name"], "Value": float(last), "Timestamp": self._clock.now()})
        return found


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
