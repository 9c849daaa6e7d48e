"""The compiled form of a model's pipeline, and the lock that keeps it beside the author's files."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.compiling import canonical

DEFINITION = "definition.json"
SOURCES = "sources.sha256"
"""The fingerprint of what a lock was made of."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A definition with placeholders for a stage's values, and the files that its jobs read."""

    definition: Mapping[str, Any]
    assets: Mapping[str, bytes]
    """``assets/<hash>/<name>`` → content: the keys they have below the artifact bucket."""
    sources: str = ""
    """The fingerprint of what it was made of, where that is known."""
    warnings: tuple[str, ...] = ()
    """What its author should know; no part of the lock."""

    def files(self) -> dict[str, bytes]:
        """Every file of the lock by its relative path."""
        made_of = {SOURCES: f"{self.sources}\n".encode()} if self.sources else {}
        return {DEFINITION: canonical.text(self.definition).encode(), **made_of, **self.assets}


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One file in which a lock is not what compiling gives."""

    path: str
    """Relative to the lock."""
    state: str
    """``stale``, ``missing`` or ``left over``."""

    def __str__(self) -> str:
        return f"{self.path} is {self.state}"


def write(bundle: Bundle, lock: Path) -> None:
    """Make the folder ``lock`` hold exactly ``bundle``; whoever reads it sees the old one, none or the new one.

    One writer at a time.
    """
    with tempfile.TemporaryDirectory(dir=lock.parent, prefix=".lock-") as folder:
        fresh, old = Path(folder) / "fresh", Path(folder) / "old"
        for name, data in bundle.files().items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if lock.exists():
            lock.rename(old)
        fresh.rename(lock)


def differences(bundle: Bundle, lock: Path) -> list[Difference]:
    """The files in which the folder ``lock`` is not ``bundle``, by path."""
    wanted, found = bundle.files(), contents(lock)
    states = {
        **{name: "left over" for name in found.keys() - wanted.keys()},
        **{name: "missing" for name in wanted.keys() - found.keys()},
        **{name: "stale" for name in wanted.keys() & found.keys() if wanted[name] != found[name]},
    }
    return [Difference(path=path, state=states[path]) for path in sorted(states)]


def contents(lock: Path) -> dict[str, bytes]:
    """Every file of the folder ``lock`` by its relative path."""
    return {path.relative_to(lock).as_posix(): path.read_bytes() for path in lock.rglob("*") if path.is_file()}
