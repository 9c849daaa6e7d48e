"""Functions come, change and go: their configuration, code, versions, tags and limits."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Final

from local.errors import AwsError
from local.front import Handler
from local.functions import configuration
from local.functions.book import Book
from local.functions.code import CodeStore
from local.functions.function import Entry, Function
from local.functions.layers import Layers
from local.functions.pool import Pool
from local.paging import page
from local.roles import NotAssumable
from local.services import Services
from local.wire import Call

_PAGE: Final = 50
_CODE_MEMBERS: Final = ("ZipFile", "S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri", "SourceKMSKeyArn")

Params = dict[str, Any]


class Lifecycle:
    """Handlers that write `book`; workers of what was changed are retired from `pool`."""

    def __init__(self, services: Services, book: Book, pool: Pool, layers: Layers) -> None:
        self._services, self._book, self._pool, self._layers = services, book, pool, layers
        self._code = CodeStore(services)

    def resume(self) -> None:
        """Find the code of every function, and remove what is nobody's."""
        codes = [function.code for entry in self._book.listed() for function in entry.functions()]
        self._code.keep_only([*codes, *self._layers.codes()])
        for entry in self._book.listed():
            if self._code.moved(entry.latest.code) != entry.latest.code:
                self._book.change(entry.latest.name, self._moved)

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {
            "CreateFunction": self._create_function,
            "GetFunction": self._get_function,
            "GetFunctionConfiguration": self._get_function_configuration,
            "ListFunctions": self._list_functions,
            "UpdateFunctionCode": self._update_function_code,
            "UpdateFunctionConfiguration": self._update_function_configuration,
            "DeleteFunction": self._delete_function,
            "PublishVersion": self._publish_version,
            "ListVersionsByFunction": self._list_versions,
        }

    def _moved(self, entry: Entry) -> None:
        latest, *versions = [
            dataclasses.replace(
                function,
                code=self._code.moved(function.code),
                layers=tuple(self._layers.folders(function.configuration.get("Layers", []))),
            )
            for function in entry.functions()
        ]
        entry.latest, entry.versions = latest, versions

    def _create_function(self, params: Params, call: Call) -> Params:
        name, _qualifier = self._book.parsed(params["FunctionName"])
        code = self._code.put(params["Code"], self._services.roles.calling(call.access_key_id))
        given = {**params, "FunctionName": name, **self._layered(params)}
        now = self._services.clock.now()
        members = configuration.created(given, now=now, stands_in=bool(code.stand_in))
        self._check_role(members["Role"])
        layers = tuple(self._layers.folders(members.get("Layers", [])))
        function = Function(name, self._book.arn(name), members, code, layers=layers)
        self._book.add(Entry(function, tags=dict(params.get("Tags", {}))))
        if params.get("Publish"):
            return self._book.change(name, _publish).described()
        # AWS says so while it prepares the function; here it is ready by the next call.
        return {**function.described(), "State": "Pending", "StateReasonCode": "Creating"}

    def _get_function(self, params: Params, _: Call) -> Params:
        function = self._book.find(params["FunctionName"], params.get("Qualifier"))
        tags, reserved = self._book.use(function.name, lambda entry: (dict(entry.tags), entry.reserved_concurrency))
        return {
            "Configuration": function.described(),
            "Code": {"RepositoryType": "S3", "Location": function.code.archive.as_uri()},
            "Tags": tags or None,
            "Concurrency": None if reserved is None else {"ReservedConcurrentExecutions": reserved},
        }

    def _get_function_configuration(self, params: Params, _: Call) -> Params:
        return self._book.find(params["FunctionName"], params.get("Qualifier")).described()

    def _list_functions(self, params: Params, _: Call) -> Params:
        functions: list[Function] = []
        for entry in self._book.listed():
            functions += [entry.latest, *(entry.versions if params.get("FunctionVersion") == "ALL" else ())]
        return _page("Functions", functions, params)

    def _update_function_code(self, params: Params, call: Call) -> Params:
        source: Params = {name: params[name] for name in _CODE_MEMBERS if name in params}
        code = self._code.put(source, self._services.roles.calling(call.access_key_id))

        def change(entry: Entry) -> Function:
            given = {name: params[name] for name in ("Architectures",) if name in params}
            return self._changed(entry, given, code=code)

        return self._update(params, change)

    def _update_function_configuration(self, params: Params, _: Call) -> Params:
        if "Role" in params:
            self._check_role(params["Role"])
        return self._update(params, lambda entry: self._changed(entry, params))

    def _update(self, params: Params, change: Callable[[Entry], Function]) -> Params:
        def write(entry: Entry) -> Function:
            _check_revision(entry, params)
            function = change(entry)
            if params.get("DryRun"):
                return function
            entry.latest = function
            return _publish(entry) if params.get("Publish") else function

        function = self._book.change(params["FunctionName"], write)
        self._pool.retire(function.name)
        return {**function.described(), "LastUpdateStatus": "InProgress", "LastUpdateStatusReasonCode": "Creating"}

    def _changed(self, entry: Entry, params: Params, **more: Any) -> Function:
        old, now = entry.latest, self._services.clock.now()
        stands_in = bool(more.get("code", old.code).stand_in)
        given = {**params, **self._layered(params)}
        members = configuration.updated(old.configuration, given, name=old.name, now=now, stands_in=stands_in)
        layers = tuple(self._layers.folders(members.get("Layers", [])))
        return dataclasses.replace(old, configuration=members, layers=layers, **more)

    def _layered(self, params: Params) -> Params:
        return {"Layers": self._layers.described(params["Layers"])} if "Layers" in params else {}

    def _delete_function(self, params: Params, _: Call) -> Params:
        function = self._book.find(params["FunctionName"], params.get("Qualifier"))
        version = params.get("Qualifier") or self._book.parsed(params["FunctionName"])[1]
        if version is None:
            self._book.remove(function.name)
        else:
            self._book.change(function.name, lambda entry: _delete_version(entry, version))
        self._pool.retire(function.name)
        return {"StatusCode": 204}

    def _publish_version(self, params: Params, _: Call) -> Params:
        def publish(entry: Entry) -> Function:
            _check_revision(entry, params)
            if params.get("CodeSha256", entry.latest.code.sha256) != entry.latest.code.sha256:
                raise AwsError("InvalidParameterValueException", "CodeSHA256 does not match the function's code.")
            return _publish(entry, description=params.get("Description"))

        return self._book.change(params["FunctionName"], publish).described()

    def _list_versions(self, params: Params, _: Call) -> Params:
        versions = self._book.use(params["FunctionName"], lambda entry: [entry.latest, *entry.versions])
        return _page("Versions", versions, params)

    def _check_role(self, arn: str) -> None:
        try:
            self._services.roles.check(arn, service="lambda.amazonaws.com")
        except NotAssumable as error:
            message = "The role defined for the function cannot be assumed by Lambda."
            raise AwsError("InvalidParameterValueException", message) from error


