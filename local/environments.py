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

    Several processes may ask for one: a lock file lets the first make it. Raises LocalError when uv cannot make it.
    """
    folder = _CHECKOUT / ".cache" / group
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        command = [uv.find_uv_bin(), "sync", "--frozen", "--only-group", group, "--no-install-project", "--quiet"]
        env = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(folder)}
        done = subprocess.run(
            [*command, "--python", sys.executable], env=env, cwd=_CHECKOUT, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise LocalError(f"the environment {folder} cannot be made: {done.stderr.strip()}")
    return folder / "bin" / "python"
