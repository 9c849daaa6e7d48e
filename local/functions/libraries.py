"""The libraries that AWS's Python runtime brings along, and no other: a function that needs more must package it."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_BROUGHT_ALONG: Final = "boto3"
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def link_libraries(folder: Path) -> None:
    """Fill `folder` with links to the SDK and what it depends on ("Runtime-included SDK versions").

    Installed beside this program, they are seen by a function; the rest of this environment is not.
    """
    link(folder, _closure(_BROUGHT_ALONG))


def link(folder: Path, names: Iterable[str]) -> None:
    """Fill a new folder with links to distributions that are installed beside this program."""
    folder.mkdir(parents=True)
    for name in names:
        distribution = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
            (folder / top).symlink_to(Path(str(distribution.locate_file(top))))


def _closure(name: str) -> set[str]:
    found, missing = set(), {name}
    while missing:
        name = missing.pop()
        found.add(name)
        required = importlib.metadata.requires(name) or []
        missing |= {match[0] for text in required if "extra ==" not in text and (match := _NAME.match(text))} - found
    return found
