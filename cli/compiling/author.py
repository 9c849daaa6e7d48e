"""Runs an author's pipeline.py offline, in a process with the SageMaker SDK, and takes home what it defines."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli import children
from cli.compiling import stand_ins
from cli.compiling.errors import AuthorError, DefinitionError

_PROGRAM = Path(__file__).parent / "offline" / "__main__.py"
_SETTINGS = {
    "SchemaVersion": "1.0",
    "SageMaker": {
        "PythonSDK": {"Modules": {"TelemetryOptOut": True, "Session": {"DefaultS3Bucket": stand_ins.DEFAULT_BUCKET}}}
    },
}
"""The SDK's own settings; YAML takes JSON."""
_LAST_LINES = 3


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What the SDK makes of an author's code: not yet canonical, with the compile-time values inside."""

    definition: dict[str, Any]
    uploads: Path
    """``<bucket>/<key>`` for each file that the SDK uploaded."""
    steps: Mapping[str, str] = field(default_factory=dict)
    """Name of a step → the author's ``file:line`` that makes it."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Likewise for parameters."""
    notes: tuple[str, ...] = ()
    """What of the author's file has no effect here."""


def run(folder: Path, *, sdk: int, python: Path, output: Path) -> Draft:
    """The draft of the model in ``folder``, written for version ``sdk``; its files stay in ``output``.

    AuthorError tells what the author's code did wrong, with file and line where there is one.
    """
    request = {
        "sdk": sdk,
        "values": stand_ins.values(),
        "place": {"account": stand_ins.ACCOUNT, "region": stand_ins.REGION},
    }
    done = children.run(
        [str(python), "-P", str(_PROGRAM), str(folder), str(output), json.dumps(request)],
        cwd=folder,
        env=_environment(output),
    )
    fault = output / "fault.txt"
    if fault.exists():
        raise AuthorError(f"pipelines/{folder.name}/{fault.read_text(encoding='utf-8')}")
    definition = output / "definition.json"
    if done.returncode or not definition.exists():
        last = " ".join(done.stderr.split("\n")[-_LAST_LINES:]).strip()
        raise AuthorError(
            f"pipelines/{folder.name}/pipeline.py ends the compiling process with {done.returncode}: {last}"
        )
    heard = json.loads((output / "heard.json").read_text(encoding="utf-8"))
    return Draft(
        definition=_parsed(definition, folder),
        uploads=output / "uploads",
        steps=heard["steps"],
        parameters=heard["parameters"],
        notes=tuple(heard["notes"]),
    )


def _parsed(definition: Path, folder: Path) -> dict[str, Any]:
    parsed = json.loads(definition.read_text(encoding="utf-8"))
    if not isinstance(parsed, dict):
        raise DefinitionError([f"pipelines/{folder.name}: the definition is no object; return the SDK's Pipeline."])
    return parsed


def _environment(output: Path) -> dict[str, str]:
    """A process environment without the caller's AWS settings: the SDK imports only when a region is set."""
    config = output / "sagemaker.yaml"
    config.write_text(json.dumps(_SETTINGS), encoding="utf-8")
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(output),
        "PYTHONHASHSEED": "0",  # sets are in the same order each time
        "AWS_ACCESS_KEY_ID": "offline",
        "AWS_SECRET_ACCESS_KEY": "offline",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_DEFAULT_REGION": stand_ins.REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        # Otherwise the bodies of uploads arrive in aws-chunked framing.
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
        "SAGEMAKER_USER_CONFIG_OVERRIDE": str(config),
        # The SDK would refuse a role without rights that its jobs never use; the role's rights are our templates'.
        "SAGEMAKER_VALIDATE_ROLE": "false",
        "SAGEMAKER_SUPPRESS_V2_WARNING": "1",
    }
