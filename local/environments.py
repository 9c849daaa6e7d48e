"""Environments of their own for programs whose libraries are nobody else's, made when they are first needed."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import uv

from local.errors import LocalError

_CHECKOUT: Final = Path(__file__).resolve().parents[1]


def interpreter(group: str) -> Path:
    """The Python that has a dependency group as `uv.lock` pins it, under `.cache/<group>`; made the first time.

    Raises LocalError when uv cannot make it.
    """
    return make(_CHECKOUT / ".cache" / group, group=group, checkout=_CHECKOUT, python=sys.executable)


def make(folder: Path, *, group: str, checkout: Path, python: str = "") -> Path:
    """The Python of an environment with a dependency group of a checkout, as its `uv.lock` pins it, made if need be.

    Several processes may ask for one: a lock file lets the first make it. Without `python` the project's own choice
    counts. Raises LocalError with uv's words.
    """
    command = [uv.find_uv_bin(), "sync", "--frozen", "--only-group", group, "--no-install-project", "--quiet"]
    env = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(folder), **({"UV_PYTHON": python} if python else {})}
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        done = subprocess.run(command, env=env, cwd=checkout, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LocalError(f"the environment {folder} cannot be made: {done.stderr.strip()}")
    return folder / "bin" / "python"
