"""Archives that are the same bytes each time, so that what has not changed is not published again."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Final

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a .zip can tell."""


def pack(to: Path | IO[bytes], files: Iterable[Path], *, below: Path) -> None:
    """Write a .zip of files, each with its path below a folder; everybody may read and run them."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as written:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path.relative_to(below).as_posix(), _EPOCH)
            entry.external_attr = 0o755 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            written.writestr(entry, path.read_bytes())
