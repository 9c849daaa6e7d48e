"""The events of endpoints (Developer Guide, "Events that SageMaker AI sends to EventBridge")."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from local.sagemaker.kinds import ENDPOINT
from local.sagemaker.resources import Record, Store
from local.services import Services

_MEMBERS = (
    "EndpointName",
    "EndpointArn",
    "EndpointConfigName",
    "ProductionVariants",
    "PendingDeploymentSummary",
    "FailureReason",
    "CreationTime",
    "LastModifiedTime",
)


class EndpointEvents:
    """Tells of endpoints as they stand."""

    def __init__(self, services: Services, store: Store) -> None:
        self._services, self._store = services, store

    def state(self, endpoint: Record) -> None:
        """The status has changed. Events write it in upper case: IN_SERVICE for InService."""
        members = tuple(member for member in _MEMBERS if member != "PendingDeploymentSummary")
        self._emit("SageMaker Endpoint State Change", endpoint, members)

    def deployment(self, endpoint: Record) -> None:
        """A deployment has gone one step further."""
        self._emit("SageMaker Endpoint Deployment State Change", endpoint, _MEMBERS)

    def _emit(self, detail_type: str, endpoint: Record, members: tuple[str, ...]) -> None:
        detail = {member: _jsonable(endpoint[member]) for member in members if member in endpoint}
        detail["EndpointStatus"] = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", endpoint["EndpointStatus"]).upper()
        arn = endpoint[ENDPOINT.arn_member]
        detail["Tags"] = self._store.tags(arn)
        self._services.emit("aws.sagemaker", detail_type, detail, resources=[arn])


def _jsonable(value: Any) -> Any:
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, dict):
        return {key: _jsonable(item) for key, item in value.items() if item is not None}
    return [_jsonable(item) for item in value] if isinstance(value, list) else value
