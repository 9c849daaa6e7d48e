"""Asks a model for its answers, through an endpoint that is there or through one of its own for that long.

SageMaker Developer Guide, "Analysis Configuration Files", `predictor`.
"""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

_ROWS_AT_ONCE: Final = 1_000
_POLL_SECONDS: Final = 5
_MOST_POLLS: Final = 360
_VARIANT: Final = "AllTraffic"


class BadAnswerError(ValueError):
    """A model does not answer with a number for each row; the text is one sentence."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A model behind an endpoint: an existing one, or one made of a model for the time of the questions."""

    name: str
    model: str
    instance_type: str
    instances: int

    @classmethod
    def of(cls, predictor: Mapping[str, Any]) -> Endpoint:
        """From the part of a configuration; the endpoint gets a name of its own where only a model is named."""
        prefix = str(predictor.get("endpoint_name_prefix") or "sagemaker-clarify-endpoint")
        return cls(
            name=str(predictor.get("endpoint_name") or f"{prefix}-{uuid.uuid4().hex[:12]}"),
            model="" if predictor.get("endpoint_name") else str(predictor.get("model_name", "")),
            instance_type=str(predictor.get("instance_type", "ml.m5.large")),
            instances=int(predictor.get("initial_instance_count", 1)),
        )


class Predictor:
    """A context manager: within, the model can be asked."""

    def __init__(self, endpoint: Endpoint, *, sagemaker: SageMakerClient, runtime: SageMakerRuntimeClient) -> None:
        self._endpoint, self._sagemaker, self._runtime = endpoint, sagemaker, runtime

    def __enter__(self) -> Self:
        """Make the endpoint, if it is one of its own, and wait for it."""
        if self._endpoint.model:
            try:
                self._make()
            except BaseException:
                self._remove()
                raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Delete the endpoint of its own."""
        if self._endpoint.model:
            self._remove()

    def score(self, rows: Sequence[Sequence[Any]]) -> npt.NDArray[np.float64]:
        """The answer to each row, sent as CSV: the first number of each line. Raises BadAnswerError."""
        parts = [self._asked(rows[at : at + _ROWS_AT_ONCE]) for at in range(0, len(rows), _ROWS_AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _asked(self, rows: Sequence[Sequence[Any]]) -> npt.NDArray[np.float64]:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        answer = self._runtime.invoke_endpoint(
            EndpointName=self._endpoint.name,
            Body=text.getvalue().encode(),
            ContentType="text/csv",
            Accept="text/csv",
            InferenceId=f"sluice-probe-{uuid.uuid4().hex}",
        )
        lines = answer["Body"].read().decode().split()
        try:
            found = np.array([float(line.split(",")[0]) for line in lines])
        except ValueError as error:
            raise BadAnswerError(f"{self._endpoint.name} does not answer with numbers: {error}.") from error
        if len(found) != len(rows):
            raise BadAnswerError(f"{self._endpoint.name} gives {len(found)} answers to {len(rows)} rows.")
        return found

    def _make(self) -> None:
        name = self._endpoint.name
        variant: Any = {
            "VariantName": _VARIANT,
            "ModelName": self._endpoint.model,
            "InstanceType": self._endpoint.instance_type,
            "InitialInstanceCount": self._endpoint.instances,
        }
        self._sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        self._sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        waiter = self._sagemaker.get_waiter("endpoint_in_service")
        waiter.wait(EndpointName=name, WaiterConfig={"Delay": _POLL_SECONDS, "MaxAttempts": _MOST_POLLS})

    def _remove(self) -> None:
        """What is not there any more is well."""
        gone, sagemaker = self._sagemaker.exceptions.ClientError, self._sagemaker
        for call in ("endpoint", "endpoint_config"):
            try:
                if call == "endpoint":
                    sagemaker.delete_endpoint(EndpointName=self._endpoint.name)
                else:
                    sagemaker.delete_endpoint_config(EndpointConfigName=self._endpoint.name)
            except gone as error:
                if error.response["Error"]["Code"] != "ValidationException":
                    raise


def live(predictor: Mapping[str, Any]) -> Predictor:
    """A predictor of the account that this runs in."""
    import boto3

    return Predictor(
        Endpoint.of(predictor), sagemaker=boto3.client("sagemaker"), runtime=boto3.client("sagemaker-runtime")
    )
