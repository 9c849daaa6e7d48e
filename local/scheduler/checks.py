"""What EventBridge Scheduler refuses beyond its service model, and what this cloud does not do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from local.errors import UnsupportedLocally, ValidationError
from local.scheduler.schedule import Schedule

_TARGETS: Final = ("lambda", "sagemaker", "sns", "sqs")
_OWN: Final = {"SageMakerPipelineParameters": "sagemaker", "SqsParameters": "sqs"}
"""Members of a target, each of which goes with one service's."""
_ELSEWHERE: Final = (
    "EcsParameters",
    "EventBridgeParameters",
    "EventBridgePutEventsV2Parameters",
    "EventBridgePutRawEventsParameters",
    "KinesisParameters",
)
_LATEST_START: Final = timedelta(minutes=5)


def check_request(params: Mapping[str, Any], *, now: datetime) -> None:
    """Raise ValidationError for what contradicts itself, and UnsupportedLocally for what would have no effect."""
    if params.get("KmsKeyArn"):
        raise UnsupportedLocally("a schedule with KmsKeyArn")
    window = params["FlexibleTimeWindow"]
    if (window["Mode"] == "FLEXIBLE") != ("MaximumWindowInMinutes" in window):
        raise ValidationError("MaximumWindowInMinutes goes with a flexible time window, and with no other.")
    start, end = params.get("StartDate"), params.get("EndDate")
    if start and start < now - _LATEST_START:
        raise ValidationError("The StartDate you specify cannot be earlier than 5 minutes ago.")
    if end and end < now:
        raise ValidationError("The EndDate you specify cannot be in the past.")
    if start and end and end <= start:
        raise ValidationError("The EndDate you specify must come after the StartDate.")
    _check_zone(params.get("ScheduleExpressionTimezone", "UTC"))
    _check_target(params["Target"])


def check_expression(schedule: Schedule) -> None:
    """Raise ValidationError for an expression that means nothing."""
    try:
        schedule.turns()
    except ValueError as error:
        raise ValidationError(f"Invalid Schedule Expression {schedule.members['ScheduleExpression']}.") from error


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValidationError(f"The schedule expression timezone {name} is not valid.") from error


def _check_target(target: Mapping[str, Any]) -> None:
    arn = target["Arn"]
    fields = arn.split(":", 5)
    if len(fields) != 6 or fields[0] != "arn":
        raise ValidationError(f"Provided Arn is not in correct format: {arn}")
    if fields[2] not in _TARGETS or (fields[2] == "sagemaker" and not fields[5].startswith("pipeline/")):
        kind = "the universal target" if ":aws-sdk:" in arn else "the schedule's target"
        raise UnsupportedLocally(f"{kind} {arn}")
    for name in _ELSEWHERE:
        if name in target:
            raise ValidationError(f"{name} does not go with the target {arn}.")
    for name, service in _OWN.items():
        if name in target and fields[2] != service:
            raise ValidationError(f"{name} does not go with the target {arn}.")
    if fields[2] == "lambda" and "Input" in target:
        _check_json(target["Input"], arn)


def _check_json(text: str, arn: str) -> None:
    try:
        json.loads(text)
    except ValueError as error:
        raise ValidationError(f"Input of the target {arn} must be well-formed JSON.") from error
