"""Replaces a path in staged files and in archives among them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from local.sagemaker.archives import pack, unpack

_TEXT = frozenset({"", ".py", ".sh", ".json", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".txt", ".env"})
_MAX_BYTES = 2**20


def rewrite_files(folder: Path, *, old: str, new: str) -> None:
    """Replace `old` by `new` in every text file below a folder, also inside `.tar.gz` archives."""
    for file in list(folder.rglob("*")):
        if file.is_symlink() or not file.is_file():
            continue
        if file.name.endswith((".tar.gz", ".tgz")):
            _rewrite_archive(file, old=old, new=new)
        elif file.suffix in _TEXT and file.stat().st_size <= _MAX_BYTES:
            _rewrite_text(file, old=old, new=new)


def _rewrite_text(file: Path, *, old: str, new: str) -> None:
    content = file.read_bytes()
    if old.encode() in content and b"\0" not in content:
        file.write_bytes(content.replace(old.encode(), new.encode()))


def _rewrite_archive(archive: Path, *, old: str, new: str) -> None:
    with tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
        content = Path(scratch) / "content"
        unpack(archive, content)
        rewrite_files(content, old=old, new=new)
        made = Path(scratch) / "made.tar.gz"
        pack(content, made)
        made.replace(archive)
