"""Aliases: names for a version of a function, or for two of them by weight."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any, Final

from local.errors import AwsError
from local.front import Handler
from local.functions.book import Book
from local.functions.function import LATEST, Alias, Entry
from local.paging import page
from local.wire import Call

_PAGE: Final = 50

Params = dict[str, Any]


class Aliases:
    """Handlers that write the aliases of functions in `book`."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {
            "CreateAlias": self._create_alias,
            "DeleteAlias": self._delete_alias,
            "GetAlias": self._get_alias,
            "ListAliases": self._list_aliases,
            "UpdateAlias": self._update_alias,
        }

    def _create_alias(self, params: Params, _: Call) -> Params:
        alias = Alias(params["Name"], params["FunctionVersion"], params.get("Description", ""), _weights(params))

        def create(entry: Entry) -> None:
            if alias.name in entry.aliases:
                message = f"Alias already exists: {self._arn(params, alias)}"
                raise AwsError("ResourceConflictException", message, status=409)
            self._check(entry, alias)
            entry.aliases[alias.name] = alias

        self._book.change(params["FunctionName"], create)
        return self._described(params, alias)

    def _update_alias(self, params: Params, _: Call) -> Params:
        def update(entry: Entry) -> Alias:
            old = self._found(entry, params)
            if params.get("RevisionId", old.revision) != old.revision:
                message = "The Revision Id provided does not match the latest Revision Id."
                raise AwsError("PreconditionFailedException", message, status=412)
            alias = dataclasses.replace(
                old,
                version=params.get("FunctionVersion", old.version),
                description=params.get("Description", old.description),
                weights=_weights(params) if "RoutingConfig" in params else old.weights,
                revision=str(uuid.uuid4()),
            )
            self._check(entry, alias)
            entry.aliases[alias.name] = alias
            return alias

        return self._described(params, self._book.change(params["FunctionName"], update))

    def _get_alias(self, params: Params, _: Call) -> Params:
        alias = self._book.use(params["FunctionName"], lambda entry: self._found(entry, params))
        return self._described(params, alias)

    def _delete_alias(self, params: Params, _: Call) -> Params:
        self._book.change(params["FunctionName"], lambda entry: entry.aliases.pop(params["Name"], None))
        return {}

    def _list_aliases(self, params: Params, _: Call) -> Params:
        aliases = self._book.use(params["FunctionName"], lambda entry: sorted(entry.aliases.items()))
        wanted = params.get("FunctionVersion")
        shown = [self._described(params, alias) for _, alias in aliases if wanted in (None, alias.version)]
        size, token = params.get("MaxItems", _PAGE), params.get("Marker")
        found, following = page(shown, size=size, token=token, code="InvalidParameterValueException")
        return {"Aliases": found, "NextMarker": following}

    def _found(self, entry: Entry, params: Params) -> Alias:
        if params["Name"] not in entry.aliases:
            arn = f"{self._book.arn(entry.latest.name)}:{params['Name']}"
            raise AwsError("ResourceNotFoundException", f"Cannot find alias arn: {arn}", status=404)
        return entry.aliases[params["Name"]]

    def _check(self, entry: Entry, alias: Alias) -> None:
        known = {function.version for function in entry.functions()}
        for version in (alias.version, *alias.weights):
            if version not in known:
                missing = f"Function not found: {self._book.arn(entry.latest.name)}:{version}"
                raise AwsError("ResourceNotFoundException", missing, status=404)
        if alias.weights and LATEST in (alias.version, *alias.weights):
            message = "$LATEST is not supported for an alias pointing to more than 1 version"
            raise AwsError("InvalidParameterValueException", message)

    def _arn(self, params: Params, alias: Alias) -> str:
        return f"{self._book.arn(self._book.parsed(params['FunctionName'])[0])}:{alias.name}"

    def _described(self, params: Params, alias: Alias) -> Params:
        routing = {"RoutingConfig": {"AdditionalVersionWeights": dict(alias.weights)}} if alias.weights else {}
        return {
            "AliasArn": self._arn(params, alias),
            "Name": alias.name,
            "FunctionVersion": alias.version,
            "Description": alias.description,
            "RevisionId": alias.revision,
            **routing,
        }


def _weights(params: Params) -> dict[str, float]:
    weights: dict[str, float] = params.get("RoutingConfig", {}).get("AdditionalVersionWeights") or {}
    if len(weights) > 1 or any(not 0 <= weight <= 1 for weight in weights.values()):
        message = "Number of items in AdditionalVersionWeights cannot be greater than 1, each from 0.0 to 1.0"
        raise AwsError("InvalidParameterValueException", message)
    return weights
