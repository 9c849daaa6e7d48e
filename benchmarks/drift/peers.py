"""The libraries that compare two tables for drift, each in an environment of its own under .cache, pinned."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uv

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "programs"
_BUILDERS_PYTHON = "3.11"
"""The newest Python that all of them run on."""


@dataclass(frozen=True)
class Peer:
    """A library, the pins it needs to run at all today, and its program."""

    name: str
    packages: tuple[str, ...]
    program: str

    def command(self) -> list[str]:
        """What compares two files with it; the environment is made the first time. Raises PeerError."""
        return [str(_python(self)), "-W", "ignore", str(PROGRAMS / self.program)]


class PeerError(Exception):
    """A library cannot be installed, or does not run."""


EVIDENTLY = Peer("Evidently", ("evidently==0.7.23", "pandas==2.3.3", "pyarrow==26.0.1"), "evidently_drift.py")
OTHERS = (
    Peer(
        "Great Expectations",
        ("great-expectations==1.24.1", "pandas==3.1.1", "pyarrow==26.0.1"),
        "great_expectations_drift.py",
    ),
    Peer(
        "deepchecks",
        (
            "deepchecks==0.19.1",
            "pandas==2.3.3",
            "numpy==1.26.4",
            "scikit-learn==1.5.2",
            "category-encoders<2.7",
            "setuptools<80",
            "pyarrow==19.0.1",
        ),
        "deepchecks_drift.py",
    ),
    Peer("alibi-detect", ("alibi-detect==0.13.0", "pandas==2.3.3", "pyarrow==19.0.1"), "alibi_detect_drift.py"),
    Peer("whylogs", ("whylogs[viz]==1.6.4", "numpy==1.26.4", "pandas==2.3.3", "pyarrow==19.0.1"), "whylogs_drift.py"),
    Peer("NannyML", ("nannyml==0.13.1", "statsmodels==0.15.0", "pandas==2.3.3", "pyarrow==26.0.1"), "nannyml_drift.py"),
)


def _python(peer: Peer) -> Path:
    key = hashlib.sha256(" ".join((_BUILDERS_PYTHON, *peer.packages)).encode()).hexdigest()[:12]
    folder = ROOT / ".cache" / "benchmarks" / f"drift-{peer.name.lower().replace(' ', '-')}-{key}"
    python, made = folder / "bin" / "python", folder / "made"
    if not made.exists():
        sys.stderr.write(f"making an environment for {peer.name} (once)\n")
        _uv("venv", "-q", "--clear", "--python", _BUILDERS_PYTHON, str(folder))
        _uv("pip", "install", "-q", "--compile-bytecode", "--python", str(python), *peer.packages)
        made.touch()
    return python


def _uv(*arguments: str) -> None:
    done = subprocess.run([uv.find_uv_bin(), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerError(_last_line(done.stderr))


def run(command: Sequence[str], *, patience_seconds: float) -> str:
    """What a program prints last. Raises PeerError with its last words, or when it takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=patience_seconds)
    except subprocess.TimeoutExpired as error:
        raise PeerError(f"not done after {patience_seconds:.0f} s") from error
    if done.returncode:
        raise PeerError(_last_line(done.stderr))
    return _last_line(done.stdout)


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no word")
