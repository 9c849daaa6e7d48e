"""How a custom resource's handler answers CloudFormation, and what all of the CDK's handlers do alike."""

from __future__ import annotations

import json
import logging
import urllib.request
from collections.abc import Callable
from typing import Any

CREATE_FAILED = "AWSCDK::CustomResourceProviderFramework::CREATE_FAILED"
"""The id of what could not be made, whose deletion has nothing to do."""


def send(event: dict[str, Any], status: str, **more: Any) -> None:
    """Put an answer to the event's URL."""
    members = ("StackId", "RequestId", "LogicalResourceId")
    body = json.dumps({"Status": status, **{name: event[name] for name in members}, **more}, default=str).encode()
    request = urllib.request.Request(event["ResponseURL"], data=body, method="PUT", headers={"content-type": ""})
    with urllib.request.urlopen(request, timeout=30):
        logging.getLogger().info("answered %s %s", status, more.get("Reason", ""))


def answered(work: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Callable[[dict[str, Any], Any], None]:
    """A handler that answers with what `work` gives, and with a failure when it raises."""

    def handler(event: dict[str, Any], context: Any) -> None:
        logging.getLogger().info(json.dumps({**event, "ResponseURL": "..."}))
        kind, known = event["RequestType"], event.get("PhysicalResourceId")
        if kind == "Delete" and known == CREATE_FAILED:
            send(event, "SUCCESS", PhysicalResourceId=known)
            return
        try:
            result = work(event) or {}
        except Exception as error:  # noqa: BLE001 - whatever went wrong is the answer
            identity = known or (CREATE_FAILED if kind == "Create" else "")
            send(event, "FAILED", Reason=f"{type(error).__name__}: {error}", PhysicalResourceId=identity)
            return
        send(event, "SUCCESS", **{"PhysicalResourceId": known or event["RequestId"], **result})

    return handler
