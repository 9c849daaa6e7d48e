"""Bayesian search by Optuna, in an environment and a process of its own."""

from __future__ import annotations

import functools
import json
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from local.environments import interpreter
from local.errors import LocalError
from local.sagemaker.tuning.ranges import Choice
from local.sagemaker.tuning.search import Point, Question
from local.services import Services

_PROGRAM: Final = Path(__file__).with_name("optuna_program.py")
_GROUP: Final = "tuning"
_TOLD_CHARACTERS: Final = 500


class Bayesian:
    """A strategy. The first question of all makes the environment, which takes some seconds."""

    def __init__(self, services: Services, *, interpreter: Callable[[], Path] | None = None) -> None:
        self._services, self._interpreter = services, interpreter or _interpreter

    def __call__(self, question: Question) -> Point:
        """The point that Optuna suggests. Raises LocalError when it cannot."""
        places = self._ask(self._interpreter(), asked(question))
        return question.space.point(places)

    def _ask(self, python: Path, question: dict[str, Any]) -> dict[str, float]:
        folder = self._services.workdir / "sagemaker" / "tuning" / uuid.uuid4().hex
        folder.mkdir(parents=True)
        (folder / "question.json").write_text(json.dumps(question), encoding="utf-8")
        with (folder / "log.txt").open("wb") as log:
            command = [str(python), "-I", str(_PROGRAM), str(folder)]
            child = self._services.processes.start(command, env={"PATH": os.defpath}, cwd=folder, output=log)
        code = child.wait()
        self._services.processes.forget(child)
        answer = folder / "answer.json"
        if code or not answer.exists():
            said = (folder / "log.txt").read_text(encoding="utf-8", errors="replace")[-_TOLD_CHARACTERS:]
            raise LocalError(f"the Bayesian search failed with exit code {code}: {said.strip()}")
        found: dict[str, float] = json.loads(answer.read_text(encoding="utf-8"))
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
        return found


def asked(question: Question) -> dict[str, Any]:
    """The question as the program reads it: places from 0 to 1, and how many values a categorical one has."""
    located = [(question.space.places(tried.point), tried.value) for tried in question.tried]
    return {
        "ranges": [
            {"name": each.name, "choices": len(each.values) if isinstance(each, Choice) else None}
            for each in question.space.ranges
        ],
        "maximize": question.maximize,
        "tried": [{"places": places, "value": value} for places, value in located if places is not None],
        "seed": (question.seed + question.number) % 2**32,
    }


@functools.cache
def _interpreter() -> Path:
    try:
        return interpreter(_GROUP)
    except LocalError as error:
        raise LocalError(f"the library of Bayesian tuning cannot be had; use the strategy Random: {error}") from error
