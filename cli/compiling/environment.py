"""The environment with the SageMaker SDK: 0.7 GB of its own, made when a pipeline is compiled for the first time."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from uv import find_uv_bin

from cli import children
from cli.compiling.errors import CompileEnvironmentError

GROUP = "compile"


def location(root: Path) -> Path:
    """The folder of the environment in the checkout ``root``, whether it exists or not."""
    return root / ".cache" / "compile"


def interpreter(root: Path, *, progress: Callable[[str], None]) -> Path:
    """The Python that has the SDK as ``uv.lock`` pins it; made or brought up to date, which is told to ``progress``."""
    folder = location(root)
    python = folder / "bin" / "python"
    if not python.exists():
        progress("Making the compile environment with the SageMaker SDK: 0.7 GB, once")
    command = [find_uv_bin(), "sync", "--frozen", "--only-group", GROUP, "--no-install-project", "--quiet"]
    made = children.run(
        [*command, "--python", sys.executable],
        cwd=root,
        env={**os.environ, "UV_PROJECT_ENVIRONMENT": str(folder)},
    )
    if made.returncode:
        reason = " ".join(made.stderr.split()) or f"uv ended with {made.returncode}"
        raise CompileEnvironmentError(
            f"{folder}: the compile environment cannot be made ({reason}); check the network, then compile again."
        )
    return python
