"""Gzipped tar archives, as SageMaker packs models, outputs and code."""

from __future__ import annotations

import gzip
import lzma
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from local.sagemaker.errors import ArchiveError

_LEVEL = 6  # of gzip: 9 takes three times as long, for a hundredth


def pack(folder: Path, archive: Path) -> None:
    """Write the content of a folder as a gzipped tar, named relative to it.

    The same content gives the same bytes: neither times nor owners are kept.
    """
    with (
        archive.open("wb") as file,
        gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for entry in sorted(folder.iterdir()):
            tar.add(entry, arcname=entry.name, filter=_nobodys)


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.mtime = member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def unpack(archive: Path, folder: Path) -> None:
    """Extract a gzipped tar into a folder. Raises ArchiveError when it is not one, or reaches out of the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r:*") as tar:
            if hasattr(tarfile, "data_filter"):
                tar.extractall(folder, filter="data")
            else:  # Python before 3.11.4 has no filter: only what stays inside is extracted
                tar.extractall(folder, members=[member for member in tar if _inside(member)])
    except (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError) as error:
        why = str(error).partition("\n")[0].rstrip(":")
        raise ArchiveError(f"{archive.name} is not a readable tar.gz archive: {why}") from error


def _inside(member: tarfile.TarInfo) -> bool:
    path = PurePosixPath(member.name)
    return (member.isfile() or member.isdir()) and not path.is_absolute() and ".." not in path.parts
