"""What can be wrong with the files of ``env/``.

EnvError
├── UnknownStageError    there is no file for the stage asked for
├── InvalidStagesError   files that cannot be read, or that hold mistakes: all of them, together
└── SingleInstanceError  traffic cannot be divided on an endpoint of one instance
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One mistake in one file, told as one sentence."""

    file: str
    where: str
    """The key with its value, as written in the file, or the line of a syntax error."""
    fault: str
    remedy: str

    def __str__(self) -> str:
        end = "" if self.remedy.endswith("?") else "."
        return f"{self.file}: {self.where} {self.fault}; {self.remedy}{end}"


class EnvError(Exception):
    """A stage cannot be loaded; the text says what is wrong, where, and what to do, one sentence per line."""


class UnknownStageError(EnvError):
    """There is no file for the stage asked for."""

    def __init__(self, name: str, *, known: Iterable[str]) -> None:
        self.name = name
        self.known = tuple(known)
        stages = ", ".join(self.known) or "none"
        super().__init__(f"env/{name}.toml: stage {name!r} does not exist; the stages are: {stages}.")


class InvalidStagesError(EnvError):
    """Files that cannot be read, or that hold mistakes."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SingleInstanceError(EnvError):
    """Traffic cannot be divided on an endpoint of one instance."""

    def __init__(self, policy: str) -> None:
        super().__init__(f"A {policy} deployment needs at least two instances; one cannot be divided.")
