"""The append-only log of a model's releases in one stage; an append that wins is the leave to act on what was read."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from email.utils import parsedate_to_datetime
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Final, get_args, get_type_hints

from lambdas.errors import Conflict, LedgerError
from lambdas.journal import Journal
from lambdas.records import KINDS, Record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TURNS: Final = 8


class Ledger:
    """A DynamoDB table: hash key `model` (S), range key `sequence` (N, 1, 2, 3, … without gaps), a record an item."""

    def __init__(self, table: str, *, dynamodb: DynamoDBClient) -> None:
        """`table` is a name, or an ARN where the table is another account's."""
        self._table, self._dynamodb = table, dynamodb

    def read(self, model: str) -> Journal:
        """All that was written about a model, strongly consistent, and the time at which the table answered.

        The time is AWS's and not this machine's: it is compared with the times of alarms, packages and stacks.
        Raises LedgerError for a record of an unknown kind or shape.
        """
        records: list[Record] = []
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="#model = :model",
            ExpressionAttributeNames={"#model": "model"},
            ExpressionAttributeValues={":model": {"S": model}},
        )
        for page in pages:
            records += [parse(item) for item in page["Items"]]
            now = answered(page)
        return Journal.of(model, records=records, now=now)

    def append(self, journal: Journal, record: Record) -> Journal:
        """Write `record` after what `journal` shows, with its time, and give the journal that includes it.

        Raises Conflict when somebody else wrote first: nothing was written, and whatever was decided is out of date.
        """
        stamped = record.placed(sequence=journal.last + 1, at=journal.now)
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item={"model": {"S": journal.model}, **to_item(stamped)},
                ConditionExpression="attribute_not_exists(#sequence)",
                ExpressionAttributeNames={"#sequence": "sequence"},
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException as error:
            raise Conflict(f"{journal.model}: record {stamped.sequence} is taken") from error
        return journal.following(stamped)


def write(ledger: Ledger, model: str, decide: Callable[[Journal], Record | None]) -> Journal:
    """The journal after the record that `decide` made of it; as it was when that is None.

    `decide` may be asked several times, each time with a newer journal, and may raise. Raises Conflict when others
    were faster eight times in a row.
    """
    for _ in range(_TURNS):
        journal = ledger.read(model)
        record = decide(journal)
        if record is None:
            return journal
        try:
            return ledger.append(journal, record)
        except Conflict:
            continue
    raise Conflict(f"{model}: others wrote to the ledger {_TURNS} times meanwhile; ask again")


def answered(response: Any) -> datetime:
    """When AWS sent a response: aware, UTC, to the second (RFC 9110, "Date")."""
    return parsedate_to_datetime(response["ResponseMetadata"]["HTTPHeaders"]["date"])


def to_item(record: Record) -> dict[str, Any]:
    """A record as DynamoDB's attribute values; what is None is left out."""
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    item = {name: _attribute(value) for name, value in values.items() if value is not None}
    return {"kind": {"S": record.kind}, **item}


def parse(item: dict[str, Any]) -> Record:
    """The record that `to_item` wrote. Raises LedgerError for an unknown kind or a missing member."""
    kind = KINDS.get(item["kind"]["S"])
    if kind is None:
        raise LedgerError(f"record {item['sequence']['N']} is of the unknown kind {item['kind']['S']!r}")
    members = _members(kind.kind)
    try:
        return kind(**{name: _value(item[name], is_a) for name, is_a in members.items() if name in item})
    except (KeyError, TypeError, ValueError) as error:
        raise LedgerError(f"record {item['sequence']['N']} is no {kind.kind}: {error}") from error


@functools.cache
def _members(kind: str) -> dict[str, Any]:
    """What the members of a record are, by name; of `X | None` that is X."""
    hints = {field.name: get_type_hints(KINDS[kind])[field.name] for field in fields(KINDS[kind])}
    return {
        name: next(part for part in get_args(hint) if part is not NoneType) if isinstance(hint, UnionType) else hint
        for name, hint in hints.items()
    }


def _attribute(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": str(value)}
        case datetime():
            return {"S": value.isoformat()}
        case tuple():
            return {"L": [{"S": text} for text in value]}
        case _:
            return {"S": value}


def _value(attribute: dict[str, Any], kind: Any) -> Any:
    ((code, raw),) = attribute.items()
    if code == "N":
        return kind(raw)
    if code == "L":
        return tuple(text["S"] for text in raw)
    return datetime.fromisoformat(raw) if kind is datetime else raw
