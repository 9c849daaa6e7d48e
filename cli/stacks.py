"""One stack at a time: create or update it through a change set, delete it, and follow what happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from types import MappingProxyType
from typing import Any

from botocore.exceptions import ClientError

from cli.assembly import SynthesizedStack
from cli.connection import Connection
from cli.errors import CliError, WrongUseError
from cli.pace import Pace

_BODY_LIMIT_BYTES = 51_200

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a change set is made: its name, and what it may hold.

    CloudFormation takes either `capabilities`, which acknowledge IAM resources, or the only `types` of resources that
    may change (AWS CloudFormation API Reference, "CreateChangeSet").
    """

    change_set: str = "sluice-deploy"
    capabilities: tuple[str, ...] = ("CAPABILITY_NAMED_IAM",)
    types: tuple[str, ...] = ()

    def members(self) -> dict[str, Any]:
        """The members of a request that say what it may hold."""
        return {"ResourceTypes": list(self.types)} if self.types else {"Capabilities": list(self.capabilities)}


_AS_DEPLOYED = Way()


@dataclass(frozen=True)
class _Event:
    """A stack event, as far as a person wants to read it."""

    id: str
    logical_id: str
    kind: str
    status: str
    reason: str


class StackFailedError(CliError):
    """A stack did not reach the state that was asked for."""


def describe(connection: Connection, name: str) -> dict[str, Any] | None:
    """The stack as CloudFormation describes it, None when there is none."""
    try:
        stack: dict[str, Any] = connection.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return stack


def deploy(
    connection: Connection,
    stack: SynthesizedStack,
    *,
    say: Say,
    along: Mapping[str, str] = MappingProxyType({}),
    way: Way = _AS_DEPLOYED,
) -> bool:
    """Bring a stack to its synthesized template; False when nothing differed.

    A parameter that the stack has already keeps its value; those in `along` take theirs together with another change,
    and are none by themselves. Raises StackFailedError with CloudFormation's reasons.
    """
    client = connection.client("cloudformation")
    current = _without_remains(connection, stack.name, role=stack.role, say=say)
    kept = _parameters(stack, current)
    if not _proposed(connection, stack, kept, kind="UPDATE" if current else "CREATE", way=way):
        return False
    if current and (wanted := _together(kept, current, along)) != kept:
        _proposed(connection, stack, wanted, kind="UPDATE", way=way)
    seen = {event.id for event in _events(client, stack.name)}
    client.execute_change_set(StackName=stack.name, ChangeSetName=way.change_set)
    _follow(client, stack.name, seen=seen, say=say, good=("CREATE_COMPLETE", "UPDATE_COMPLETE"))
    return True


def _proposed(
    connection: Connection, stack: SynthesizedStack, parameters: list[dict[str, Any]], *, kind: str, way: Way
) -> bool:
    """Whether a change set, made anew, holds a change; one that holds none is gone again."""
    client = connection.client("cloudformation")
    arguments = {"StackName": stack.name, "ChangeSetName": way.change_set}
    if describe(connection, stack.name) is not None:
        # A deployment that failed or was interrupted may have left one; of a stack that exists, none is as good.
        client.delete_change_set(**arguments)
    client.create_change_set(
        **arguments,
        **_template(connection, stack),
        ChangeSetType=kind,
        Parameters=parameters,
        Tags=[{"Key": key, "Value": value} for key, value in stack.tags.items()],
        **way.members(),
        **({"RoleARN": stack.role} if stack.role else {}),
    )
    if _ready(client, arguments):
        return True
    client.delete_change_set(**arguments)
    return False


def _together(kept: list[dict[str, Any]], current: Mapping[str, Any], along: Mapping[str, str]) -> list[dict[str, Any]]:
    """The parameters of an update, with the values of `along` where the stack has others."""
    has = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in current.get("Parameters", [])}
    changed = {key: value for key, value in along.items() if has.get(key, value) != value}
    return [
        {"ParameterKey": key, "ParameterValue": changed[key]}
        if (key := parameter["ParameterKey"]) in changed
        else parameter
        for parameter in kept
    ]


def delete(connection: Connection, name: str, *, role: str | None, say: Say) -> bool:
    """Delete a stack and wait for it; False when there is none. Raises StackFailedError with the reasons."""
    current = describe(connection, name)
    if current is None:
        return False
    client = connection.client("cloudformation")
    seen = {event.id for event in _events(client, current["StackId"])}
    client.delete_stack(StackName=current["StackId"], **({"RoleARN": role} if role else {}))
    _follow(client, current["StackId"], seen=seen, say=say, good=("DELETE_COMPLETE",))
    return True


