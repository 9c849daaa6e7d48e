"""The operations that compare stacks with the services: detect drift, and tell what was found."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from local.cloudformation.api.queries import paged
from local.cloudformation.drift import Drift
from local.cloudformation.errors import InvalidRequest, ResourceFailed
from local.cloudformation.live import Live
from local.cloudformation.operations import Operations
from local.cloudformation.stacks import Stack, Stacks
from local.errors import AwsError
from local.front import Handler
from local.services import Services
from local.wire import Call

Params = dict[str, Any]

_log = logging.getLogger(__name__)

_CHECKABLE: Final = frozenset(
    {
        "CREATE_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_COMPLETE",
        "UPDATE_ROLLBACK_FAILED",
    }
)
"""The statuses in which drift is detected (AWS CloudFormation User Guide, Detect unmanaged configuration changes)."""


@dataclass
class _Detection:
    stack: Stack
    at: datetime
    status: str = "DETECTION_IN_PROGRESS"
    reason: str = ""
    drifted: int = 0


class Drifts:
    """Handlers of the operations on drift."""

    def __init__(self, services: Services, stacks: Stacks, operations: Operations) -> None:
        self._services, self._stacks, self._operations = services, stacks, operations
        self._detections: dict[str, _Detection] = {}

    def handlers(self) -> dict[str, Handler]:
        """The operations, by name."""
        return {
            "DescribeStackDriftDetectionStatus": self._describe_stack_drift_detection_status,
            "DescribeStackResourceDrifts": self._describe_stack_resource_drifts,
            "DetectStackDrift": self._detect_stack_drift,
            "DetectStackResourceDrift": self._detect_stack_resource_drift,
        }

    def _detect_stack_drift(self, params: Params, call: Call) -> Params:
        stack = self._checkable(params)
        wanted = params.get("LogicalResourceIds")
        lives = [live for name, live in stack.live().items() if wanted is None or name in wanted]
        detection, detection_id = _Detection(stack, self._services.clock.now()), str(uuid.uuid4())
        self._detections[detection_id] = detection
        self._operations.soon(lambda: self._detect(detection, lives, call.access_key_id))
        return {"StackDriftDetectionId": detection_id}

    def _detect_stack_resource_drift(self, params: Params, call: Call) -> Params:
        stack = self._checkable(params)
        live = stack.live().get(params["LogicalResourceId"])
        if live is None:
            raise InvalidRequest(f"Resource {params['LogicalResourceId']} does not exist for stack {stack.name}")
        try:
            found = self._operations.detect(stack, live, self._services.roles.calling(call.access_key_id))
        except ResourceFailed as error:
            raise InvalidRequest(str(error)) from error
        return {"StackResourceDrift": _shown(stack, found)}

    def _describe_stack_drift_detection_status(self, params: Params, _: Call) -> Params:
        detection = self._detections.get(params["StackDriftDetectionId"])
        if detection is None:
            raise InvalidRequest(f"Drift detection {params['StackDriftDetectionId']} does not exist")
        done = detection.status != "DETECTION_IN_PROGRESS"
        return {
            "StackId": detection.stack.id,
            "StackDriftDetectionId": params["StackDriftDetectionId"],
            "StackDriftStatus": ("DRIFTED" if detection.drifted else "IN_SYNC") if done else None,
            "DetectionStatus": detection.status,
            "DetectionStatusReason": detection.reason or None,
            "DriftedStackResourceCount": detection.drifted if done else None,
            "Timestamp": detection.at,
        }

    def _describe_stack_resource_drifts(self, params: Params, _: Call) -> Params:
        stack = self._stacks.get(params["StackName"])
        wanted: Collection[str] = params.get("StackResourceDriftStatusFilters") or ()
        with stack.lock:
            found = [drift for drift in stack.drifts.values() if not wanted or drift.status in wanted]
        return paged("StackResourceDrifts", [_shown(stack, drift) for drift in found], params)

    def _checkable(self, params: Params) -> Stack:
        stack = self._stacks.get(params["StackName"])
        if stack.status not in _CHECKABLE:
            raise InvalidRequest(
                f"Drift detection cannot be performed on stack [{stack.id}] while it is in {stack.status} state."
            )
        return stack

    def _detect(self, detection: _Detection, lives: list[Live], access_key_id: str) -> None:
        clients, failed = self._services.roles.calling(access_key_id), []
        for live in lives:
            try:
                found = self._operations.detect(detection.stack, live, clients)
            except (ResourceFailed, AwsError) as error:
                failed.append(f"{live.logical_id}: {error}")
            except Exception as error:  # noqa: BLE001 - the border of a thread: a detection must not stay in progress
                _log.exception("the drift of %s was not detected", live.logical_id)
                failed.append(f"{live.logical_id}: Internal Failure: {type(error).__name__}: {error}")
            else:
                detection.drifted += found.status in ("MODIFIED", "DELETED")
        with detection.stack.lock:
            detection.stack.drift_checked_at = detection.at
        detection.reason = "Failed to detect drift on resources " + "; ".join(failed) if failed else ""
        detection.status = "DETECTION_FAILED" if failed else "DETECTION_COMPLETE"


def _shown(stack: Stack, drift: Drift) -> Params:
    shown: Params = {
        "StackId": stack.id,
        "LogicalResourceId": drift.logical_id,
        "PhysicalResourceId": drift.physical_id,
        "ResourceType": drift.type,
        "StackResourceDriftStatus": drift.status,
        "Timestamp": drift.at,
        "PropertyDifferences": [
            {
                "PropertyPath": difference.path,
                "DifferenceType": difference.kind,
                "ExpectedValue": _text(difference.expected),
                "ActualValue": _text(difference.actual),
            }
            for difference in drift.differences
        ],
    }
    if drift.actual is not None:
        shown |= {"ExpectedProperties": _text(drift.expected), "ActualProperties": _text(drift.actual)}
    return shown


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
