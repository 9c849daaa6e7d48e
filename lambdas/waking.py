"""Wakes the release function, which asks of a model what is next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


def wake(release_function: str, model: str, functions: LambdaClient) -> None:
    """Have the release function look after a model soon; what comes of it stands in the ledger."""
    functions.invoke(
        FunctionName=release_function, InvocationType="Event", Payload=json.dumps({"model": model}).encode()
    )
