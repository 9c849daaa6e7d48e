"""What a function is: its configuration as AWS describes it, its code, and what hangs on it."""

from __future__ import annotations

import dataclasses
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

LATEST: Final = "$LATEST"


@dataclass(frozen=True)
class Code:
    """An unpacked deployment package: base64 SHA-256 of the archive, its size, the archive and the folder."""

    sha256: str
    size_bytes: int
    archive: Path
    folder: Path
    stand_in: str = ""
    """The module that runs in the place of a handler of the CDK's that cannot run here."""


@dataclass(frozen=True)
class Function:
    """One version of a function, never changed in place: a worker that holds an older one is out of date."""

    name: str
    arn: str
    configuration: Mapping[str, Any]
    code: Code
    version: str = LATEST
    layers: tuple[Path, ...] = ()
    """The folders of its layers that its modules are looked for in."""

    @property
    def timeout_seconds(self) -> int:
        """How long one invocation may take, wall time."""
        return int(self.configuration["Timeout"])

    @property
    def log_group(self) -> str:
        """The group its log goes to."""
        return str(self.configuration["LoggingConfig"]["LogGroup"])

    @property
    def logs_json(self) -> bool:
        """Whether its log is in JSON, the system's lines too."""
        return bool(self.configuration["LoggingConfig"]["LogFormat"] == "JSON")

    def described(self) -> dict[str, Any]:
        """The members of GetFunctionConfiguration."""
        return {
            **self.configuration,
            "FunctionName": self.name,
            "FunctionArn": self.arn if self.version == LATEST else f"{self.arn}:{self.version}",
            "Version": self.version,
            "CodeSha256": self.code.sha256,
            "CodeSize": self.code.size_bytes,
        }


@dataclass(frozen=True)
class Alias:
    """A name for a version; of the invocations, the shares in `weights` go to other versions."""

    name: str
    version: str
    description: str = ""
    weights: Mapping[str, float] = field(default_factory=dict)
    revision: str = field(default_factory=lambda: str(uuid.uuid4()))

    def chosen(self) -> str:
        """The version that one invocation goes to."""
        dice = random.random()
        for version, weight in self.weights.items():
            if dice < weight:
                return version
        return self.version


@dataclass
class Entry:
    """All that is kept under one function name. Only a copy is ever changed: see the book."""

    latest: Function
    versions: list[Function] = field(default_factory=list)
    statements: dict[str, dict[str, Any]] = field(default_factory=dict)
    policy_revision: str = ""
    event_invoke: dict[str, Any] | None = None
    reserved_concurrency: int | None = None
    tags: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)

    def copied(self) -> Entry:
        """An entry of its own with the same versions, statements, tags and aliases."""
        return dataclasses.replace(
            self,
            versions=list(self.versions),
            statements=dict(self.statements),
            tags=dict(self.tags),
            aliases=dict(self.aliases),
        )

    def functions(self) -> list[Function]:
        """$LATEST and every version."""
        return [self.latest, *self.versions]
