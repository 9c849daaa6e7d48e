"""All functions by name, safe for many threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from local.errors import AwsError
from local.functions.function import LATEST, Entry, Function
from local.services import Services
from local.state import Table

Result = TypeVar("Result")


class Book:
    """Finds functions by name, partial ARN or ARN, with or without a qualifier."""

    def __init__(self, services: Services) -> None:
        self._prefix = f"arn:aws:lambda:{services.region}:{services.account}:function:"
        self._account = services.account
        self._entries: Table[Entry] = services.state.table("functions.entries")
        self._lock = threading.Lock()

    def arn(self, name: str) -> str:
        """The unqualified ARN of a name."""
        return self._prefix + name

    def add(self, entry: Entry) -> None:
        """Add a function. Raises AwsError `ResourceConflictException` when its name is taken."""
        with self._lock:
            if entry.latest.name in self._entries:
                message = f"Function already exist: {entry.latest.name}"
                raise AwsError("ResourceConflictException", message, status=409)
            self._entries[entry.latest.name] = entry

    def remove(self, name: str) -> None:
        """Remove a function with its versions. Raises AwsError `ResourceNotFoundException`."""
        with self._lock:
            self._get(self.parsed(name)[0])
            del self._entries[self.parsed(name)[0]]

    def use(self, name: str, user: Callable[[Entry], Result]) -> Result:
        """What `user` reads in an entry. Raises AwsError `ResourceNotFoundException`."""
        with self._lock:
            return user(self._get(self.parsed(name)[0]))

    def change(self, name: str, user: Callable[[Entry], Result]) -> Result:
        """What `user` makes of an entry, which it changes. Raises AwsError `ResourceNotFoundException`."""
        with self._lock:
            short = self.parsed(name)[0]
            entry = self._get(short).copied()
            result = user(entry)
            self._entries[short] = entry
            return result

    def find(self, name: str, qualifier: str | None = None) -> Function:
        """One version of a function, be it by an alias. Raises AwsError `ResourceNotFoundException`."""
        short, inside = self.parsed(name)
        version = qualifier or inside or LATEST
        with self._lock:
            entry = self._get(short)
            wanted = entry.aliases[version].chosen() if version in entry.aliases else version
            for function in entry.functions():
                if function.version == wanted:
                    return function
        raise self._not_found(f"{short}:{version}")

    def listed(self) -> list[Entry]:
        """Every entry in the order of names."""
        with self._lock:
            return [entry for _, entry in sorted(self._entries.items())]

    def parsed(self, name: str) -> tuple[str, str | None]:
        """Name and qualifier of any form that `FunctionName` takes."""
        short = name.removeprefix(self._prefix).removeprefix(f"{self._account}:function:").removeprefix("function:")
        short, _, qualifier = short.partition(":")
        return short, qualifier or None

    def _get(self, name: str) -> Entry:
        if name not in self._entries:
            raise self._not_found(name)
        return self._entries[name]

    def _not_found(self, name: str) -> AwsError:
        return AwsError("ResourceNotFoundException", f"Function not found: {self._prefix}{name}", status=404)
