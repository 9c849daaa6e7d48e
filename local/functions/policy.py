"""The resource policy of a function: who may invoke it."""

from __future__ import annotations

import json
import uuid
from typing import Any

from local.errors import AwsError, UnsupportedLocally
from local.front import Handler
from local.functions.book import Book
from local.functions.function import Entry
from local.wire import Call

Params = dict[str, Any]

_ARN_COLONS = 6
"""How many colons the ARN of a function without a qualifier has."""


class Policy:
    """AddPermission, RemovePermission, GetPolicy: of a function, of its versions and of its aliases."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {
            "AddPermission": self._add_permission,
            "RemovePermission": self._remove_permission,
            "GetPolicy": self._get_policy,
        }

    def _add_permission(self, params: Params, _: Call) -> Params:
        name, arn = self._resource(params)
        statement, key = _statement(params, arn=arn), _key(arn, params["StatementId"])

        def add(entry: Entry) -> None:
            _check_revision(entry, params)
            if key in entry.statements:
                message = (
                    f"The statement id ({statement['Sid']}) provided already exists. "
                    "Please provide a new statement id, or remove the existing statement."
                )
                raise AwsError("ResourceConflictException", message, status=409)
            entry.statements[key] = statement
            entry.policy_revision = str(uuid.uuid4())

        self._book.change(name, add)
        return {"Statement": json.dumps(statement)}

    def _remove_permission(self, params: Params, _: Call) -> Params:
        name, arn = self._resource(params)

        def remove(entry: Entry) -> None:
            _check_revision(entry, params)
            if entry.statements.pop(_key(arn, params["StatementId"]), None) is None:
                message = f"Statement {params['StatementId']} is not found in resource policy."
                raise AwsError("ResourceNotFoundException", message, status=404)
            entry.policy_revision = str(uuid.uuid4())

        self._book.change(name, remove)
        return {}

    def _get_policy(self, params: Params, _: Call) -> Params:
        name, arn = self._resource(params)
        held, revision = self._book.use(name, lambda entry: (list(entry.statements.values()), entry.policy_revision))
        statements = [statement for statement in held if statement["Resource"] == arn]
        if not statements:
            message = "The resource you requested does not exist."
            raise AwsError("ResourceNotFoundException", message, status=404)
        policy = {"Version": "2012-10-17", "Id": "default", "Statement": statements}
        return {"Policy": json.dumps(policy), "RevisionId": revision}

    def _resource(self, params: Params) -> tuple[str, str]:
        """The function's name, and the ARN that a statement is about: the function's, a version's or an alias's."""
        name, inside = self._book.parsed(params["FunctionName"])
        qualifier = params.get("Qualifier") or inside
        if qualifier is None:
            return name, self._book.arn(name)
        self._book.find(name, qualifier)
        return name, f"{self._book.arn(name)}:{qualifier}"


def _key(arn: str, statement_id: str) -> str:
    # A statement's id is its own under each qualifier.
    qualified = arn.count(":") > _ARN_COLONS
    return f"{arn.rpartition(':')[2]} {statement_id}" if qualified else statement_id


def _statement(params: Params, *, arn: str) -> dict[str, Any]:
    for name in ("EventSourceToken", "PrincipalOrgID"):
        if params.get(name):
            raise UnsupportedLocally(f"lambda:AddPermission with {name}")
    conditions: dict[str, dict[str, str]] = {}
    if "SourceAccount" in params:
        conditions.setdefault("StringEquals", {})["AWS:SourceAccount"] = params["SourceAccount"]
    if "FunctionUrlAuthType" in params:
        conditions.setdefault("StringEquals", {})["lambda:FunctionUrlAuthType"] = params["FunctionUrlAuthType"]
    if "InvokedViaFunctionUrl" in params:
        conditions["Bool"] = {"lambda:InvokedViaFunctionUrl": str(params["InvokedViaFunctionUrl"]).lower()}
    if "SourceArn" in params:
        conditions["ArnLike"] = {"AWS:SourceArn": params["SourceArn"]}
    statement = {
        "Sid": params["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(params["Principal"]),
        "Action": params["Action"],
        "Resource": arn,
    }
    return statement | ({"Condition": conditions} if conditions else {})


def _principal(given: str) -> str | dict[str, str]:
    if given == "*":
        return given
    if given.endswith(".amazonaws.com"):
        return {"Service": given}
    return {"AWS": f"arn:aws:iam::{given}:root" if given.isdecimal() else given}


def _check_revision(entry: Entry, params: Params) -> None:
    if params.get("RevisionId", entry.policy_revision) != entry.policy_revision:
        message = (
            "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve it."
        )
        raise AwsError("PreconditionFailedException", message, status=412)
