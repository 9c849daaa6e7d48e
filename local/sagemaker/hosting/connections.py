"""HTTP to one process of a container, over connections that are used again."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Mapping
from dataclasses import dataclass

INVOCATION_SECONDS = 60
"""How long a container may take to answer, in seconds of the machine ("Use your own inference code": 60)."""
_TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the latency metrics for "
    "each container in Amazon CloudWatch, resolve the issue, and try again."
)
_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Response:
    """The container's answer; status 0 when none came in time or the connection broke."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Connections:
    """The connections to one port. Safe for threads: each request has one for itself."""

    def __init__(self, port: int, *, patience_seconds: float = INVOCATION_SECONDS) -> None:
        self._port, self._patience_seconds = port, patience_seconds
        self._idle: list[http.client.HTTPConnection] = []
        self._closed = False
        self._lock = threading.Lock()

    def post(self, body: bytes, headers: Mapping[str, str]) -> Response:
        """Post one invocation. What the container does never raises: status 0 says that no answer came."""
        connection = self._borrow()
        try:
            connection.request("POST", "/invocations", body, dict(headers))
            answer = connection.getresponse()
            response = Response(answer.status, answer.read(), dict(answer.getheaders()))
        except TimeoutError:
            connection.close()
            return Response(0, _TIMED_OUT.encode(), {})
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return Response(0, (str(error) or type(error).__name__).encode(), {})
        self._give_back(connection)
        return response

    def wait_until_healthy(self, seconds: float) -> None:
        """Ask /ping once: a server accepts when its model is loaded, and its end breaks the connection.

        Raises OSError with a sentence when no answer comes in time or it is not 200, ConnectionError when the server
        ends.
        """
        connection = http.client.HTTPConnection(_HOST, self._port, timeout=seconds)
        with contextlib.closing(connection):
            try:
                connection.request("GET", "/ping")
                answer = connection.getresponse()
                answer.read()
            except TimeoutError as error:
                raise OSError(f"the server did not answer /ping within {seconds:g} seconds") from error
            except (OSError, http.client.HTTPException) as error:
                raise ConnectionError("the server ended") from error
        if answer.status != http.HTTPStatus.OK:
            raise OSError(f"the server answered /ping with {answer.status}")

    def close(self) -> None:
        """Close those that are idle now, and the others when they are given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _borrow(self) -> http.client.HTTPConnection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return http.client.HTTPConnection(_HOST, self._port, timeout=self._patience_seconds)

    def _give_back(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()
