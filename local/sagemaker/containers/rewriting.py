"""Replaces a path in staged files and in archives among them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from local.sagemaker.archives import pack, unpack
from local.sagemaker.errors import ArchiveError

_TEXT = frozenset({"", ".py", ".sh", ".json", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".txt", ".env"})
_MAX_BYTES = 2**20


def rewrite_files(folder: Path, *, old: str, new: str) -> bool:
    """Replace `old` by `new` in every text file below a folder, also inside `.tar.gz` archives; says if any had it.

    What does not name it stays as it is, byte by byte: programs reckon with hashes of what they are given.
    """
    found = False
    for file in list(folder.rglob("*")):
        if file.is_symlink() or not file.is_file():
            continue
        if file.name.endswith((".tar.gz", ".tgz")):
            found |= _rewrite_archive(file, old=old, new=new)
        elif file.suffix in _TEXT and file.stat().st_size <= _MAX_BYTES:
            found |= _rewrite_text(file, old=old, new=new)
    return found


def _rewrite_text(file: Path, *, old: str, new: str) -> bool:
    content = file.read_bytes()
    if old.encode() not in content or b"\0" in content:
        return False
    file.write_bytes(content.replace(old.encode(), new.encode()))
    return True


def _rewrite_archive(archive: Path, *, old: str, new: str) -> bool:
    with tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
        content = Path(scratch) / "content"
        try:
            unpack(archive, content)
        except ArchiveError:
            return False  # whoever reads it will say so
        changed = rewrite_files(content, old=old, new=new)
        if changed:
            made = Path(scratch) / "made.tar.gz"
            pack(content, made)
            made.replace(archive)
    return changed
