"""The front door: one WSGI app that answers for the families we own and hands every other service to moto."""

from __future__ import annotations

import gzip
import io
import logging
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.core.model import ServiceModel
from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from local.errors import AwsError, UnsupportedLocally
from local.model import service, validate
from local.wire import Call, Raw, Reply, Scope, Wire, wires

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Params = dict[str, Any]
Handler = Callable[[Params, Call], dict[str, Any] | Raw]

_log = logging.getLogger(__name__)
_SHIFTS_ITS_CLOCK = "aws-sdk-js"


@dataclass(frozen=True)
class Family:
    """A service that is ours: botocore's name for it and what its operations do.

    An operation of the service that has no handler is refused by name, never passed on.
    """

    name: str
    handlers: Mapping[str, Handler]

    @property
    def model(self) -> ServiceModel:
        """botocore's model of the service."""
        return service(self.name)

    @property
    def signing_name(self) -> str:
        """The service name in the credential scope of its signed requests."""
        return str(self.model.signing_name)


class Front:
    """Routes a request by its credential scope: to a family of ours, else to moto's app.

    Answers bear the cloud's own time (`now`) as their Date: by it clients know what "five minutes ago" is there.
    """

    def __init__(
        self,
        families: Sequence[Family],
        *,
        fallback: WSGIApplication,
        region: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._families = families
        self._fallback = fallback
        self._region = region
        self._now = now

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        start_response = self._dated(environ, start_response)
        request = Request(environ)
        scope = Scope.of(request)
        mine = [f for f in self._families if scope and f.signing_name == scope.signing_name]
        if scope is None or not mine:
            return self._fallback(environ, start_response)
        reply = self._answer(mine, _decompressed(request), scope)
        response = Response(reply.body, reply.status, reply.headers)
        return response(environ, start_response)

    def _dated(self, environ: WSGIEnvironment, start_response: StartResponse) -> StartResponse:
        # AWS's SDK for JavaScript shifts its own clock to a Date that is minutes off, and a clock that runs sixty times
        # as fast makes it wait: the CDK's command line took five times as long. It gets this machine's time.
        shifts = _SHIFTS_ITS_CLOCK in environ.get("HTTP_USER_AGENT", "")

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Callable[[bytes], object]:
            others = [header for header in headers if header[0].lower() != "date"]
            return start_response(
                status, [*others, ("Date", http_date(datetime.now(UTC) if shifts else self._now()))], *exc_info
            )

        return start

    def _answer(self, families: list[Family], request: Request, scope: Scope) -> Reply:
        for family in families:
            for wire in wires(family.model):
                name = wire.operation(family.model, request)
                if name in family.model.operation_names:
                    return self._run(family, wire, name, request=request, scope=scope)
        error = AwsError("UnknownOperationException", f"{scope.signing_name} has no operation at {request.path}")
        return wires(families[0].model)[0].write_error(families[0].model, error)

    def _run(self, family: Family, wire: Wire, name: str, *, request: Request, scope: Scope) -> Reply:
        operation = family.model.operation_model(name)
        try:
            self._check_region(family, scope)
            handler = family.handlers.get(name)
            if handler is None:
                raise UnsupportedLocally(f"{family.name}:{name}")
            params = wire.read(operation, request)
            validate(operation, params)
            result = handler(params, Call(operation, params, scope.access_key_id, scope.region, request.host))
        except AwsError as error:
            return wire.write_error(family.model, error)
        except Exception:  # noqa: BLE001 - the border to the wire: a defect of ours becomes AWS's InternalFailure
            _log.exception("%s:%s failed", family.name, name)
            failure = AwsError("InternalFailure", f"the local cloud failed in {family.name}:{name}", status=500)
            return wire.write_error(family.model, failure)
        if isinstance(result, Raw):
            reply = wire.write(operation, result.result)
            return Reply(reply.body, reply.headers | result.headers, reply.status)
        return wire.write(operation, result)

    def _check_region(self, family: Family, scope: Scope) -> None:
        if scope.region != self._region:
            reason = f"it runs {self._region} alone"
            raise UnsupportedLocally(f"{family.name} in region {scope.region}", reason=reason)


def _decompressed(request: Request) -> Request:
    """The request with a plain body: botocore compresses long ones of operations such as PutMetricData."""
    if request.content_encoding != "gzip":
        return request
    try:
        body = gzip.decompress(request.get_data())
    except (OSError, EOFError, zlib.error):
        return request
    environ = {**request.environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    del environ["HTTP_CONTENT_ENCODING"]
    return Request(environ)
