"""The ledger of a model's releases, read: what was opened, how it ended, what was vetoed, what serves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from cli.connection import Connection
from cli.errors import CliError
from env import naming

Record = Mapping[str, Any]
"""One item of the ledger: `model`, `sequence`, `kind`, `at`, and what belongs to its kind."""


class NoLedgerError(CliError):
    """The stage has no ledger: it was never deployed, or somebody has deleted the table."""


def records(connection: Connection, model: str) -> list[dict[str, Any]]:
    """All that stands in the ledger of a model, oldest first. Raises CliError where there is no ledger to read."""
    table = naming.ledger(connection.stage)
    pages = (
        connection.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=table,
            KeyConditionExpression="model = :model",
            ExpressionAttributeValues={":model": {"S": model}},
            ConsistentRead=True,
        )
    )
    try:
        return [plain(item) for page in pages for item in page["Items"]]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        remedy = f"run `sluice deploy {connection.stage.name}`, or see docs/runbooks.md#ledger-unreachable"
        raise NoLedgerError(f"stage {connection.stage.name} has no ledger {table}: {remedy}") from error


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item in Python's own types; whole numbers are integers."""
    read = TypeDeserializer()
    return {name: _plain(read.deserialize(value)) for name, value in item.items()}


def outcome_of(ledger: Iterable[Record], release_id: str) -> Record | None:
    """How a release ended, None while it has not."""
    return next((r for r in ledger if _is_end(r) and r["release_id"] == release_id), None)


def answer_to(ledger: Iterable[Record], sequence: int) -> Record | None:
    """How a retraining went on: the record that it has begun, or was given up; None while neither is known."""
    kinds = ("retraining_started", "not_retrained")
    return next((record for record in ledger if record["kind"] in kinds and record.get("about") == sequence), None)


def open_release(ledger: Sequence[Record]) -> Record | None:
    """The record that opened the release under way, None when none is."""
    opened = [record for record in ledger if record["kind"] == "opened"]
    if opened and outcome_of(ledger, opened[-1]["release_id"]) is None:
        return opened[-1]
    return None


def release_of(ledger: Iterable[Record], config: str) -> Record | None:
    """The outcome that put an endpoint config into service; SageMaker lower-cases names in ARNs."""
    deployed = (r for r in ledger if r["kind"] == "outcome" and r["outcome"] == "deployed")
    return next((r for r in deployed if r.get("config", "").lower() == config.lower()), None)


def vetoed(ledger: Iterable[Record]) -> set[int]:
    """The versions that never serve again in this stage."""
    return {
        record["version"] for record in ledger if record["kind"] == "veto" or record.get("outcome") == "rolled_back"
    }


def _is_end(record: Record) -> bool:
    """Whether a record ends a release; one of cause `deploy` says that a deployment replaced a config that serves."""
    return bool(record["kind"] == "outcome" and record.get("cause", "release") == "release")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return sorted(map(_plain, value)) if isinstance(value, set) else value
