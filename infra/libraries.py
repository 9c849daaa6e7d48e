"""What the monitor's function needs beside AWS's runtime, as a layer that uv builds for Lambda's platform, no Docker.

``python -m infra.libraries`` builds the archive unless it stands already, and prints its path. The CDK's command line
and `sluice deploy` run that when they publish a stage, so that no synthesis waits for it.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import uv

from infra.errors import LibrariesError
from infra.packing import pack

PYTHON: Final = "3.14"
PLATFORM: Final = "aarch64-manylinux_2_28"
"""Lambda's runtime python3.14 on Graviton: Amazon Linux 2023, glibc 2.34 (Developer Guide, "Lambda runtimes")."""
LARGEST_BYTES: Final = 230_000_000
"""A function with its layers holds 250 MB unpacked (Lambda Developer Guide, "Lambda quotas"); the rest is its own."""

COMMAND: Final = (".venv/bin/python", "-m", "infra.libraries")
"""What builds the archive, run in the checkout as the CDK's own `app` is."""

_CHECKOUT: Final = Path(__file__).parents[1]
_NEVER_IMPORTED: Final = (
    "bin",
    "**/tests",
    "**/*.pyi",
    "**/*.px[di]",
    "**/*.pyx",
    "numpy/f2py",
    "numpy/typing",
    "pyarrow/include",
    "pyarrow/includes",
    "pyarrow/src",
    "pyarrow/*flight*",
    "pyarrow/_substrait*",
    "pyarrow/_pyarrow_cpp_tests*",
    # The loader asks for a library by its major version; these are copies of it under other names.
    "pyarrow/libarrow*.so",
    "pyarrow/libarrow*.so.*.*.*",
    # Has the hashes of scripts, which name the interpreter of the machine that builds: no two would build the same.
    "*.dist-info/RECORD",
)
"""Headers, tests, and parts of Arrow that the analyzer has no use for, by what they are called in the wheels."""


def requirements(*, checkout: Path = _CHECKOUT) -> str:
    """The analyzer's libraries as pip takes them, each with its version and the hashes of its files, from `uv.lock`."""
    return _uv("export", "--frozen", "--only-group", "analysis", "--no-header", cwd=checkout)


def archive(*, python: str = PYTHON, platform: str = PLATFORM, checkout: Path = _CHECKOUT) -> Path:
    """The layer as a .zip, the same bytes for the same versions; made where it does not stand yet, in some 20 s.

    Raises LibrariesError with uv's words, and for libraries that have outgrown a function.
    """
    named = digest(python=python, platform=platform, checkout=checkout)
    made = checkout / ".cache" / "libraries" / f"{named}.zip"
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=made.parent) as scratch:
            folder = Path(scratch, "python")
            install(folder, requirements(checkout=checkout), python=python, platform=platform)
            files = [found for found in folder.rglob("*") if found.is_file()]
            pack(Path(scratch, made.name), files, below=Path(scratch))
            Path(scratch, made.name).replace(made)
    return made


def install(folder: Path, wanted: str, *, python: str, platform: str) -> None:
    """Unpack the wheels of a platform into ``folder`` and take out what is never imported.

    Nothing is built or run, so that any machine can do it for any other. Raises LibrariesError.
    """
    folder.mkdir(parents=True)
    listed = folder.with_name("requirements.txt")
    listed.write_text(wanted, encoding="utf-8")
    target = ["--target", str(folder), "--python-platform", platform, "--python-version", python]
    _uv("pip", "install", *target, "--only-binary", ":all:", "--require-hashes", "-r", str(listed), cwd=folder)
    for pattern in _NEVER_IMPORTED:
        for path in [found for found in folder.glob(pattern) if found.exists()]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if size > LARGEST_BYTES:
        raise LibrariesError(
            f"The analyzer's libraries take {size / 1e6:.0f} MB unpacked, and a function may hold "
            f"{LARGEST_BYTES / 1e6:.0f}: take out more of them in {Path(__file__).name}."
        )


def digest(*, python: str = PYTHON, platform: str = PLATFORM, checkout: Path = _CHECKOUT) -> str:
    """What makes one archive another: versions, platform, and what is taken out. A SHA-256 in hex."""
    parts = [requirements(checkout=checkout), python, platform, *_NEVER_IMPORTED]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _uv(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [uv.find_uv_bin(), *arguments, "--quiet"], cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise LibrariesError(f"The analyzer's libraries cannot be had: {done.stderr.strip()}")
    return done.stdout


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the archive and print its path; 1 when that is not possible."""
    parser = argparse.ArgumentParser(prog="python -m infra.libraries", description="Build the layer of the monitor.")
    parser.add_argument("--python", default=PYTHON)
    parser.add_argument("--platform", default=PLATFORM)
    options = parser.parse_args(arguments)
    try:
        print(archive(python=options.python, platform=options.platform))  # noqa: T201 - the CDK reads it
    except LibrariesError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
