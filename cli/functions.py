"""The stage's Lambdas that people ask: one call each, and their refusals as sentences."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from cli.connection import Connection
from cli.errors import CliError, WrongUseError
from env import naming

_REFUSED = "RequestError"


def ask(
    connection: Connection, verb: naming.Verb, request: Mapping[str, Any], *, patience_seconds: int | None = None
) -> dict[str, Any]:
    """What a Lambda of the stage answers to a request, asked once when it may take as long as `patience_seconds`.

    Raises CliError with the Lambda's own sentence when it refuses, and with the place of its log when it fails;
    WrongUseError where the stage has no such function.
    """
    function = naming.function(connection.stage, verb)
    # Whoever does not hear an answer asks again: a run that takes long must not be made twice.
    client = connection.client("lambda", attempts=1 if patience_seconds else 3, read_seconds=patience_seconds)
    try:
        answer = client.invoke(FunctionName=function, Payload=json.dumps(request).encode())
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        remedy = f"run `sluice deploy {connection.stage.name}` first"
        raise WrongUseError(f"stage {connection.stage.name} has no function {function}: {remedy}") from error
    said: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise _refusal(function, said)
    return said


def _refusal(function: str, said: Mapping[str, Any]) -> CliError:
    sentence = str(said.get("errorMessage", "it says nothing"))
    if said.get("errorType") == _REFUSED:
        return CliError(sentence)
    return CliError(
        f"{function} failed ({said.get('errorType', 'no type')}: {sentence}); its log is /aws/lambda/{function}"
    )
