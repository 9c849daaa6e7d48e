"""From the members of a request to a function's configuration, as AWS checks and completes them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from local.errors import AwsError, UnsupportedLocally, ValidationError
from local.functions.environment import RESERVED

_KEPT: Final = frozenset(
    {
        "Architectures",
        "DeadLetterConfig",
        "Description",
        "Environment",
        "EphemeralStorage",
        "Handler",
        "KMSKeyArn",
        "Layers",
        "LoggingConfig",
        "MemorySize",
        "PackageType",
        "Role",
        "Runtime",
        "SnapStart",
        "Timeout",
        "TracingConfig",
        "VpcConfig",
    }
)
_ELSEWHERE: Final = frozenset({"Code", "DryRun", "FunctionName", "Publish", "RevisionId", "Tags"})
_ONLY: Final = {"PackageType": "Zip", "SnapStart": {"ApplyOn": "None"}}
_LARGEST: Final = {"Timeout": 900, "MemorySize": 10_240}
"""The model allows more, for functions on capacity providers."""
_LARGEST_ENVIRONMENT_BYTES: Final = 4096
_PYTHON = re.compile(r"python3\.\d+")


def created(params: Mapping[str, Any], *, now: datetime, stands_in: bool = False) -> dict[str, Any]:
    """The configuration of a new function ("CreateFunction" for the defaults).

    Raises AwsError `InvalidParameterValueException`, and UnsupportedLocally for members that would have no effect.
    """
    _check(params, stands_in=stands_in)
    for name in ("Runtime", "Handler"):
        if name not in params:
            message = f"{name} is a mandatory parameter for functions created with deployment packages of type Zip."
            raise AwsError("InvalidParameterValueException", message)
    defaults = {
        "Architectures": ["x86_64"],
        "Description": "",
        "EphemeralStorage": {"Size": 512},
        "MemorySize": 128,
        "PackageType": "Zip",
        "State": "Active",
        "Timeout": 3,
        "TracingConfig": {"Mode": "PassThrough"},
    }
    given = {name: value for name, value in params.items() if name in _KEPT}
    return _completed({**defaults, **given}, params["FunctionName"], now=now)


def updated(
    before: Mapping[str, Any], params: Mapping[str, Any], *, name: str, now: datetime, stands_in: bool = False
) -> dict[str, Any]:
    """The configuration after an update: members that `params` has replace the old ones. Errors as for `created`."""
    _check({"Runtime": before["Runtime"], **params}, stands_in=stands_in)
    given = {key: value for key, value in params.items() if key in _KEPT}
    return _completed({**before, **given}, name, now=now)


def _completed(members: dict[str, Any], name: str, *, now: datetime) -> dict[str, Any]:
    logging = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}", **members.get("LoggingConfig", {})}
    if logging["LogFormat"] == "JSON":
        logging = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", **logging}
    snap_start = {"ApplyOn": "None", "OptimizationStatus": "Off"}
    complete = {
        **members,
        "LoggingConfig": logging,
        "SnapStart": snap_start,
        "LastModified": now.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000",
        "LastUpdateStatus": "Successful",
        "RevisionId": str(uuid.uuid4()),
    }
    if not complete.get("DeadLetterConfig", {}).get("TargetArn"):
        complete.pop("DeadLetterConfig", None)
    return complete


def _check(params: Mapping[str, Any], *, stands_in: bool) -> None:
    for name, value in params.items():
        if name not in _KEPT | _ELSEWHERE and value:
            raise UnsupportedLocally(f"a Lambda function with {name}")
        if name in _ONLY and value != _ONLY[name]:
            raise UnsupportedLocally(f"a Lambda function with {name} {value}")
        if name in _LARGEST and value > _LARGEST[name]:
            at, limit = name[0].lower() + name[1:], _LARGEST[name]
            broken = f"failed to satisfy constraint: Member must have value less than or equal to {limit}"
            raise ValidationError(f"1 validation error detected: Value '{value}' at '{at}' {broken}")
    runtime = params.get("Runtime")
    if runtime is not None and not stands_in and not _PYTHON.fullmatch(runtime):
        raise UnsupportedLocally(f"the Lambda runtime {runtime}", reason="it runs Python functions alone")
    _check_variables(params.get("Environment", {}).get("Variables", {}))


def _check_variables(variables: Mapping[str, str]) -> None:
    reserved = sorted(RESERVED & set(variables))
    if reserved:
        message = (
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
        raise AwsError("InvalidParameterValueException", message)
    size_bytes = sum(len(key.encode()) + len(value.encode()) for key, value in variables.items())
    if size_bytes > _LARGEST_ENVIRONMENT_BYTES:
        message = (
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the {_LARGEST_ENVIRONMENT_BYTES} bytes limit."
        )
        raise AwsError("InvalidParameterValueException", message)
