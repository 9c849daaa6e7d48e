"""Users of one endpoint: requests at random instants, and what became of each."""

from __future__ import annotations

import json
import math
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from blast.world import CATEGORY_SHARE, LATE_MS, REQUESTS_PER_MINUTE
from local.clock import Clock

_MOST_AT_ONCE = 300


@dataclass(frozen=True)
class Request:
    """One request: when it was sent on the cloud's clock, which version answered, and whether that harmed."""

    sent: datetime
    version: str
    harmed: bool


class Users:
    """Ask an endpoint until told to stop. Requests that hang do not keep others from being sent."""

    def __init__(self, runtime: Any, endpoint: str, *, clock: Clock, draw: random.Random) -> None:
        self._runtime, self._endpoint, self._clock, self._draw = runtime, endpoint, clock, draw
        self.requests: list[Request] = []
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix=f"users-{endpoint}")
        self._thread = threading.Thread(target=self._ask_on, name=f"users-{endpoint}", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; answers that are due are waited for."""
        self._stopped.set()
        self._thread.join()
        self._pool.shutdown()

    def _ask_on(self) -> None:
        per_second = REQUESTS_PER_MINUTE / 60 * self._clock.speed
        due = time.monotonic()
        while not self._stopped.is_set():
            due += self._draw.expovariate(per_second)
            if self._stopped.wait(max(0.0, due - time.monotonic())):
                return
            category = "rare" if self._draw.random() < CATEGORY_SHARE else "usual"
            self._pool.submit(self._ask, category)

    def _ask(self, category: str) -> None:
        sent, began = self._clock.now(), time.monotonic()
        try:
            answer = self._runtime.invoke_endpoint(
                EndpointName=self._endpoint, Body=category, ContentType="text/plain", Accept="application/json"
            )
            body = json.loads(answer["Body"].read())
        except ClientError as error:
            self.requests.append(Request(sent, _version(str(error)), harmed=True))
        except BotoCoreError:
            self.requests.append(Request(sent, "new", harmed=True))
        else:
            late = (time.monotonic() - began) * 1000 >= LATE_MS
            harmed = late or not math.isfinite(body["score"])
            self.requests.append(Request(sent, body["version"], harmed=harmed))


def _version(message: str) -> str:
    """Who gave an error: its text says so, but for one that no process gave, and only new ones hang or are killed."""
    return "old" if "old:" in message else "new"
