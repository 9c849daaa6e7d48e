"""Events on their way to CloudWatch Logs, under the rights of whoever writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import ClientError


def put(client: Any, events: Sequence[dict[str, Any]], *, group: str, stream: str, fresh: bool = False) -> None:
    """Append events to a stream of a group, and make what of the two is missing. Raises ClientError.

    A writer that may not make groups gets on where the group is there: it is only asked for when it is not. A `fresh`
    stream is one that nobody has made, so that it is not tried first.
    """
    names = {"logGroupName": group, "logStreamName": stream}
    if fresh:
        _make(client, names)
    try:
        client.put_log_events(**names, logEvents=events)
    except ClientError as error:
        if _code(error) != "ResourceNotFoundException":
            raise
        _make(client, names)
        client.put_log_events(**names, logEvents=events)


def _make(client: Any, names: dict[str, str]) -> None:
    try:
        _unless_it_exists(client.create_log_stream, **names)
    except ClientError as error:
        if _code(error) != "ResourceNotFoundException":
            raise
        _unless_it_exists(client.create_log_group, logGroupName=names["logGroupName"])
        _unless_it_exists(client.create_log_stream, **names)


def _unless_it_exists(make: Callable[..., Any], **names: str) -> None:
    try:
        make(**names)
    except ClientError as error:
        if _code(error) != "ResourceAlreadyExistsException":
            raise


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
