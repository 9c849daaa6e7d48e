"""What the jobs that judge large windows run: the room ``monitor`` in one archive, and its libraries by version."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

from infra import libraries
from infra.bundle import Asset
from infra.packing import pack

_CHECKOUT = Path(__file__).parents[1]


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
    """The room with its path."""
    buffer = io.BytesIO()
    files = (path for path in (checkout / "monitor").rglob("*") if path.is_file() and path.suffix != ".pyc")
    pack(buffer, files, below=checkout)
    return buffer.getvalue()
