"""How large the monitor's function is, and how long its libraries take to import when nothing of them is in memory."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from infra import libraries

_ROOT = Path(__file__).parents[2]
_IMPORT = """
import sys, time
sys.path[:0] = sys.argv[1:]
begun = time.perf_counter()
import numpy, orjson, pyarrow, pyarrow.csv, pyarrow.parquet
print(time.perf_counter() - begun)
"""


def unpacked_megabytes() -> float:
    """The function with its layer, for Lambda's platform, in MB."""
    entries = zipfile.ZipFile(libraries.archive()).infolist()
    code = [path for room in ("lambdas", "monitor") for path in (_ROOT / room).rglob("*.py")]
    return (sum(entry.file_size for entry in entries) + sum(path.stat().st_size for path in code)) / 1e6


def cold_import_seconds(*, rounds: int = 5) -> float:
    """Median seconds of importing the same libraries, for this machine, with their files out of its memory."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    archive = libraries.archive(python=here, platform=f"{platform.machine()}-manylinux_2_28")
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(archive).extractall(folder)
        return statistics.median(_import(Path(folder, "python")) for _ in range(rounds))


def _import(folder: Path) -> float:
    _forget(folder)
    command = [sys.executable, "-I", "-S", "-c", _IMPORT, str(folder)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _forget(folder: Path) -> None:
    """Have the kernel drop what it keeps of the files; a process that is about to import them reads the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