def _publish(entry: Entry, *, description: str | None = None) -> Function:
    last = entry.versions[-1] if entry.versions else None
    if last is not None and _same(last, entry.latest):
        return last
    members = dict(entry.latest.configuration)
    if description is not None:
        members["Description"] = description
    number = str(int(last.version) + 1 if last is not None else 1)
    version = dataclasses.replace(entry.latest, configuration=members, version=number)
    entry.versions.append(version)
    return version


def _same(one: Function, other: Function) -> bool:
    return one.code == other.code and one.configuration["RevisionId"] == other.configuration["RevisionId"]


def _delete_version(entry: Entry, version: str) -> None:
    if version == entry.latest.version:
        message = "$LATEST version cannot be deleted without deleting the function."
        raise AwsError("InvalidParameterValueException", message)
    entry.versions = [function for function in entry.versions if function.version != version]


def _check_revision(entry: Entry, params: Params) -> None:
    current = entry.latest.configuration["RevisionId"]
    if params.get("RevisionId", current) != current:
        message = (
            "The Revision Id provided does not match the latest Revision Id. "
            "Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
        )
        raise AwsError("PreconditionFailedException", message, status=412)


def _page(member: str, functions: list[Function], params: Params) -> Params:
    size, token = params.get("MaxItems", _PAGE), params.get("Marker")
    found, following = page(functions, size=size, token=token, code="InvalidParameterValueException")
    return {member: [function.described() for function in found], "NextMarker": following}
