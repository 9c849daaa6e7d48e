"""Lambda as a part of the local cloud."""

from __future__ import annotations

from local.front import Family
from local.functions.aliases import Aliases
from local.functions.asynchronous import Asynchronous
from local.functions.book import Book
from local.functions.destinations import Destinations
from local.functions.invoke import Invoke
from local.functions.layers import Layers
from local.functions.lifecycle import Lifecycle
from local.functions.logs import Logs
from local.functions.policy import Policy
from local.functions.pool import Pool
from local.functions.run import Runner
from local.functions.settings import Settings
from local.functions.urls import Urls
from local.services import Services


class Functions:
    """Runs the real code of zip-packaged Python functions, each under its own role, in warm child processes."""

    def __init__(self, services: Services) -> None:
        book = Book(services)
        destinations = Destinations(services)
        self._pool = Pool(services)
        runner = Runner(book, self._pool, Logs(services))
        self._asynchronous = Asynchronous(services, book, runner, destinations)
        layers, self._urls = Layers(services), Urls(services, book, runner)
        self._lifecycle = Lifecycle(services, book, self._pool, layers)
        self._operations = (
            self._lifecycle,
            Aliases(book),
            layers,
            self._urls,
            Policy(book),
            Settings(services, book, destinations),
            Invoke(book, runner, self._asynchronous),
        )

    def families(self) -> list[Family]:
        """Lambda."""
        return [Family("lambda", {name: h for group in self._operations for name, h in group.handlers().items()})]

    def resting(self, timeout_seconds: float) -> bool:
        """Wait until only the clock can wake unfinished asynchronous invocations. False when time is up."""
        return self._asynchronous.resting(timeout_seconds)

    def settled(self, timeout_seconds: float) -> bool:
        """Wait until every asynchronous invocation has ended, retries too. False when time is up."""
        return self._asynchronous.settled(timeout_seconds)

    def resume(self) -> None:
        """Work through the events that functions were not done with."""
        self._lifecycle.resume()
        self._asynchronous.resume()

    def close(self) -> None:
        """End the workers and the threads."""
        self._urls.close()
        self._pool.close()
        self._asynchronous.close()
