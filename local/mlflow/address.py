"""The addresses of tracking servers on this machine, for clients that do not sign: `<cloud>/_mlflow/<server>`.

The managed service takes signed requests alone. MLflow's client without AWS's plugin signs none, so whoever reaches
this loopback address is the account's administrator, as with keys that the cloud has not issued.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from werkzeug.wrappers import Response

from local.mlflow.dialect import ARN_HEADER
from local.signing import Scope
from local.transport import ADMINISTRATOR

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX: Final = "/_mlflow/"
_API: Final = "/api/"

Window = Callable[[str, "WSGIEnvironment"], Response]
"""What a browser sees of a tracking server, by its name."""


class Addresses:
    """Stands before an app that answers signed requests, and signs those that come to a server's own address."""

    def __init__(self, app: WSGIApplication, *, account: str, region: str, window: Window) -> None:
        self._app, self._region, self._window = app, region, window
        self._arn = f"arn:aws:sagemaker:{region}:{account}:mlflow-tracking-server/"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        path = environ.get("PATH_INFO", "")
        if not path.startswith(PREFIX):
            return self._app(environ, start_response)
        server, _, rest = path.removeprefix(PREFIX).partition("/")
        if not f"/{rest}".startswith(_API):
            return self._window(server, environ)(environ, start_response)
        if environ.get("CONTENT_LENGTH") not in (None, "", "0") and "json" not in environ.get("CONTENT_TYPE", ""):
            # A web page may send forms and plain texts anywhere, but JSON only where it is let.
            return Response("send JSON", 415)(environ, start_response)
        return self._app(self._signed(environ, server), start_response)

    def _signed(self, environ: WSGIEnvironment, server: str) -> WSGIEnvironment:
        cut = len(PREFIX) + len(server)
        return {
            **environ,
            "PATH_INFO": environ["PATH_INFO"][cut:],
            "RAW_URI": str(environ.get("RAW_URI", environ["PATH_INFO"]))[cut:],
            "HTTP_AUTHORIZATION": Scope(ADMINISTRATOR, self._region, "sagemaker-mlflow").header,
            "HTTP_" + ARN_HEADER.upper().replace("-", "_"): self._arn + server.lower(),
        }
