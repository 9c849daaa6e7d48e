"""Empties a repository before its deletion: the CDK's Custom::ECRAutoDeleteImages."""

from __future__ import annotations

from typing import Any

import boto3
from answering import answered  # type: ignore[import-not-found]
from botocore.exceptions import ClientError


def _work(event: dict[str, Any]) -> dict[str, Any] | None:
    repository = event["ResourceProperties"]["RepositoryName"]
    if event["RequestType"] == "Update" and event["OldResourceProperties"]["RepositoryName"] != repository:
        return {"PhysicalResourceId": repository}
    if event["RequestType"] == "Delete":
        _empty(repository)
    return None


def _empty(repository: str) -> None:
    ecr: Any = boto3.client("ecr")
    try:
        for page in ecr.get_paginator("list_images").paginate(repositoryName=repository):
            if page["imageIds"]:
                ecr.batch_delete_image(repositoryName=repository, imageIds=page["imageIds"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "RepositoryNotFoundException":
            raise


handler = answered(_work)
