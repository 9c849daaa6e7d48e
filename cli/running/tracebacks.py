"""The exception that ended a program, found among the lines that it wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence

_BEGINS = "Traceback (most recent call last):"
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Interrupt|Exit|Fault|Warning)(: .*)?")
_SHELL = re.compile(r"\++ ")
"""What a shell that runs with `set -x` writes before each command: the SDK's own script does."""

_BEFORE = 3
"""How many lines before a traceback are worth reading."""

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
    first = 0 if at is None else max(0, _announcement(lines) - _BEFORE)
    shown = lines[first : None if at is None else at + 1]
    return [line for line in shown if line.strip() and not _SHELL.match(line)][-most:]


def _announcement(lines: Sequence[str]) -> int:
    """Where the first traceback is announced; after all lines if none is."""
    return next((number for number, line in enumerate(lines) if line.strip() == _BEGINS), len(lines))


def _place(lines: Sequence[str]) -> int | None:
    """Where the exception stands: after the word that announces a traceback, or it is a word in passing."""
    last = range(len(lines) - 1, _announcement(lines), -1)
    named = (number for number in last if _EXCEPTION.fullmatch(lines[number].strip()))
    return next((number for number in named if _OF_THE_DRIVER not in lines[number].partition(":")[0]), None)
