"""URLs of functions: their configuration, and a server on loopback behind them ("Lambda function URLs")."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from werkzeug.wrappers import Request, Response

from local.errors import AwsError, UnsupportedLocally
from local.front import Handler
from local.functions.book import Book
from local.functions.function import LATEST, Entry
from local.functions.requests import Visit, read_answer
from local.functions.run import Runner
from local.services import Services
from local.serving import Door
from local.wire import Call

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_LARGEST_BYTES: Final = 6_291_456
_LETTERS: Final = string.ascii_lowercase + string.digits

Params = dict[str, Any]


@dataclass(frozen=True)
class Url:
    """The URL of a function or of one of its aliases; `id` is the part of it that is its own."""

    function: str
    qualifier: str
    made: datetime
    changed: datetime
    cors: dict[str, Any]
    id: str = field(default_factory=lambda: "".join(secrets.choice(_LETTERS) for _ in range(32)))


class Urls:
    """Handlers on URLs, and the server, which listens from the first URL on.

    The address holds this process's port: after a restart the same URL has another one.
    """

    def __init__(self, services: Services, book: Book, runner: Runner) -> None:
        self._services, self._book, self._runner = services, book, runner
        self._kept = services.state.table("functions.urls")
        self._door = Door(self._serve)

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {
            "CreateFunctionUrlConfig": self._create,
            "DeleteFunctionUrlConfig": self._delete,
            "GetFunctionUrlConfig": lambda params, _: self._described(self._found(params)),
            "ListFunctionUrlConfigs": self._list,
            "UpdateFunctionUrlConfig": self._update,
        }

    def close(self) -> None:
        """Stop listening."""
        self._door.close()

    def answer(self, url_id: str, visit: Visit) -> tuple[int, dict[str, str], bytes]:
        """What a visitor of a URL gets: status, headers and body."""
        url = next((url for url in list(self._kept.values()) if url.id == url_id), None)
        if url is None or not self._book.use(url.function, lambda entry: _public(entry, url.qualifier)):
            return HTTPStatus.FORBIDDEN, {"Content-Type": "application/json"}, b'{"Message":"Forbidden"}'
        function = self._book.find(url.function, url.qualifier)
        invocation = visit.invocation(function.described()["FunctionArn"], url.id, now=self._services.clock.now())
        answer, _ = self._runner.run(function, invocation)
        return read_answer(answer)

    def _create(self, params: Params, _: Call) -> Params:
        _check(params)
        key, now = self._key(params), self._services.clock.now()
        if key in self._kept:
            message = f"Failed to create function url config for [functionArn = {key}]. Error message: already exists"
            raise AwsError("ResourceConflictException", message, status=409)
        name, _colon, qualifier = key.partition(":")
        self._book.find(name, qualifier)
        self._kept[key] = Url(name, qualifier, now, now, params.get("Cors", {}))
        return self._described(self._kept[key])

    def _update(self, params: Params, _: Call) -> Params:
        _check(params)
        old = self._found(params)
        cors = params.get("Cors", old.cors)
        self._kept[self._key(params)] = replace(old, cors=cors, changed=self._services.clock.now())
        return self._described(self._found(params))

    def _delete(self, params: Params, _: Call) -> Params:
        self._found(params)
        del self._kept[self._key(params)]
        return {}

    def _list(self, params: Params, _: Call) -> Params:
        name, _qualifier = self._book.parsed(params["FunctionName"])
        mine = [url for url in list(self._kept.values()) if url.function == name]
        return {"FunctionUrlConfigs": [self._described(url) for url in mine]}

    def _key(self, params: Params) -> str:
        name, inside = self._book.parsed(params["FunctionName"])
        return f"{name}:{params.get('Qualifier') or inside or LATEST}"

    def _found(self, params: Params) -> Url:
        key = self._key(params)
        if key not in self._kept:
            raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", status=404)
        url: Url = self._kept[key]
        return url

    def _described(self, url: Url) -> Params:
        arn = self._book.arn(url.function)
        return {
            "FunctionUrl": f"http://localhost:{self._door.port}/{url.id}/",
            "FunctionArn": arn if url.qualifier == LATEST else f"{arn}:{url.qualifier}",
            "AuthType": "NONE",
            "Cors": url.cors or None,
            "CreationTime": url.made.isoformat(),
            "LastModifiedTime": url.changed.isoformat(),
            "InvokeMode": "BUFFERED",
        }

    def _serve(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if (request.content_length or 0) > _LARGEST_BYTES:
            return Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)(environ, start_response)
        url_id, _, rest = environ["RAW_URI"].lstrip("/").partition("/")
        visit = Visit(request.method, f"/{rest}", dict(request.headers.items()), request.get_data())
        status, headers, body = self.answer(url_id, visit)
        return Response(body, status, headers)(environ, start_response)


def _check(params: Params) -> None:
    if params.get("AuthType", "NONE") != "NONE":
        raise UnsupportedLocally(f"a function URL with AuthType {params['AuthType']}")
    if params.get("InvokeMode", "BUFFERED") != "BUFFERED":
        raise UnsupportedLocally(f"a function URL with InvokeMode {params['InvokeMode']}")


def _public(entry: Entry, qualifier: str) -> bool:
    """Whether the function's policy lets everybody use the URL."""
    suffix = "" if qualifier == LATEST else f":{qualifier}"
    resource = entry.latest.arn + suffix
    return any(
        statement["Principal"] in ("*", {"AWS": "*"})
        and statement["Action"] == "lambda:InvokeFunctionUrl"
        and statement["Resource"] == resource
        for statement in entry.statements.values()
    )
