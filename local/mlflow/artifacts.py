"""What lies under a run: the server looks into S3 in its own role (MLflow REST API, "List Artifacts")."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from local.errors import AwsError
from local.front import Handler
from local.mlflow.errors import invalid
from local.mlflow.runs import named
from local.mlflow.servers import Server, Servers
from local.mlflow.shelf import Shelf
from local.roles import NotAssumable
from local.sagemaker.errors import S3Error
from local.sagemaker.identity import Identities
from local.sagemaker.s3 import split
from local.wire import Call

Params = dict[str, Any]


class Artifacts:
    """Handlers over the shelf and S3."""

    def __init__(self, shelf: Shelf, servers: Servers, identities: Identities) -> None:
        self._shelf, self._servers, self._identities = shelf, servers, identities

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {"ListArtifacts": self._of_run, "ListLoggedModelArtifacts": self._of_model}

    def _of_run(self, params: Params, _: Call) -> Params:
        server = self._servers.open(params)
        record = self._shelf.get("runs", server.name, named(params))
        return self._listed(server, record["artifact_uri"], params.get("path", ""))

    def _of_model(self, params: Params, _: Call) -> Params:
        server = self._servers.open(params)
        record = self._shelf.get("models", server.name, params["model_id"])
        return self._listed(server, record["artifact_uri"], params.get("artifact_directory_path", ""))

    def _listed(self, server: Server, root: str, path: str) -> Params:
        if ".." in path.split("/"):
            raise invalid(f"Invalid path: {path}")
        try:
            bucket, key = split(root)
            s3 = self._identities.acting(server.role_arn).client("s3")
            below = "/".join(part for part in (key, path.strip("/")) if part) + "/"
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=below, Delimiter="/")
            files = [file for page in pages for file in _files(page, len(key) + 1)]
        except (ClientError, NotAssumable, S3Error) as error:
            raise AwsError("INTERNAL_ERROR", f"{root} cannot be listed: {error}", status=500) from error
        return {"root_uri": root, "files": sorted(files, key=lambda file: str(file["path"]))}


def _files(page: Params, cut: int) -> list[Params]:
    folders = [{"path": each["Prefix"][cut:].rstrip("/"), "is_dir": True} for each in page.get("CommonPrefixes", [])]
    objects = [item for item in page.get("Contents", []) if not item["Key"].endswith("/")]
    return [*folders, *({"path": o["Key"][cut:], "is_dir": False, "file_size": o["Size"]} for o in objects)]
