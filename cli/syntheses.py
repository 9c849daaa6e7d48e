"""Assemblies that have been made of the same sources before: of files of the checkout, and what is installed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

_ROOMS = ("env", "infra", "lambdas", "monitor", "pipelines")
"""What a synthesis reads: `infra`, what that may import, and what it packs into functions."""
_UNREAD = frozenset({"__pycache__", "tests"})
_SETTINGS = ("CDK_CONTEXT_JSON", "JSII_NODE")
_KEPT = 12


class Syntheses:
    """Keeps the assemblies made last, below `.cache/syntheses` of a checkout.

    `packages` is where libraries are installed, Node among them: a lock may be newer than what was installed of it.
    """

    def __init__(self, root: Path, *, packages: Path | None = None) -> None:
        self._root, self._folder = root, root / ".cache" / "syntheses"
        self._packages = packages or Path(sysconfig.get_path("purelib"))

    def restore(self, stage: str, output: Path) -> str | None:
        """Copy to a new folder what was made of these sources before; else give the name to keep it under."""
        name = self._name(stage)
        kept = self._folder / name
        try:
            os.utime(kept)  # what is used stays
            shutil.copytree(kept, output)
        except FileNotFoundError:
            return name
        except shutil.Error:  # another command has just taken it away
            shutil.rmtree(output)
            return name
        return None

    def keep(self, name: str, output: Path) -> None:
        """Keep what was just made, unless a source was edited meanwhile; forget what has not been used for longest."""
        if self._name(name.rpartition("-")[0]) != name:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=self._folder) as scratch:
            copy = shutil.copytree(output, Path(scratch) / name)
            with contextlib.suppress(OSError):  # another command has kept the same
                copy.rename(self._folder / name)
            known = [folder for folder in self._folder.iterdir() if not folder.name.startswith(".")]
            for folder in sorted(known, key=_used)[:-_KEPT]:
                # Away at once, so that nobody copies half of it.
                with contextlib.suppress(OSError):  # another command does the same
                    folder.rename(Path(scratch) / folder.name)

    def _name(self, stage: str) -> str:
        installed = sorted(path.name for path in self._packages.glob("*.dist-info"))
        told = hashlib.sha256(repr([sys.version, *map(os.environ.get, _SETTINGS), *installed]).encode())
        for file in self._sources():
            told.update(f"{file.relative_to(self._root).as_posix()}\0".encode())
            told.update(hashlib.sha256(file.read_bytes()).digest())
        return f"{stage}-{told.hexdigest()[:32]}"

    def _sources(self) -> Iterator[Path]:
        yield from (file for file in (self._root / "uv.lock", self._root / "cdk.json") if file.exists())
        for room in _ROOMS:
            for folder, names, files in os.walk(self._root / room):
                names[:] = sorted(name for name in names if name not in _UNREAD)
                yield from (Path(folder, file) for file in sorted(files))


def _used(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:  # another command has just taken it away
        return 0.0
