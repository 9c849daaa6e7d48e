"""Calls one operation of AWS for each turn of a resource: the CDK's AwsCustomResource, Custom::AWS."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import boto3
from answering import answered  # type: ignore[import-not-found]
from botocore import xform_name
from botocore.exceptions import ClientError

_SERVICES = {
    "cloudwatchevents": "events",
    "cloudwatchlogs": "logs",
    "cognitoidentityserviceprovider": "cognito-idp",
    "cognitoidentityprovider": "cognito-idp",
    "elasticloadbalancingv2": "elbv2",
    "eventbridge": "events",
    "sfn": "stepfunctions",
}
"""What the SDK for JavaScript calls a service where boto3 has another name, in small letters without hyphens."""
_THIS = "PHYSICAL:RESOURCEID:"


def _work(event: dict[str, Any]) -> dict[str, Any]:
    call = _call(event)
    identity = event.get("PhysicalResourceId") or event["LogicalResourceId"]
    if call is None:
        return {"PhysicalResourceId": identity}
    flat = dict(_flat(_answer(call, identity)))
    wanted = (call.get("physicalResourceId") or {}) if event["RequestType"] != "Delete" else {}
    if "responsePath" in wanted:
        identity = str(flat[wanted["responsePath"]])
    elif "id" in wanted:
        identity = wanted["id"]
    paths = call.get("outputPaths") or ([call["outputPath"]] if "outputPath" in call else None)
    data = {key: value for key, value in flat.items() if paths is None or key.startswith(tuple(paths))}
    return {"PhysicalResourceId": identity, "Data": data, "NoEcho": bool(call.get("noEcho"))}


def _call(event: dict[str, Any]) -> dict[str, Any] | None:
    written = event["ResourceProperties"].get(event["RequestType"])
    call: dict[str, Any] | None = json.loads(written) if isinstance(written, str) else written
    return call


def _answer(call: dict[str, Any], identity: str) -> dict[str, Any]:
    client = _client(call)
    action = xform_name(re.sub(r"Command$", "", call["action"]))
    try:
        answer: dict[str, Any] = getattr(client, action)(**_given(call.get("parameters") or {}, identity))
    except ClientError as error:
        pattern = call.get("ignoreErrorCodesMatching")
        if pattern and re.search(pattern, error.response["Error"]["Code"]):
            return {}
        raise
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _client(call: dict[str, Any]) -> Any:
    name = call["service"].removeprefix("@aws-sdk/").removeprefix("client-").lower()
    session: Any = boto3
    if call.get("assumedRoleArn"):
        role, sts = call["assumedRoleArn"], boto3.client("sts")
        given = sts.assume_role(RoleArn=role, RoleSessionName="AwsCustomResource")["Credentials"]
        session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    known = {each.replace("-", ""): each for each in boto3.Session().get_available_services()}
    plain = name.replace("-", "")
    return session.client(_SERVICES.get(plain) or known[plain], region_name=call.get("region"))


def _given(value: Any, identity: str) -> Any:
    if isinstance(value, dict):
        return {key: _given(item, identity) for key, item in value.items()}
    if isinstance(value, list):
        return [_given(item, identity) for item in value]
    return value.replace(_THIS, identity) if isinstance(value, str) else value


def _flat(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        if at and value is not None:
            yield at, value.read().decode() if hasattr(value, "read") else value
        return
    for key, item in items:
        yield from _flat(item, f"{at}.{key}" if at else str(key))


handler = answered(_work)
