"""Assemblies that have been made of the same sources before: a synthesis depends on files of the checkout alone."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

_ROOMS = ("env", "infra", "lambdas", "pipelines")
"""What a synthesis reads: `infra`, and what that may import."""
_UNREAD = frozenset({"__pycache__", "tests"})
_KEPT = 12


class Syntheses:
    """Keeps the assemblies made last, below `.cache/syntheses` of a checkout."""

    def __init__(self, root: Path) -> None:
        self._root, self._folder = root, root / ".cache" / "syntheses"

    def restore(self, stage: str, output: Path) -> str | None:
        """Copy to `output` what was made of these sources before; else give the name to keep it under."""
        name = f"{stage}-{self._fingerprint()}"
        kept = self._folder / name
        try:
            os.utime(kept)  # what is used stays
            shutil.copytree(kept, output, dirs_exist_ok=True)
        except FileNotFoundError:  # there is none, or another command has just removed it
            return name
        return None

    def keep(self, name: str, output: Path) -> None:
        """Keep what was just made, and forget what has not been used for longest."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=self._folder) as scratch:
            copy = Path(scratch) / name
            shutil.copytree(output, copy)
            if not (self._folder / name).exists():
                copy.rename(self._folder / name)
        known = [folder for folder in self._folder.iterdir() if not folder.name.startswith(".")]
        for folder in sorted(known, key=lambda folder: folder.stat().st_mtime)[:-_KEPT]:
            shutil.rmtree(folder, ignore_errors=True)

    def _fingerprint(self) -> str:
        told = hashlib.sha256(f"{sys.version} {os.environ.get('CDK_CONTEXT_JSON', '')}".encode())
        for file in self._sources():
            told.update(f"{file.relative_to(self._root).as_posix()}\0".encode())
            told.update(hashlib.sha256(file.read_bytes()).digest())
        return told.hexdigest()[:32]

    def _sources(self) -> Iterator[Path]:
        yield from (file for file in (self._root / "uv.lock", self._root / "cdk.json") if file.exists())
        for room in _ROOMS:
            for folder, names, files in os.walk(self._root / room):
                names[:] = sorted(name for name in names if name not in _UNREAD)
                yield from (Path(folder, file) for file in sorted(files))
