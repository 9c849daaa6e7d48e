"""What identifies the data of a run: for each file its URI, version, content hash, size and rows."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from pathlib import Path
from typing import Any

CONFIG = Path("/opt/ml/config/processingjobconfig.json")
"""Where SageMaker tells a processing job what it was asked. Developer Guide, "Build Your Own Processing Container"."""

_PIECE_BYTES = 1 << 20


def take(name: str, path: Path, *, rows: int, config: Path = CONFIG, s3: Any = None) -> dict[str, Any]:
    """The facts about the file ``path`` of the processing input ``name``; ``s3`` is a boto3 client.

    The version is None where the bucket keeps none, where S3 cannot be asked, and where the object is no longer the one
    that was downloaded: it is read once more, since S3 tells a version only with the object's content of that moment.
    """
    size, uri = path.stat().st_size, _uri(name, path, config)
    with path.open("rb") as file:
        sha256 = _sha256(file)
    return {
        "name": name,
        "uri": uri,
        "version_id": _version(uri, sha256, s3, size=size) if uri.startswith("s3://") else None,
        "sha256": sha256,
        "bytes": size,
        "rows": rows,
    }


def write(folder: Path, *inputs: dict[str, Any]) -> None:
    """Write ``snapshot.json`` about these inputs."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "snapshot.json").write_text(json.dumps({"inputs": inputs}, indent=1), encoding="utf-8")


def first(folder: Path) -> dict[str, Any]:
    """The facts about the first input of the snapshot in ``folder``: the data that the model was made from."""
    found: dict[str, Any] = json.loads((folder / "snapshot.json").read_text(encoding="utf-8"))["inputs"][0]
    return found


def _uri(name: str, path: Path, config: Path) -> str:
    """The object that SageMaker downloaded to ``path``, or the path itself outside a job."""
    if not config.exists():
        return path.resolve().as_uri()
    inputs = json.loads(config.read_text(encoding="utf-8"))["ProcessingInputs"]
    (source,) = (each["S3Input"] for each in inputs if each["InputName"] == name)
    uri = str(source["S3Uri"])
    if uri.endswith(f"/{path.name}"):
        return uri
    folder = Path(source["LocalPath"])
    below = path.relative_to(folder) if path.is_relative_to(folder) else Path(path.name)
    return f"{uri.rstrip('/')}/{below.as_posix()}"


def _version(uri: str, sha256: str, s3: Any, *, size: int) -> str | None:
    """The version of the object whose content has this hash and size."""
    import boto3  # only here: it takes a tenth of a second
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        found = (s3 or boto3.client("s3")).get_object(Bucket=bucket, Key=key)
        with closing(found["Body"]) as body:
            if found["ContentLength"] != size or found.get("VersionId") in (None, "null") or _sha256(body) != sha256:
                return None
    except (BotoCoreError, ClientError) as error:
        print(f"The version of {uri} is not known: {error}")
        return None
    return str(found["VersionId"])


def _sha256(source: Any) -> str:
    """The hash of what can be read."""
    digest = hashlib.sha256()
    while piece := source.read(_PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()
