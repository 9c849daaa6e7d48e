"""Files beside templates: what ``cdk deploy`` and ``sluice deploy`` shall put into a stage's artifact bucket.

The CDK renames its own file assets to their hash and puts them into the bootstrap bucket. Entry points of jobs must
keep their names, and jobs read the stage's bucket alone: so these files are written into the asset manifest, where
both deployers find them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from env import naming
from env.stage import Stage
from infra.bundle import Asset


@dataclass(frozen=True, kw_only=True)
class Built:
    """A file that is made when it is published, by a command that prints its path, and its key."""

    key: str
    command: Sequence[str]


def publish(assembly: Path, assets: Iterable[Asset | Built], *, stack: str, stage: Stage) -> None:
    """Write the files that ``stack`` needs into the assembly, to be published once the storage stack stands."""
    manifest = assembly / f"{stack}.assets.json"
    document = _read(manifest)
    for asset in assets:
        document["files"][hashlib.sha256(asset.key.encode()).hexdigest()] = {
            "displayName": asset.key,
            "source": _source(assembly, asset, stack=stack),
            # Without a role to assume: the bootstrap's publishing role may write into the bootstrap's bucket alone.
            "destinations": {
                "artifacts": {
                    "bucketName": naming.artifact_bucket(stage),
                    "objectKey": asset.key,
                    "region": stage.region,
                }
            },
        }
    _write(manifest, document)
    _order(assembly / "manifest.json", f"{stack}.assets", after=naming.stack(stage, "storage"))


def _source(assembly: Path, asset: Asset | Built, *, stack: str) -> dict[str, Any]:
    """A file in the assembly, or what makes it (Cloud Assembly Schema, "FileSource")."""
    if isinstance(asset, Built):
        return {"executable": list(asset.command)}
    path = Path("bundles") / stack / asset.key
    (assembly / path).parent.mkdir(parents=True, exist_ok=True)
    (assembly / path).write_bytes(asset.content)
    return {"path": path.as_posix(), "packaging": "file"}


def _order(manifest: Path, artifact: str, *, after: str) -> None:
    document = _read(manifest)
    document["artifacts"][artifact].setdefault("dependencies", []).append(after)
    _write(manifest, document)


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")