def _without_remains(connection: Connection, name: str, *, role: str | None, say: Say) -> dict[str, Any] | None:
    """The stack to update. What a creation left that failed is deleted, what an update left is brought to its end."""
    current = describe(connection, name)
    if current is None or current["StackStatus"] == "REVIEW_IN_PROGRESS":
        return None
    if current["StackStatus"] == "ROLLBACK_COMPLETE":
        say(f"{name}: removing what a failed creation left")
        delete(connection, name, role=current.get("RoleARN"), say=say)
        return None
    if current["StackStatus"] == "UPDATE_ROLLBACK_FAILED":
        # A narrow role could not undo what it had begun; a deployment's can.
        say(f"{name}: finishing the rollback that failed")
        client = connection.client("cloudformation")
        seen = {event.id for event in _events(client, name)}
        client.continue_update_rollback(StackName=name, **({"RoleARN": role} if role else {}))
        _follow(client, name, seen=seen, say=say, good=("UPDATE_ROLLBACK_COMPLETE",))
        return describe(connection, name)
    if current["StackStatus"].endswith("_IN_PROGRESS"):
        raise WrongUseError(f"stack {name} is {current['StackStatus']}: wait until it rests, then deploy again")
    return current


def _template(connection: Connection, stack: SynthesizedStack) -> dict[str, str]:
    if len(stack.template.encode()) <= _BODY_LIMIT_BYTES:
        return {"TemplateBody": stack.template}
    asset = next(asset for asset in stack.assets if asset.path.name.endswith(".template.json"))
    return {"TemplateURL": f"https://s3.{connection.stage.region}.amazonaws.com/{asset.bucket}/{asset.key}"}


def _parameters(stack: SynthesizedStack, current: dict[str, Any] | None) -> list[dict[str, Any]]:
    known = {parameter["ParameterKey"] for parameter in (current or {}).get("Parameters", [])}
    wanted = json.loads(stack.template).get("Parameters", {})
    return [{"ParameterKey": key, "UsePreviousValue": True} for key in wanted if key in known]


def _ready(client: Any, arguments: dict[str, str]) -> bool:
    """Wait until a change set can be executed; False when it holds no change."""
    pace = Pace()
    while True:
        made = client.describe_change_set(**arguments)
        if made["Status"] == "CREATE_COMPLETE":
            return True
        if made["Status"] == "FAILED":
            reason = made.get("StatusReason", "")
            if "didn't contain changes" in reason or "No updates are to be performed" in reason:
                return False
            raise StackFailedError(f"stack {arguments['StackName']}: {reason}")
        pace.pause()


def _follow(client: Any, name: str, *, seen: set[str], say: Say, good: tuple[str, ...]) -> None:
    reasons, pace = list[str](), Pace()
    while True:
        status = client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        # Newest first: what comes after a known event was told before.
        for event in reversed(list(takewhile(lambda event: event.id not in seen, _events(client, name)))):
            seen.add(event.id)
            _tell(event, reasons=reasons, say=say)
        if not status.endswith("_IN_PROGRESS"):
            break
        pace.pause()
    if status not in good:
        raise StackFailedError(f"stack {name.split('/')[-2] if '/' in name else name} is {status}: {_first(reasons)}")


def _tell(event: _Event, *, reasons: list[str], say: Say) -> None:
    if event.status.endswith("_FAILED") and event.reason:
        reasons.append(f"{event.logical_id} ({event.kind}): {event.reason}")
    if event.status.endswith(("_COMPLETE", "_FAILED")) and event.kind != "AWS::CloudFormation::Stack":
        because = f": {event.reason}" if event.status.endswith("_FAILED") and event.reason else ""
        say(f"{event.status:<16} {event.kind.removeprefix('AWS::'):<28} {event.logical_id}{because}")


def _first(reasons: list[str]) -> str:
    return reasons[0] if reasons else "CloudFormation gives no reason; see the stack's events"


def _events(client: Any, name: str) -> Iterator[_Event]:
    for page in client.get_paginator("describe_stack_events").paginate(StackName=name):
        for event in page["StackEvents"]:
            yield _Event(
                id=event["EventId"],
                logical_id=event["LogicalResourceId"],
                kind=event["ResourceType"],
                status=event["ResourceStatus"],
                reason=event.get("ResourceStatusReason", ""),
            )
