"""The files that a pipeline's jobs read, keyed by their content, so that the same files give the same definition."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cli.compiling.sources import BESIDE
from cli.compiling.stand_ins import BUCKET

HASH_LENGTH = 16

# Where a job writes: uploads under the same prefix are no part of it.
_OUTPUTS = {
    *("S3Output", "OutputDataConfig", "TransformOutput", "CheckpointConfig"),
    *("DebugHookConfig", "ProfilerConfig", "TensorBoardOutputConfig"),
}
_URI = re.compile(r"s3://(?P<path>[^\s\"']+)")
_LEFT_BEHIND = re.compile(r"(^|/)(__pycache__|\.DS_Store|\.ipynb_checkpoints)(/|$)|\.py[co]$")


def bring_home(definition: Any, uploads: Path) -> tuple[Any, dict[str, bytes]]:
    """The definition with every uploaded file under ``assets/<hash>/``, and those files.

    ``uploads`` holds ``<bucket>/<key>``. A file keeps its name, a folder its relative paths; what no step reads stays
    behind, and so do Python's bytecode and, where the model's whole folder is uploaded, its lock, tests and documents.
    Archives (.tar.gz) are repacked without times and owners.
    """
    kept = _Kept(_files(uploads))
    return kept.rekey(definition), kept.assets


def _files(uploads: Path) -> dict[str, bytes]:
    found = {path.relative_to(uploads).as_posix(): path for path in sorted(uploads.rglob("*")) if path.is_file()}
    behind = _left_behind(found)
    return {name: _normal(path) for name, path in found.items() if name not in behind}


def _left_behind(names: Iterable[str]) -> set[str]:
    """Those of ``names`` that are no part of what runs; a lock that held itself would be another one each time."""
    models = [name.removesuffix("pipeline.py") for name in names if name.split("/")[-1] == "pipeline.py"]
    beside = {n for n in names for model in models if n.startswith(model) and BESIDE.match(n.removeprefix(model))}
    return beside | {name for name in names if _LEFT_BEHIND.search(name)}


class _Kept:
    """The uploads that a definition refers to, under their new keys."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self.assets: dict[str, bytes] = {}

    def rekey(self, value: Any, *, within_join: bool = False) -> Any:
        """A copy of the JSON ``value`` that refers to the new keys.

        A text within a join is the beginning of a longer one, so there a file is meant but never a folder.
        """
        if isinstance(value, dict):
            return {
                key: member if key in _OUTPUTS else self.rekey(member, within_join=within_join or key == "Std:Join")
                for key, member in value.items()
            }
        if isinstance(value, list):
            return [self.rekey(member, within_join=within_join) for member in value]
        if not isinstance(value, str):
            return value
        return _URI.sub(lambda match: self._new_uri(match["path"].rstrip("/"), within_join) or match[0], value)

    def _new_uri(self, path: str, within_join: bool) -> str | None:
        if path in self._files:
            new = f"assets/{_digest(self._files[path])[:HASH_LENGTH]}/{Path(path).name}"
            self.assets[new] = self._files[path]
            return f"s3://{BUCKET}/{new}"
        members = {
            name.removeprefix(f"{path}/"): data for name, data in self._files.items() if name.startswith(f"{path}/")
        }
        if not members or within_join or "/" not in path:
            return None
        new = f"assets/{_folder_digest(members)[:HASH_LENGTH]}"
        self.assets.update({f"{new}/{name}": data for name, data in members.items()})
        return f"s3://{BUCKET}/{new}"


def _folder_digest(files: Mapping[str, bytes]) -> str:
    return _digest("".join(f"{name}\0{_digest(data)}\n" for name, data in sorted(files.items())).encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _normal(path: Path) -> bytes:
    data = path.read_bytes()
    return _repacked(data) if path.name.endswith(".tar.gz") else data


def _repacked(data: bytes) -> bytes:
    """The archive ``data`` with its members in order of name, without times, owners, or modes beyond executable."""
    target = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(data)) as source,
        gzip.GzipFile(fileobj=target, mode="wb", mtime=0, filename="") as zipped,
        tarfile.open(fileobj=zipped, mode="w") as archive,
    ):
        members = {member.name: member for member in source.getmembers()}
        for name in sorted(members.keys() - _left_behind(members)):
            member = members[name]
            content = source.extractfile(member)
            plain = tarfile.TarInfo(name)
            plain.type, plain.size, plain.linkname = member.type, member.size, member.linkname
            plain.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            archive.addfile(plain, content)
    return target.getvalue()
