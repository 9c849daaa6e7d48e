"""A data scientist's mistake: a version registered by hand whose code fails on part of the real requests."""

from __future__ import annotations

import hashlib
import io
import tarfile
from typing import Any

from cli import registry
from cli.connection import Connection
from env import naming

FORGOTTEN = "car"
"""The purpose that the new code does not know."""

_CODE = "code/inference.py"
_PURPOSES = (
    "business",
    "domestic appliances",
    "education",
    "furniture/equipment",
    "radio/TV",
    "repairs",
    "vacation/others",
)
_CHANGE = f"""

# Purposes are counted by name from now on.
_PURPOSES = {{name: name for name in {_PURPOSES!r}}}
_predict_before = predict_fn


def predict_fn(rows, model):
    return _predict_before(rows.assign(purpose=[_PURPOSES[name] for name in rows["purpose"]]), model)
"""
_NEVER_COPIED = (
    "ClientToken",
    "ModelPackageGroupName",
    "ModelPackageName",
    "ModelApprovalStatus",
    "ApprovalDescription",
)


def register(connection: Connection, model: str, *, after: int, change: str = _CHANGE) -> int:
    """Register version `after` again with changed code, its own hash and the same evidence; gives the new number.

    Nobody has evaluated it anew: that is the mistake.
    """
    sagemaker, s3 = connection.client("sagemaker"), connection.client("s3")
    package = registry.describe(connection, model, after)
    given = sagemaker.meta.service_model.operation_model("CreateModelPackage").input_shape.members
    copied: dict[str, Any] = {k: v for k, v in package.items() if k in given and k not in _NEVER_COPIED}
    # A pipeline did not make this one.
    copied["MetadataProperties"] = {k: v for k, v in copied.get("MetadataProperties", {}).items() if k != "GeneratedBy"}
    container = copied["InferenceSpecification"]["Containers"][0]
    archive = with_mistake(read(s3, container["ModelDataUrl"]), change=change)
    bucket, key = naming.artifact_bucket(connection.stage), f"{model}/by-hand/{after + 1}/model.tar.gz"
    s3.put_object(Bucket=bucket, Key=key, Body=archive)
    container["ModelDataUrl"] = f"s3://{bucket}/{key}"
    copied["CustomerMetadataProperties"]["sluice:model-sha256"] = hashlib.sha256(archive).hexdigest()
    made = sagemaker.create_model_package(
        ModelPackageGroupName=model, ModelApprovalStatus="PendingManualApproval", **copied
    )
    return int(made["ModelPackageArn"].rsplit("/", 1)[1])


def with_mistake(archive: bytes, *, change: str = _CHANGE) -> bytes:
    """A model's archive (.tar.gz) whose inference code raises KeyError for applicants of the forgotten purpose.

    `change` is what is added to the code instead.
    """
    written = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as old,
        tarfile.open(fileobj=written, mode="w:gz") as new,
    ):
        for member in old.getmembers():
            body = old.extractfile(member)
            data = body.read() if body else b""
            if member.name.removeprefix("./") == _CODE:
                data += change.encode()
                member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return written.getvalue()


def read(s3: Any, uri: str) -> bytes:
    """The object that an S3 URI names."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    data: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return data
