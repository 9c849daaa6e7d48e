"""What can be wrong with a model's folder when it is compiled.

CompileError
├── UnknownModelError        there is no such model, or its folder has no pipeline.py
├── CompileEnvironmentError  the environment with the SageMaker SDK cannot be made
├── AuthorError              the author's pipeline.py does not give a pipeline
└── DefinitionError          the definition would be refused by SageMaker, or cannot be deployed: all findings
"""

from __future__ import annotations

from collections.abc import Iterable


class CompileError(Exception):
    """A model cannot be compiled; the text says what is wrong, where, and what to do, one sentence per line."""


class UnknownModelError(CompileError):
    """There is no such model, or its folder has no pipeline.py."""


class CompileEnvironmentError(CompileError):
    """The environment with the SageMaker SDK cannot be made."""


class AuthorError(CompileError):
    """The author's pipeline.py does not give a pipeline."""


class DefinitionError(CompileError):
    """The definition would be refused by SageMaker, or cannot be deployed; all that is wrong is told together."""

    def __init__(self, findings: Iterable[str]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(self.findings))
