"""The exception that ended a program, found among the lines that it wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence

_BEGINS = "Traceback (most recent call last):"
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Interrupt|Exit|Fault|Warning)(: .*)?")
_SHELL = re.compile(r"\++ ")
"""What a shell that runs with `set -x` writes before each command: the SDK's own script does."""

_OF_THE_DRIVER = "CalledProcessError"
"""What the SDK's driver raises when the author's program has failed: it says nothing of why."""


def headline(reason: str) -> str:
    """The first line of a reason, without the word that announces a traceback."""
    first = reason.strip().splitlines()[0] if reason.strip() else ""
    return first.partition(f", {_BEGINS}")[0]


def exception(lines: Sequence[str]) -> str | None:
    """The last exception of the author's program, as `KeyError: 'age'`; None where the lines show none."""
    at = _place(lines)
    return None if at is None else lines[at].strip()


def excerpt(lines: Sequence[str], *, most: int) -> list[str]:
    """The lines that lead to the exception, else the last ones; a shell's own are left out. At most so many."""
    at = _place(lines)
    shown = lines if at is None else lines[: at + 1]
    return [line for line in shown if line.strip() and not _SHELL.match(line)][-most:]


def _place(lines: Sequence[str]) -> int | None:
    """Where the exception stands: after the word that announces a traceback, or it is a word in passing."""
    begins = next((number for number, line in enumerate(lines) if line.strip() == _BEGINS), None)
    if begins is None:
        return None
    named = (number for number in range(len(lines) - 1, begins, -1) if _EXCEPTION.fullmatch(lines[number].strip()))
    return next((number for number in named if _OF_THE_DRIVER not in lines[number].partition(":")[0]), None)
