"""Application Auto Scaling as a part of the local cloud."""

from __future__ import annotations

from local.autoscaling.book import Book
from local.autoscaling.operations import Operations
from local.autoscaling.scaler import Scaler
from local.front import Family
from local.services import Services


class AutoScaling:
    """Scales the variants of endpoints by their invocations per instance, and nothing else."""

    def __init__(self, services: Services) -> None:
        self._book = book = Book(services.state.table("autoscaling.targets"))
        self._scaler = Scaler(services, book)
        self._operations = Operations(services, book, self._scaler)

    def families(self) -> list[Family]:
        """Application Auto Scaling."""
        return [Family("application-autoscaling", self._operations.handlers())]

    def resting(self, timeout_seconds: float) -> bool:
        """Wait until only the clock can wake it. False when time is up."""
        return self._scaler.resting(timeout_seconds)

    def resume(self) -> None:
        """Look every minute, if anything is to be scaled."""
        if self._book.all():
            self._scaler.start()

    def close(self) -> None:
        """Scale no more."""
        self._scaler.close()
