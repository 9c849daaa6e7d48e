"""What a stack's events say: whether it moves, what a release has made, and what failed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from lambdas.records import Opened
from lambdas.situation import Trace

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


def events_since(stack: str, since: datetime | None, cloudformation: CloudFormationClient) -> Iterator[Any]:
    """The stack's events since a moment, newest first."""
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack)
    events = (event for page in pages for event in page["StackEvents"])
    return takewhile(lambda event: since is None or event["Timestamp"] >= since, events)


def status(described: str, newest_first: list[Any]) -> str:
    """The stack's status: what moves in one of two answers is not at rest."""
    of_stack = (event["ResourceStatus"] for event in newest_first if _is_stack(event))
    newest: str = next(of_stack, described)
    return newest if newest.endswith("_IN_PROGRESS") else described


def _is_stack(event: Any) -> bool:
    return bool(event["ResourceType"] == "AWS::CloudFormation::Stack")


def failed(events: Iterator[Any]) -> tuple[str, ...]:
    """The endpoint of a stack, when its update failed: that is what the stack's rollback stumbled over."""
    of_endpoint = (event for event in events if event["ResourceType"] == "AWS::SageMaker::Endpoint")
    newest = next(of_endpoint, None)
    return (newest["LogicalResourceId"],) if newest and newest["ResourceStatus"] == "UPDATE_FAILED" else ()


def trace(release: Opened, newest_first: list[Any]) -> Trace:
    """What the events say of a release: AWS CloudFormation API Reference, "StackEvent"."""
    events = newest_first[::-1]
    own = [event for event in events if event.get("ClientRequestToken") == release.release_id]
    if not own:
        return Trace()
    forward = list(takewhile(lambda event: not _turns_back(event), own))
    others = events[events.index(own[-1]) + 1 :]
    later = [name for event in others if (name := _new_config(event))]
    config = next((name for event in forward if (name := _new_config(event))), None)
    return Trace(
        began=True,
        config=config,
        alarms=tuple(_alarms(own, config)),
        failure=next((event.get("ResourceStatusReason", "") for event in own if _fails(event)), ""),
        later=frozenset(name.lower() for name in later),
    )


def _turns_back(event: Any) -> bool:
    return _is_stack(event) and "ROLLBACK" in event["ResourceStatus"]


def _fails(event: Any) -> bool:
    return event["ResourceStatus"].endswith("_FAILED") and not _is_stack(event)


def _new_config(event: Any) -> str | None:
    """The config an event says was made. Its physical id is its ARN."""
    made = event["ResourceStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    if event["ResourceType"] != "AWS::SageMaker::EndpointConfig" or not made:
        return None
    return str(event["PhysicalResourceId"]).rpartition("/")[2]


def _alarms(events: list[Any], config: str | None) -> Iterator[str]:
    """The fleet's alarms, each once: their names begin with the config's; those of the fleet before go meanwhile.

    The abort alarm speaks of our wish and not of the fleet.
    """
    if config is None:
        return
    found = (event for event in events if event["ResourceType"] == "AWS::CloudWatch::Alarm")
    for name in dict.fromkeys(event.get("PhysicalResourceId", "") for event in found):
        if name.lower().startswith(f"{config.lower()}-") and not name.endswith("-abort"):
            yield name
