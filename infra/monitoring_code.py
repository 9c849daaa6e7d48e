"""What the jobs that judge large windows run: the room ``monitor`` in one archive, and its libraries by version."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

from infra import libraries
from infra.bundle import Asset

_CHECKOUT = Path(__file__).parents[1]
_EPOCH = (1980, 1, 1, 0, 0, 0)


def code(*, checkout: Path = _CHECKOUT) -> list[Asset]:
    """The files of a job, under one prefix of the artifact bucket: ``monitor.zip``, ``requirements.txt``, ``start.py``.

    Their key has their hash, so that a job that runs keeps its own.
    """
    files = {
        "monitor.zip": _archive(checkout),
        "requirements.txt": libraries.requirements(checkout=checkout).encode(),
        "start.py": (checkout / "monitor" / "running" / "start.py").read_bytes(),
    }
    digest = hashlib.sha256(b"".join(hashlib.sha256(content).digest() for content in files.values())).hexdigest()
    return [Asset(key=f"assets/{digest[:16]}/{name}", content=content) for name, content in files.items()]


def _archive(checkout: Path) -> bytes:
    """The room with its path, the same bytes each time."""
    buffer = io.BytesIO()
    files = sorted(
        path
        for path in (checkout / "monitor").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    )
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(checkout).as_posix(), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()
