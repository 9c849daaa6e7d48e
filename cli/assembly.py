"""What `python -m infra` wrote: a CDK cloud assembly, read as stacks in the order in which they can be deployed."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from cli import children
from cli.checkout import ROOT
from cli.errors import CliError, WrongUseError
from cli.syntheses import Syntheses

_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A file or folder to be put under a key before its stack is deployed; `role` may be assumed to write it.

    With a `command` it is made only now: run in `path`, it prints where the file then stands.
    """

    path: Path
    zipped: bool
    bucket: str
    key: str
    role: str | None
    command: tuple[str, ...] = ()

    def read(self) -> bytes:
        """The object's bytes. A folder becomes a zip that is the same for the same files.

        Raises CliError when what makes the file fails.
        """
        if self.command:
            return self._made().read_bytes()
        if not self.zipped:
            return self.path.read_bytes()
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(path for path in self.path.rglob("*") if path.is_file()):
                archive.writestr(zipfile.ZipInfo(str(file.relative_to(self.path)), _EPOCH), file.read_bytes())
        return buffer.getvalue()

    def _made(self) -> Path:
        done = children.run(self.command, cwd=self.path)
        if done.returncode:
            raise CliError(f"{' '.join(self.command)} failed:\n{done.stderr.strip()}")
        return self.path / done.stdout.strip()


@dataclass(frozen=True, kw_only=True)
class SynthesizedStack:
    """A stack as synthesized: its template and what has to be uploaded first."""

    name: str
    template: str
    role: str | None
    tags: Mapping[str, str]
    assets: tuple[Asset, ...]


def synthesize(stage: str, *, root: Path, output: Path) -> list[SynthesizedStack]:
    """Synthesize a stage in a process of its own, unless that was done of the same sources; read the result.

    Raises WrongUseError or CliError with what `infra` said, by its exit code.
    """
    made_before = Syntheses(root)
    name = made_before.restore(stage, output)
    if name is None:
        return read(output)
    command = [sys.executable, "-m", "infra", "--stage", stage, "--output", str(output)]
    done = children.run(command, cwd=root)
    if done.returncode:
        kind = WrongUseError if done.returncode == WrongUseError.exit_code else CliError
        raise kind(f"stage {stage} does not synthesize:\n{done.stderr.strip()}")
    made_before.keep(name, output)
    return read(output)


def read(directory: Path) -> list[SynthesizedStack]:
    """The stacks of an assembly, dependencies first."""
    artifacts = json.loads((directory / "manifest.json").read_text())["artifacts"]
    stacks = {name: item for name, item in artifacts.items() if item["type"] == "aws:cloudformation:stack"}
    graph = {name: [d for d in item.get("dependencies", []) if d in stacks] for name, item in stacks.items()}
    return [_stack(directory, name, artifacts) for name in TopologicalSorter(graph).static_order()]


def _stack(directory: Path, name: str, artifacts: dict[str, Any]) -> SynthesizedStack:
    item = artifacts[name]
    account, region = item["environment"].removeprefix("aws://").split("/")
    properties = item["properties"]
    place = {"${AWS::AccountId}": account, "${AWS::Region}": region, "${AWS::Partition}": "aws"}
    manifests = [artifacts[d] for d in item.get("dependencies", []) if artifacts[d]["type"] == "cdk:asset-manifest"]
    files = [directory / manifest["properties"]["file"] for manifest in manifests]
    return SynthesizedStack(
        name=properties.get("stackName", name),
        template=(directory / properties["templateFile"]).read_text(),
        role=_filled(properties.get("cloudFormationExecutionRoleArn"), place),
        tags=properties.get("tags", {}),
        assets=tuple(asset for file in files for asset in _assets(directory, file, place)),
    )


def _assets(directory: Path, manifest: Path, place: dict[str, str]) -> Iterator[Asset]:
    for entry in json.loads(manifest.read_text()).get("files", {}).values():
        source = entry["source"]
        command = tuple(source.get("executable", ()))
        for destination in entry["destinations"].values():
            yield Asset(
                path=ROOT if command else directory / source["path"],
                zipped=source.get("packaging") == "zip",
                bucket=_filled(destination["bucketName"], place) or "",
                key=destination["objectKey"],
                role=_filled(destination.get("assumeRoleArn"), place),
                command=command,
            )


def _filled(text: str | None, place: dict[str, str]) -> str | None:
    if text is None:
        return None
    for placeholder, value in place.items():
        text = text.replace(placeholder, value)
    return text
