"""The online store: of each record the one with the latest event time, until its life ends."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from local.sagemaker.features.schema import Value
from local.services import Services

_BETWEEN: Final = "\n"


@dataclass(frozen=True)
class Kept:
    """A record, or the mark of one that was deleted softly."""

    values: dict[str, Value]
    at: datetime
    expires: datetime | None = None
    deleted: bool = False


Change = Callable[[Kept | None], Kept | None]
"""Looks at what is kept and gives what shall be, None to keep things as they are; may refuse with an AwsError."""


class OnlineStore:
    """Records by group and identifier; kept in the table `featurestore.online`. Safe for threads."""

    def __init__(self, services: Services) -> None:
        self._clock = services.clock
        self._table = services.state.table("featurestore.online")
        self._groups: dict[str, dict[str, Kept]] = defaultdict(dict)
        self._lock = threading.Lock()
        for key, kept in self._table.items():
            arn, _, identifier = key.partition(_BETWEEN)
            self._groups[arn][identifier] = kept

    def get(self, arn: str, identifier: str) -> Kept | None:
        """What is kept of a record, also the mark of a deleted one; None when there is nothing or its life is over."""
        with self._lock:
            return self._living(arn, identifier)

    def edit(self, arn: str, identifier: str, change: Change) -> None:
        """Replace a record as `change` says, with nobody in between."""
        with self._lock:
            kept = change(self._living(arn, identifier))
            if kept is not None:
                self._table[f"{arn}{_BETWEEN}{identifier}"] = kept
                self._groups[arn][identifier] = kept

    def drop(self, arn: str, identifier: str) -> None:
        """Forget a record, and that there was one."""
        with self._lock:
            self._forget(arn, identifier)

    def identifiers(self, arn: str, *, deleted: bool) -> list[str]:
        """The identifiers of a group's records; with `deleted` also of those deleted softly."""
        with self._lock:
            living = {name: self._living(arn, name) for name in sorted(self._groups[arn])}
        return [name for name, kept in living.items() if kept is not None and (deleted or not kept.deleted)]

    def size_bytes(self, arn: str) -> int:
        """What a group's records hold, in bytes of text."""
        with self._lock:
            texts = (str(value) for kept in self._groups[arn].values() for value in kept.values.values())
            return sum(len(text.encode()) for text in texts)

    def clear(self, arn: str) -> None:
        """Forget a group's records."""
        with self._lock:
            for identifier in list(self._groups[arn]):
                self._forget(arn, identifier)
            del self._groups[arn]

    def _living(self, arn: str, identifier: str) -> Kept | None:
        kept = self._groups[arn].get(identifier)
        if kept is not None and kept.expires is not None and kept.expires <= self._clock.now():
            self._forget(arn, identifier)
            return None
        return kept

    def _forget(self, arn: str, identifier: str) -> None:
        if identifier in self._groups[arn]:
            del self._table[f"{arn}{_BETWEEN}{identifier}"]
            del self._groups[arn][identifier]
