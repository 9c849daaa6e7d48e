"""What stands around every request, ours or moto's: who may, how moto's services are run, and who writes it down."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from local.requests import Asked
from local.wire import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


@dataclass(frozen=True)
class Outcome:
    """How a request ended: its answer, and what that says, where the front knows it without reading the answer.

    `result` is a handler's, in Python's types; None for moto's services and for errors. `error_code` is "" for what
    succeeded and for errors of moto's services, whose answer tells.
    """

    reply: Reply
    result: Mapping[str, Any] | None = None
    error_code: str = ""
    error_message: str = ""


class Guard(Protocol):
    """Says who may."""

    def check(self, asked: Asked) -> None:
        """Raises AwsError, spelt as the service spells it, when the caller may not."""
        ...


class Journal(Protocol):
    """Runs requests to moto's services."""

    def run(self, asked: Asked, environ: WSGIEnvironment, app: WSGIApplication) -> Reply:
        """The answer of `app`. `environ["wsgi.input"]` is an io.BytesIO of the whole body, at its beginning."""
        ...


class Trail(Protocol):
    """Writes down what was asked and how it ended."""

    def note(self, asked: Asked, outcome: Outcome) -> None:
        """Called once for each request, after it was answered and before the client hears of it."""
        ...


class EveryoneMay:
    """A guard that lets everybody in."""

    def check(self, asked: Asked) -> None:
        """Nothing is refused."""


class OneAtATime:
    """A journal that writes nothing: moto, which has no locks, gets one request at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def run(self, asked: Asked, environ: WSGIEnvironment, app: WSGIApplication) -> Reply:
        """The answer of `app`."""
        with self._lock:
            return Reply.of(app, environ)


class NobodyNotes:
    """A trail of nothing."""

    def note(self, asked: Asked, outcome: Outcome) -> None:
        """Nothing is written down."""


@dataclass(frozen=True)
class Seams:
    """The three of them; by default everybody may, moto is run plainly, and nothing is noted."""

    guard: Guard = field(default_factory=EveryoneMay)
    journal: Journal = field(default_factory=OneAtATime)
    trail: Trail = field(default_factory=NobodyNotes)
