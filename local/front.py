"""The front door: one WSGI app that answers for the families we own and hands every other service to moto."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

from moto.core.model import ServiceModel
from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from local import admission, requests
from local.dialects import malformed_xml
from local.errors import AwsError, UnsupportedLocally
from local.model import service, validate
from local.moto.request import as_judged, check_target
from local.polling import Polling
from local.requests import Asked, Found
from local.seams import Outcome, Seams
from local.signing import Scope
from local.wire import Call, Raw, Reply, Wire

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Params = dict[str, Any]
Handler = Callable[[Params, Call], dict[str, Any] | Raw]

_log = logging.getLogger(__name__)
_SHIFTS_ITS_CLOCK = "aws-sdk-js"
_ITS_BODIES_ARE_NOT_READ = "s3"
_NO_SEAMS: Final = Seams()


@dataclass(frozen=True)
class Family:
    """A service that is ours: botocore's name for it and what its operations do.

    An operation of the service that has no handler is refused by name, never passed on; if the service is `shared`,
    it is moto's.
    """

    name: str
    handlers: Mapping[str, Handler]
    shared: bool = False

    def answers(self, operation: str | None) -> bool:
        """Whether it answers for an operation, be it with a refusal."""
        return not self.shared or operation in self.handlers

    @property
    def model(self) -> ServiceModel:
        """botocore's model of the service."""
        return service(self.name)

    @property
    def signing_name(self) -> str:
        """The service name in the credential scope of its signed requests."""
        return str(self.model.signing_name)


class Front:
    """Identifies a request, lets the guard judge it, has it answered by a family of ours or by moto, and notes it.

    Answers bear the cloud's own time (`now`) as their Date: by it clients know what "five minutes ago" is there.
    """

    def __init__(
        self,
        families: Sequence[Family],
        *,
        fallback: WSGIApplication,
        region: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        seams: Seams = _NO_SEAMS,
    ) -> None:
        self._families = {family.name: family for family in families}
        self._fallback = fallback
        self._region = region
        self._now = now
        self._guard, self._trail = seams.guard, seams.trail
        self._journal = Polling(seams.journal)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        reply = self._reply(Request(environ))
        response = Response(reply.body, reply.status, reply.headers)
        if environ["REQUEST_METHOD"] == "HEAD":
            response.headers.update(reply.headers)  # the length of what GET would give, which is not this body's
        response.headers["Date"] = self._date(environ)
        return response(environ, start_response)

    def _date(self, environ: WSGIEnvironment) -> str:
        # AWS's SDK for JavaScript shifts its own clock to a Date that is minutes off, and a clock that runs sixty times
        # as fast makes it wait: the CDK's command line took five times as long. It gets this machine's time.
        shifts = _SHIFTS_ITS_CLOCK in environ.get("HTTP_USER_AGENT", "")
        return http_date(datetime.now(UTC) if shifts else self._now())

    def _reply(self, request: Request) -> Reply:
        scope, found = Scope.of(request), None
        try:
            request = admission.whole(request, scope)
            found = requests.find(request, scope)
            admission.check(request, scope, found)
            asked = requests.asked(request, scope, found)
        except AwsError as error:
            return _refused(request, found, error).reply
        except RecursionError:
            return _refused(request, found, _too_deep()).reply
        outcome = self._outcome(asked, found, request)
        outcome.reply.headers.setdefault("x-amzn-RequestId", asked.id)
        self._trail.note(asked, outcome)
        return outcome.reply

    def _outcome(self, asked: Asked, found: Found | None, request: Request) -> Outcome:
        family = self._families.get(found.model.service_name) if found else None
        try:
            if found is not None and family is not None and family.answers(found.operation):
                return self._answered(asked, found, family)
            return self._passed_on(asked, found, request)
        except AwsError as error:
            return _refused(request, found, error)
        except RecursionError:
            return _refused(request, found, _too_deep())
        except Exception:  # noqa: BLE001 - the border to the wire: a defect of ours becomes AWS's InternalFailure
            name = f"{asked.service}:{asked.operation}" if found else request.path
            _log.exception("%s failed", name)
            failure = AwsError("InternalFailure", f"the local cloud failed in {name}", status=500)
            return _refused(request, found, failure)

    def _passed_on(self, asked: Asked, found: Found | None, request: Request) -> Outcome:
        self._guard.check(asked)
        if found is not None and asked.operation and asked.service != _ITS_BODIES_ARE_NOT_READ:
            validate(found.model.operation_model(asked.operation), dict(asked.params))
            check_target(asked)
        try:
            reply = self._journal.run(asked, as_judged(asked, found, request), self._fallback)
        except NotImplementedError as error:
            raise UnsupportedLocally(f"{asked.service}:{asked.operation}") from error
        except (ExpatError, ParseError) as error:
            raise malformed_xml() from error
        if asked.operation and _is_page(reply):  # moto's routes do not know it
            raise UnsupportedLocally(f"{asked.service}:{asked.operation}")
        return Outcome(reply)

    def _answered(self, asked: Asked, found: Found, family: Family) -> Outcome:
        wire: Wire = found.dialect  # type: ignore[assignment] # a family of ours speaks none but the wires of ours
        if asked.region != self._region and not family.shared:
            reason = f"it runs {self._region} alone"
            raise UnsupportedLocally(f"{family.name} in region {asked.region}", reason=reason)
        handler = family.handlers.get(asked.operation)
        if handler is None:
            raise UnsupportedLocally(f"{family.name}:{asked.operation}")
        self._guard.check(asked)
        operation, params = found.model.operation_model(asked.operation), dict(asked.params)
        validate(operation, params)
        result = handler(params, Call(operation, params, asked.access_key_id, asked.region, asked.host, asked))
        if isinstance(result, Raw):
            reply = wire.write(operation, result.result)
            return Outcome(Reply(reply.body, reply.headers | result.headers, reply.status), result.result)
        return Outcome(wire.write(operation, result), result)


def _too_deep() -> AwsError:
    return AwsError("SerializationException", "the body is nested too deeply")


def _refused(request: Request, found: Found | None, error: AwsError) -> Outcome:
    reply = (
        found.dialect.write_error(found.model, error) if found else admission.refusal(request, Scope.of(request), error)
    )
    return Outcome(reply, error_code=error.code, error_message=error.message)


def _is_page(reply: Reply) -> bool:
    return reply.status in (404, 405, 500) and reply.body.startswith(b"<!doctype html>")
