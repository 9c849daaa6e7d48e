"""The file system of a container: a folder that the program inside sees as /opt/ml."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

ML = "/opt/ml"
_TEXT_BYTES = 2**20
"""A program may leave any amount of text, none of which AWS keeps more of than a thousandth of this."""


@dataclass(frozen=True)
class Program:
    """What to start in a container: paths are those of the inside.

    Without `network` it reaches nobody, where the system can do that.
    """

    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = ML
    network: bool = True


@dataclass(frozen=True)
class Container:
    """Folders of one container, below `root`.

    `ml` is /opt/ml, `home` and `tmp` are the program's own, `site` holds the libraries that it installs.
    """

    root: Path

    def __post_init__(self) -> None:
        for folder in (self.ml, self.home, self.tmp, self.site):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def ml(self) -> Path:
        """What the program sees as /opt/ml."""
        return self.root / "ml"

    @property
    def home(self) -> Path:
        """The program's home folder."""
        return self.root / "home"

    @property
    def tmp(self) -> Path:
        """The program's temporary folder."""
        return self.root / "tmp"

    @property
    def site(self) -> Path:
        """The libraries that the program installs, which its image does not have."""
        return self.root / "site"

    def outside(self, path: str) -> Path:
        """Where a path of the inside lies on this machine. Raises ValueError outside of /opt/ml."""
        parts = PurePosixPath(path).relative_to(ML).parts
        if ".." in parts:
            raise ValueError(f"{path!r} leaves {ML}")
        return self.ml.joinpath(*parts)

    def make(self, path: str) -> Path:
        """A folder of the inside, made."""
        folder = self.outside(path)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def write_json(self, path: str, content: Any) -> None:
        """Write a configuration file of the inside."""
        file = self.outside(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content, default=str), encoding="utf-8")

    def discard(self) -> None:
        """Delete its folders; the program has ended."""
        shutil.rmtree(self.root, ignore_errors=True)

    def read_text(self, path: str) -> str | None:
        """The text of a file of the inside, its first megabyte at most; None when there is no such file."""
        file = self.outside(path)
        if not file.is_file():
            return None
        with file.open("rb") as source:
            return source.read(_TEXT_BYTES).decode("utf-8", errors="replace")
