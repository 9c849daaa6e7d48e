"""Windows too large for a function: the same run as a Processing job of SageMaker."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from monitor.policy import Policy
from monitor.running.clients import Clients
from monitor.running.place import Place
from monitor.running.window import Window

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

CODE: Final = "/opt/ml/processing/input/code"
LONGEST_NAME: Final = 63
_LONGEST_SECONDS: Final = 3600
_VOLUME_GB: Final = 50


@dataclass(frozen=True, kw_only=True)
class Jobs:
    """How jobs are started: their role, image and code (the folder of ``start.py``), the key of their disks, where.

    ``parameter`` is the SSM parameter that holds the model's policy.
    """

    role: str
    image: str
    code: str
    key: str
    parameter: str
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()

    def start(self, place: Place, policy: Policy, window: Window, *, run: str, sagemaker: SageMakerClient) -> str:
        """Start the job that judges a window, unless it has been started already. Gives its name."""
        name = f"{place.jobs}-{run.rpartition('-')[2]}"[:LONGEST_NAME]
        span = {"start": window.start.isoformat(), "end": window.end.isoformat()}
        task = {**asdict(place), **span, "parameter": self.parameter}
        try:
            sagemaker.create_processing_job(
                ProcessingJobName=name,
                RoleArn=self.role,
                AppSpecification={
                    "ImageUri": self.image,
                    "ContainerEntrypoint": ["python3", f"{CODE}/start.py"],
                    "ContainerArguments": [f"{member}={value}" for member, value in task.items()],
                },
                ProcessingInputs=[self._code()],
                ProcessingResources=self._machine(policy),
                StoppingCondition={"MaxRuntimeInSeconds": _LONGEST_SECONDS},
                Tags=[{"Key": "sluice:model", "Value": place.model}, {"Key": "sluice:stage", "Value": place.stage}],
                **self._network(),
            )
        except sagemaker.exceptions.ResourceInUse:
            return name
        return name

    @property
    def closed_network(self) -> Any:
        """The network of a job whose container needs none."""
        return {"EnableNetworkIsolation": True, **self._vpc()}

    def _code(self) -> Any:
        return {
            "InputName": "code",
            "S3Input": {
                "S3Uri": self.code,
                "LocalPath": CODE,
                "S3DataType": "S3Prefix",
                "S3InputMode": "File",
                "S3DataDistributionType": "FullyReplicated",
            },
        }

    def _machine(self, policy: Policy) -> Any:
        cluster = {
            "InstanceCount": 1,
            "InstanceType": policy.job_instance_type,
            "VolumeSizeInGB": _VOLUME_GB,
            "VolumeKmsKeyId": self.key,
        }
        return {"ClusterConfig": cluster}

    def _network(self) -> Mapping[str, Any]:
        return {"NetworkConfig": {"EnableNetworkIsolation": False, **self._vpc()}} if self.subnets else {}

    def _vpc(self) -> Mapping[str, Any]:
        if not self.subnets:
            return {}
        return {"VpcConfig": {"Subnets": list(self.subnets), "SecurityGroupIds": list(self.security_groups)}}


def main(arguments: Sequence[str], clients: Clients | None = None) -> dict[str, Any]:
    """What such a job does: the run that its arguments (``name=value``) tell of. Gives the verdict."""
    from monitor.running import run
    from monitor.running.clients import live

    task = dict(argument.split("=", 1) for argument in arguments)
    start, end, parameter = (task.pop(name) for name in ("start", "end", "parameter"))
    made = clients or live()
    document = json.loads(made.ssm.get_parameter(Name=parameter)["Parameter"]["Value"])
    window = Window(start=datetime.fromisoformat(start), end=datetime.fromisoformat(end))
    return run.run(Place(**task), Policy.of(document), window, made)
