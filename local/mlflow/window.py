"""What a browser sees of a tracking server: MLflow's own pages, of a child that the first visit starts."""

from __future__ import annotations

import functools
import logging
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from subprocess import Popen
from typing import TYPE_CHECKING, Final

from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from local import environments
from local.errors import AwsError, LocalError
from local.mlflow.servers import Servers
from local.sagemaker.context import Context
from local.transport import ADMINISTRATOR

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

GROUP: Final = "tracking"
"""The dependency group that MLflow is in; nothing else needs it."""

_log = logging.getLogger(__name__)
_PAGE: Final = """<!doctype html><html lang="en"><meta charset="utf-8">{refresh}<title>{server}</title>
<body style="font-family: sans-serif; margin: 4em"><h1>{server}</h1><p>{told}</p></body></html>"""
_AGAIN: Final = '<meta http-equiv="refresh" content="2">'
_TAIL_CHARACTERS: Final = 500
_WAIT: Final = "MLflow's pages are being set up: about a minute the first time, a few seconds then. This page waits."


@dataclass
class _Pages:
    """The pages of one server: `refusal` says why they were not started."""

    folder: Path
    child: Popen[bytes] | None = None
    refusal: str = ""

    @property
    def port_file(self) -> Path:
        return self.folder / "port"

    @property
    def port(self) -> int | None:
        running = self.child is not None and not self.ended
        return int(self.port_file.read_text(encoding="utf-8")) if running and self.port_file.exists() else None

    @property
    def ended(self) -> bool:
        return bool(self.refusal) or (self.child is not None and self.child.poll() is not None)

    @property
    def failure(self) -> str:
        """Why there have never been any; empty while they may come, and after they have been there."""
        if not self.ended or self.port_file.exists():
            return ""
        log = self.folder / "log"
        return self.refusal or log.read_text(encoding="utf-8", errors="replace").strip()[-_TAIL_CHARACTERS:]


class Window:
    """Answers browsers at the addresses of servers. Safe for threads."""

    def __init__(
        self,
        context: Context,
        servers: Servers,
        *,
        python: Callable[[], Path] = lambda: environments.interpreter(GROUP),
    ) -> None:
        self._context, self._servers, self._python = context, servers, python
        self._pages: dict[str, _Pages] = {}
        self._lock = threading.Lock()

    def __call__(self, server: str, environ: WSGIEnvironment) -> Response:
        """Lead a browser to the pages of a server; until they are there, a page that asks again."""
        try:
            name = self._servers.named(server).name
        except AwsError as error:
            return _page(server, error.message, status=error.status)
        with self._lock:
            pages = self._pages.get(name)
            if pages is None:
                pages = self._pages[name] = _Pages(self._context.services.workdir / f"mlflow-{name}")
                self._context.workers.start(f"pages of {name}", functools.partial(self._start, name, pages))
            elif pages.ended:
                del self._pages[name]  # whoever looks again has it tried again
                if pages.child is not None:
                    self._context.services.processes.forget(pages.child)
        if pages.failure:
            return _page(server, f"MLflow's pages cannot be set up: {pages.failure}", status=500)
        port = pages.port
        return redirect(f"http://localhost:{port}/") if port else _page(server, _WAIT, refresh=_AGAIN)

    def end(self, name: str) -> None:
        """End the pages of a server that goes."""
        with self._lock:
            pages = self._pages.pop(name, None)
        if pages is not None and pages.child is not None:
            self._context.services.processes.stop(pages.child)

    def close(self) -> None:
        """End the pages of all servers."""
        for name in list(self._pages):
            self.end(name)

    def _start(self, name: str, pages: _Pages) -> None:
        folder = pages.folder
        try:
            python = self._python()
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            program = Path(__file__).with_name("pages.py")
            with (folder / "log").open("wb") as log:
                pages.child = self._context.services.processes.start(
                    [str(python), str(program), self._servers.url(name), str(pages.port_file)],
                    env=self._environ(),
                    cwd=folder,
                    output=log,
                )
        except (LocalError, OSError, RuntimeError) as error:
            _log.warning("no pages of MLflow for %s: %s", name, error)
            pages.refusal = str(error)
        with self._lock:
            gone = self._pages.get(name) is not pages
        if gone and pages.child is not None:  # the server went while its pages were being set up
            self._context.services.processes.stop(pages.child)

    def _environ(self) -> dict[str, str]:
        services = self._context.services
        return {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(services.workdir),
            "AWS_ENDPOINT_URL": services.endpoint_url,
            "AWS_ACCESS_KEY_ID": ADMINISTRATOR,
            "AWS_SECRET_ACCESS_KEY": "unused",
            "AWS_REGION": services.region,
            "AWS_DEFAULT_REGION": services.region,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
        }


def _page(server: str, told: str, *, status: int = 200, refresh: str = "") -> Response:
    page = _PAGE.format(server=escape(server), told=escape(told), refresh=refresh)
    return Response(page, status, content_type="text/html; charset=utf-8")
