"""Makes a log group and sets how long it keeps: the CDK's Custom::LogRetention."""

from __future__ import annotations

import logging
import os
from typing import Any

import boto3
from answering import answered  # type: ignore[import-not-found]

_OWN_DAYS = 1


def _work(event: dict[str, Any]) -> dict[str, Any]:
    given = event["ResourceProperties"]
    group, client = given["LogGroupName"], boto3.client("logs", region_name=given.get("LogGroupRegion"))
    if event["RequestType"] == "Delete":
        if given.get("RemovalPolicy") == "destroy":
            _drop(client, group)
    else:
        _keep(client, group, int(given.get("RetentionInDays") or 0))
    if event["RequestType"] == "Create":
        _keep(boto3.client("logs"), f"/aws/lambda/{os.environ['AWS_LAMBDA_FUNCTION_NAME']}", _OWN_DAYS)
    return {"PhysicalResourceId": group, "Data": {"LogGroupName": group}}


def _keep(client: Any, group: str, days: int) -> None:
    try:
        client.create_log_group(logGroupName=group)
    except client.exceptions.ResourceAlreadyExistsException:
        logging.getLogger().warning(f"{group} is there")
    if days:
        client.put_retention_policy(logGroupName=group, retentionInDays=days)
    else:
        client.delete_retention_policy(logGroupName=group)


def _drop(client: Any, group: str) -> None:
    try:
        client.delete_log_group(logGroupName=group)
    except client.exceptions.ResourceNotFoundException:
        logging.getLogger().warning(f"{group} is gone")


handler = answered(_work)
