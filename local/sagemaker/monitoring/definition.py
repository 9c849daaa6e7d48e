"""What a monitoring schedule runs, in one form: of a job definition of any type, or written out in the schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.errors import UnsupportedLocally
from local.sagemaker.resources import Record

Members = Mapping[str, Any]

TYPES = ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")
"""The types of monitors, as `MonitoringType` has them."""


@dataclass(frozen=True)
class Definition:
    """One monitor: what it looks at, what it is held to, by what image and in which role. Members are the API's."""

    type: str
    application: Members
    """`AppSpecification` of its type, with the `Environment` that an inline definition has beside it."""
    baseline: Members
    endpoint: Members
    """`EndpointInput`."""
    ground_truth: str | None
    output: Members
    """`OutputConfig`."""
    cluster: Members
    network: Members
    stopping: Members
    role_arn: str

    @property
    def joins_labels(self) -> bool:
        """Whether captured requests are merged with late labels first."""
        return self.ground_truth is not None

    @property
    def folder(self) -> str:
        """The S3 folder of reports."""
        return str(self._output["S3Uri"]).rstrip("/")

    @property
    def local_output(self) -> str:
        """The container's folder of reports."""
        return str(self._output["LocalPath"])

    @property
    def _output(self) -> Members:
        found: Members = self.output["MonitoringOutputs"][0]["S3Output"]
        return found

    @classmethod
    def of(cls, kind: str, record: Record) -> Definition:
        """That of a job definition of a type. Raises UnsupportedLocally for the monitor of a batch transform."""
        given = record[f"{kind}JobInput"]
        return cls(
            type=kind,
            application=record[f"{kind}AppSpecification"],
            baseline=record.get(f"{kind}BaselineConfig", {}),
            endpoint=_endpoint(given),
            ground_truth=given.get("GroundTruthS3Input", {}).get("S3Uri"),
            output=record[f"{kind}JobOutputConfig"],
            cluster=record["JobResources"]["ClusterConfig"],
            network=record.get("NetworkConfig", {}),
            stopping=record.get("StoppingCondition", {}),
            role_arn=record["RoleArn"],
        )

    @classmethod
    def inline(cls, kind: str, written: Members) -> Definition:
        """That which a schedule has written out itself. Raises UnsupportedLocally likewise."""
        environment = {"Environment": written["Environment"]} if "Environment" in written else {}
        return cls(
            type=kind,
            application={**written["MonitoringAppSpecification"], **environment},
            baseline=written.get("BaselineConfig", {}),
            endpoint=_endpoint(written["MonitoringInputs"][0]),
            ground_truth=None,
            output=written["MonitoringOutputConfig"],
            cluster=written["MonitoringResources"]["ClusterConfig"],
            network=written.get("NetworkConfig", {}),
            stopping=written.get("StoppingCondition", {}),
            role_arn=written["RoleArn"],
        )


def _endpoint(given: Members) -> Members:
    if "EndpointInput" not in given:
        raise UnsupportedLocally("monitoring of a batch transform", reason="use EndpointInput")
    found: Members = given["EndpointInput"]
    return found
