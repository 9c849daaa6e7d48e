"""What lint finds: a sentence, how bad it is, and the author's line that it is about."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong with a definition, or that its author should know."""

    sentence: str
    step: str | None = None
    """The step that it is about."""
    parameter: str | None = None
    """The pipeline parameter that it is about."""
    literal: str | None = None
    """A text that is wrong and may stand in the author's file as it is."""
    warning: bool = False
    """SageMaker takes it, but it hardly is what was meant."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where the things of a definition are made: ``file:line``, relative to the model's folder."""

    folder: Path
    steps: Mapping[str, str]
    parameters: Mapping[str, str]

    def told(self, findings: Iterable[Finding]) -> list[str]:
        """The sentences by file and line, each beginning with ``pipelines/<model>/<file>:<line>``."""
        literals = _literals(self.folder)
        placed = sorted(((_split(self._place(f, literals)), f.sentence) for f in findings), key=lambda pair: pair[0])
        lines = (f"{_joined(place)}: {sentence}" for place, sentence in placed)
        return list(dict.fromkeys(f"pipelines/{self.folder.name}/{line}" for line in lines))

    def _place(self, finding: Finding, literals: Mapping[str, list[str]]) -> str:
        alone = literals.get(finding.literal, []) if finding.literal else []
        if len(alone) == 1:
            return alone[0]
        if finding.parameter is not None and finding.parameter in self.parameters:
            return self.parameters[finding.parameter]
        return self.steps.get(finding.step or "", "pipeline.py")


def _literals(folder: Path) -> dict[str, list[str]]:
    """Text constants of pipeline.py → where they stand."""
    path, found = folder / "pipeline.py", defaultdict[str, list[str]](list)
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError):
        return {}  # a finding is then told with the line of its step
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found[node.value].append(f"{path.name}:{node.lineno}")
    return found


def _split(place: str) -> tuple[str, int]:
    file, _, line = place.partition(":")
    return file, int(line or 0)


def _joined(place: tuple[str, int]) -> str:
    file, line = place
    return f"{file}:{line}" if line else file
