"""The environment of a function's process: Lambda's variables, the function's own, and its role's credentials."""

from __future__ import annotations

import os
from typing import Final

from local.errors import AwsError
from local.functions.function import Function
from local.functions.standins import FOLDER
from local.roles import NotAssumable, Principal
from local.services import Services

RESERVED: Final = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
"""Variables that a function's configuration may not set ("Working with Lambda environment variables")."""


def environment(function: Function, services: Services, *, log_stream: str) -> dict[str, str]:
    """All variables of one worker; nothing of this process's own environment but PATH goes along.

    Raises AwsError when the function's role cannot be assumed.
    """
    settings = function.configuration
    logging = settings["LoggingConfig"]
    own = settings.get("Environment", {}).get("Variables", {})
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        # The user's own profile must not reach a function, nor a question to the network who it is.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": services.endpoint_url,
        **own,
        "AWS_REGION": services.region,
        "AWS_DEFAULT_REGION": services.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{settings['Runtime']}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings["MemorySize"]),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": logging["LogFormat"],
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        **({"AWS_LAMBDA_LOG_LEVEL": logging["ApplicationLogLevel"]} if function.logs_json else {}),
        **_entrance(function),
        **({"LAMBDA_LAYER_PATHS": os.pathsep.join(map(str, function.layers))} if function.layers else {}),
        **_credentials(function, services),
    }


def _entrance(function: Function) -> dict[str, str]:
    handler, stand_in = function.configuration["Handler"], function.code.stand_in
    if not stand_in:
        return {"LAMBDA_TASK_ROOT": str(function.code.folder), "_HANDLER": handler}
    return {"LAMBDA_TASK_ROOT": str(FOLDER), "_HANDLER": f"{stand_in}.{handler.rpartition('.')[2]}"}


def principal(function: Function) -> Principal:
    """The session that a function runs in."""
    return Principal(function.configuration["Role"], "lambda.amazonaws.com", function.name[:64].ljust(2, "-"))


def _credentials(function: Function, services: Services) -> dict[str, str]:
    try:
        return services.roles.credentials(principal(function), source_arn=function.arn).environ()
    except NotAssumable as error:
        message = "The role defined for the function cannot be assumed by Lambda."
        raise AwsError("InvalidParameterValueException", message) from error
