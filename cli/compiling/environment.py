"""The environments with the SageMaker SDK, one for each of its versions, made when a pipeline is first compiled."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cli import children
from cli.compiling.errors import CompileEnvironmentError


@dataclass(frozen=True, kw_only=True)
class Sdk:
    """A version of the SageMaker SDK."""

    version: int
    group: str
    """The dependency group of ``pyproject.toml`` that holds it; also the name of its folder."""
    gigabytes: float


SDKS = {
    3: Sdk(version=3, group="compile", gigabytes=0.7),
    2: Sdk(version=2, group="compile-v2", gigabytes=0.2),
}


def location(root: Path, *, sdk: int = 3) -> Path:
    """The folder of an environment in the checkout ``root``, whether it exists or not."""
    return root / ".cache" / SDKS[sdk].group


def interpreter(root: Path, *, progress: Callable[[str], None], sdk: int = 3) -> Path:
    """The Python that has the SDK as ``uv.lock`` pins it; made or brought up to date, which is told to ``progress``."""
    from uv import find_uv_bin

    chosen, folder = SDKS[sdk], location(root, sdk=sdk)
    python = folder / "bin" / "python"
    if not python.exists():
        progress(
            f"Making the environment with version {sdk} of the SageMaker SDK: {chosen.gigabytes} GB in "
            f"{folder.relative_to(root)}, once"
        )
    command = [find_uv_bin(), "sync", "--frozen", "--only-group", chosen.group, "--no-install-project"]
    made = children.run(
        [*command, "--python", sys.executable],
        cwd=root,
        env={**os.environ, "UV_PROJECT_ENVIRONMENT": str(folder)},
        hear=lambda line: _tell(line, progress),
    )
    if made.returncode:
        reason = " ".join(made.stderr.split()) or f"uv ended with {made.returncode}"
        raise CompileEnvironmentError(
            f"{folder}: the compile environment cannot be made ({reason}); check the network, then compile again."
        )
    return python


def _tell(line: str, progress: Callable[[str], None]) -> None:
    """Pass on what takes long; uv names each package besides."""
    if line.strip().startswith(("Downloading", "Building", "Installed", "Prepared")):
        progress(f"  {line.strip()}")
