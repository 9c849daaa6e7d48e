"""What the requests of Amazon DynamoDB want.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB"; Amazon DynamoDB
Developer Guide, "IAM and transactions", "IAM security policies with PartiQL", "Encryption at rest: how it works".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from local.iam.actions.wanted import ANYTHING, Keys, Records, Wanted

if TYPE_CHECKING:
    from local.requests import Asked

_DATA: Final = frozenset(
    {"BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"}
    | {"ConditionCheckItem", "PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate"}
)
"""Actions on what a table holds, for which it opens its key."""
_IN_TRANSACTION: Final = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}
_STATEMENT: Final = re.compile(
    r'\s*(?P<verb>select|insert|update|delete)\b.*?(?:from|into|update)\s+"?(?P<table>[\w.-]+)"?(?:\."?(?P<index>[\w.-]+)"?)?',
    re.IGNORECASE | re.DOTALL,
)
_UPDATE: Final = re.compile(r'\s*(?P<verb>update)\s+"?(?P<table>[\w.-]+)"?(?:\."?(?P<index>[\w.-]+)"?)?', re.IGNORECASE)
_LISTS: Final = frozenset({"ListTables", "ListBackups", "ListGlobalTables", "ListContributorInsights"})


def database(asked: Asked, records: Records) -> list[Wanted]:
    """What a request of DynamoDB wants, the right to the table's key included."""
    wanted = list(_wanted(asked, records))
    return [*wanted, *_opened(wanted, records)]


def _wanted(asked: Asked, records: Records) -> Iterator[Wanted]:
    params = asked.params
    if asked.operation in ("BatchGetItem", "BatchWriteItem"):
        for table in params.get("RequestItems", {}):
            yield Wanted(f"dynamodb:{asked.operation}", (_table(table, records),), _keys(params))
    elif asked.operation in ("TransactGetItems", "TransactWriteItems"):
        for item in params.get("TransactItems", []):
            for kind, each in item.items():
                action = f"dynamodb:{_IN_TRANSACTION[kind]}"
                yield Wanted(action, (_table(each.get("TableName", ""), records),), _keys(params))
    elif asked.operation in ("ExecuteStatement", "ExecuteTransaction", "BatchExecuteStatement"):
        for statement in params.get("TransactStatements") or params.get("Statements") or [params]:
            yield _by_statement(str(statement.get("Statement", "")), records)
    else:
        yield Wanted(f"dynamodb:{asked.operation}", _resources(asked, records), _keys(params))


def _resources(asked: Asked, records: Records) -> tuple[str, ...]:
    params = asked.params
    named = next((params[m] for m in ("TableName", "TargetTableName") if params.get(m)), None)
    if params.get("GlobalTableName"):
        return (f"arn:aws:dynamodb::{records.account}:global-table/{params['GlobalTableName']}",)
    if asked.operation in _LISTS:
        return ANYTHING
    if named is None and params.get("TableCreationParameters"):
        named = params["TableCreationParameters"].get("TableName")
    if named:
        table = _table(str(named), records)
        return (f"{table}/index/{params['IndexName']}",) if params.get("IndexName") else (table,)
    whole = next((str(v) for name, v in params.items() if name.endswith("Arn") and v), None)
    return (whole,) if whole else ANYTHING


def _by_statement(text: str, records: Records) -> Wanted:
    found = _UPDATE.match(text) or _STATEMENT.match(text)
    if found is None:
        return Wanted("dynamodb:PartiQLSelect", (_table("*", records),))
    table = _table(found["table"], records)
    return Wanted(
        f"dynamodb:PartiQL{found['verb'].capitalize()}",
        (f"{table}/index/{found['index']}" if found["index"] else table,),
    )


def _opened(wanted: list[Wanted], records: Records) -> Iterator[Wanted]:
    tables = {w.resources[0].split("/")[1] for w in wanted if w.action.partition(":")[2] in _DATA}
    for table in sorted(tables):
        if used := records.table_key(table):
            via: Keys = {"kms:viaservice": (f"dynamodb.{records.region}.amazonaws.com",)}
            yield Wanted("kms:Decrypt", (used,), via)


def _table(name: str, records: Records) -> str:
    return name if name.startswith("arn:") else f"arn:aws:dynamodb:{records.region}:{records.account}:table/{name}"


def _keys(params: Mapping[str, Any]) -> Keys:
    keys: Keys = {}
    for member, key in (("Select", "dynamodb:select"), ("ReturnValues", "dynamodb:returnvalues")):
        if params.get(member):
            keys[key] = (str(params[member]),)
    leading = params.get("Key") or params.get("Item") or {}
    # The partition key cannot be told from other attributes here when there are several.
    if len(leading) == 1:
        keys["dynamodb:leadingkeys"] = tuple(str(next(iter(value.values()))) for value in leading.values())
    return keys
