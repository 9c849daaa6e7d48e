"""The files that go along with a model's own: what its jobs import, and what its endpoint imports."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from sagemaker.core.training.configs import SourceCode

SHARED = Path(__file__).parents[1]
"""The folder ``pipelines`` of the checkout."""


@cache
def library() -> str:
    """A folder that holds ``pipelines/evidence``: on the PYTHONPATH of a job, its import root is the checkout's."""
    return str(_with("evidence", "library"))


def serving_code(*files: str) -> str:
    """A folder with these files of the model and ``pipelines/serving``: what becomes ``code/`` of its archive."""
    folder = _with("serving", "serving")
    for file in files:
        shutil.copy(file, folder)
    return str(folder)


def step_code(entry_script: str, *, folder: str = "steps") -> SourceCode:
    """One step's program and nothing of the other steps, so that a change of theirs is no change of this one."""
    others = [path.name for path in sorted(Path(folder).glob("*.py")) if path.name != entry_script]
    return SourceCode(source_dir=folder, entry_script=entry_script, ignore_patterns=["__pycache__", *others])


@cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    """Lives as long as the process: the SDK uploads folders when it writes the definition, after all steps are made."""
    return tempfile.TemporaryDirectory()


def _with(package: str, name: str) -> Path:
    folder = Path(tempfile.mkdtemp(dir=_scratch().name)) / name
    source = SHARED / package
    shutil.copytree(source, folder / "pipelines" / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder
