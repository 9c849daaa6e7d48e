"""What is kept of a ledger whose stage is destroyed: a file of all its records."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import ClientError

from cli import ledger
from cli.connection import Connection
from env import naming


def export(connection: Connection, *, folder: Path) -> Path | None:
    """Write every record of a stage's ledger into a JSON file in `folder`; gives the file, None when there is none."""
    table, stage = naming.ledger(connection.stage), connection.stage
    try:
        pages = list(connection.client("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True))
    except ClientError as error:
        if _is_missing(error):
            return None
        raise
    records = [ledger.plain(item) for page in pages for item in page["Items"]]
    if not records:
        return None
    now = datetime.now(UTC)
    held = {"stage": stage.name, "account": stage.account, "region": stage.region, "exported": now.isoformat()}
    file = folder / f"{table}-{now:%Y%m%dT%H%M%SZ}.json"
    ordered = sorted(records, key=lambda record: (record["model"], record["sequence"]))
    file.write_text(json.dumps({**held, "records": ordered}, indent=2) + "\n")
    return file


def delete(connection: Connection) -> bool:
    """Delete a stage's ledger and wait until it is gone; False when there is none."""
    table, dynamodb = naming.ledger(connection.stage), connection.client("dynamodb")
    try:
        dynamodb.delete_table(TableName=table)
    except ClientError as error:
        if _is_missing(error):
            return False
        raise
    dynamodb.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig={"Delay": 2, "MaxAttempts": 60})
    return True


def _is_missing(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ResourceNotFoundException"
