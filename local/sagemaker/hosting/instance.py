"""One instance of a variant: its model server, watched, and restarted when its process ends."""

from __future__ import annotations

import contextlib
import enum
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from local.errors import LocalError
from local.sagemaker.errors import Unhealthy
from local.sagemaker.hosting.connections import INVOCATION_SECONDS, Response
from local.sagemaker.hosting.server import Image, ModelServer

START_FAILED = (LocalError, BotoCoreError, ClientError, OSError, RuntimeError)
"""What can keep a model server from starting."""
_LONGEST_PAUSE_SECONDS = 30.0


@dataclass(frozen=True)
class Variant:
    """A production variant of a configuration: what each of its instances runs."""

    name: str
    config_name: str
    image: Image
    health_check_seconds: float


class Health(enum.Enum):
    """How an instance is."""

    STARTING = enum.auto()
    HEALTHY = enum.auto()
    RESTARTING = enum.auto()
    BROKEN = enum.auto()
    """Its server has ended, and did not become healthy when it was last restarted; it is tried again."""


class Instance:
    """A server that comes back, as SageMaker restarts a container that has ended; until then requests fail."""

    def __init__(
        self, variant: Variant, server: ModelServer, *, log_stream_arn: str, changed: Callable[[], None] = lambda: None
    ) -> None:
        self.variant, self.server, self.log_stream_arn = variant, server, log_stream_arn
        self.health = Health.STARTING
        self.changed = changed
        self._stopping = threading.Event()

    def start(self, *, patience_seconds: float) -> None:
        """Start the server and watch it from then on. Raises Unhealthy."""
        seconds = min(self.variant.health_check_seconds, patience_seconds)
        self.server.start(health_check_seconds=seconds)
        self._become(Health.HEALTHY)
        threading.Thread(target=self._watch, name=f"watch-{self.variant.name}", daemon=True).start()

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> Response:
        """The container's answer, status 0 when there is none. Raises Retired once it has been stopped."""
        return self.server.invoke(body, headers)

    def ship_log(self) -> None:
        """Send what is new in its log to CloudWatch Logs."""
        self.server.log.ship()

    def stop(self, *, drain: bool = False) -> None:
        """End the server; with `drain` the requests under way are answered first."""
        self._stopping.set()
        self.server.stop(drain_seconds=INVOCATION_SECONDS if drain else 0)

    def _watch(self) -> None:
        while (code := self.server.ended()) is not None:
            self._become(Health.RESTARTING)
            self._say(f"The container ended with exit code {code} and is restarted.")
            if not self._restarted():
                return

    def _restarted(self) -> bool:
        """Try until the server is healthy again, with longer and longer pauses; False when it shall stop."""
        pause_seconds = 0.5
        while not self._stopping.is_set():
            try:
                self.server.restart(health_check_seconds=self.variant.health_check_seconds)
            except START_FAILED as error:
                self._become(Health.BROKEN)
                self._say(f"The container could not be restarted: {_first_line(error)}")
                pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
                self._stopping.wait(pause_seconds)
            else:
                self._become(Health.HEALTHY)
                return True
        return False

    def _say(self, line: str) -> None:
        with contextlib.suppress(FileNotFoundError):  # stopped meanwhile: the log has been shipped and is gone
            self.server.log.say(line)

    def _become(self, health: Health) -> None:
        self.health = health
        self.changed()


def health_failure(instance: Instance, error: Exception) -> Unhealthy:
    """What SageMaker says of a container that did not become healthy, with the cause that it leaves to the logs."""
    return Unhealthy(
        f"The primary container for production variant {instance.variant.name} did not pass the ping health check. "
        f"Please check CloudWatch logs for this endpoint: {error}"
    )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
