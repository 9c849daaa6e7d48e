"""What must hold of an approval before its release: a complete, measured, unaltered package, and two people."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlparse

from botocore.exceptions import ClientError

from lambdas.identity import person, same
from lambdas.registry import last_change
from lambdas.situation import ReleasePolicy

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

SHA256: Final = "sluice:model-sha256"
"""The package's customer metadata in which the pipeline wrote the artefact's SHA-256, in hexadecimal."""

_CHUNK_BYTES: Final = 1 << 20
_UNKNOWN: Final = ("ResourceNotFound", "ResourceNotFoundException", "AccessDeniedException", "ValidationException")

_UNREADABLE: Final = ("NoSuchKey", "NoSuchBucket", "AccessDenied", "403", "404")


@dataclass(frozen=True, kw_only=True)
class Approval:
    """Who approved a package, who trained it (ARNs, empty when nobody is known), and what speaks against it."""

    approved_by: str
    trained_by: str
    modified: str
    refusal: str | None


@dataclass(frozen=True, kw_only=True)
class Hands:
    """The clients that look a package up."""

    sagemaker: SageMakerClient
    s3: S3Client


def examine(
    package_arn: str,
    *,
    approved_by: str,
    approved_at: datetime | None,
    now: datetime,
    policy: ReleasePolicy,
    hands: Hands,
) -> Approval:
    """Look an approved package over. `approved_by` is empty where the registry's last change is the approval."""
    package = hands.sagemaker.describe_model_package(ModelPackageName=package_arn)
    approver = same(approved_by) or person(package.get("LastModifiedBy") or package.get("CreatedBy"))
    trainer = trained_by(package, hands.sagemaker)
    age = now - approved_at if approved_at else timedelta()
    refusal = (
        _incomplete(package)
        or _one_person(approver, trainer, policy)
        or _too_old(age, policy)
        or _altered(package, hands.s3)
    )
    modified = last_change(package).isoformat()
    return Approval(approved_by=approver, trained_by=trainer, modified=modified, refusal=refusal)


def trained_by(package: Mapping[str, Any], sagemaker: SageMakerClient) -> str:
    """The ARN of who started the pipeline that made a package, or of who made the package; empty if nobody is known."""
    execution = package.get("MetadataProperties", {}).get("GeneratedBy", "")
    if ":pipeline/" in execution and "/execution/" in execution:
        try:
            found = sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution)
        except ClientError as error:
            # Executions are deleted with their pipeline, and another account's are not ours to see.
            if error.response["Error"]["Code"] not in _UNKNOWN:
                raise
        else:
            if who := person(found.get("CreatedBy")):
                return who
    return person(package.get("CreatedBy"))


def _incomplete(package: Mapping[str, Any]) -> str | None:
    if package["ModelPackageStatus"] != "Completed":
        return f"the package is {package['ModelPackageStatus']}, not Completed"
    if not package.get("ModelMetrics", {}).get("ModelQuality", {}).get("Statistics"):
        return "the package has no evaluation: ModelMetrics.ModelQuality.Statistics is missing"
    return None


def _one_person(approver: str, trainer: str, policy: ReleasePolicy) -> str | None:
    if not policy.two_people:
        return None
    if not approver or not trainer:
        return f"it is not known who {'trained' if approver else 'approved'} the package, and two people are asked for"
    if approver == trainer:
        return f"{approver} trained the package and cannot approve it: ask somebody else"
    return None


def _too_old(age: timedelta, policy: ReleasePolicy) -> str | None:
    if age <= timedelta(hours=policy.approval_valid_hours):
        return None
    return f"the approval is older than {policy.approval_valid_hours} hours: approve again"


def _altered(package: Mapping[str, Any], s3: S3Client) -> str | None:
    registered = package.get("CustomerMetadataProperties", {}).get(SHA256)
    if not registered:
        return f"the package has no {SHA256} in its metadata, so its artefact cannot be checked"
    containers = package.get("InferenceSpecification", {}).get("Containers", [])
    if len(containers) != 1:
        return f"the package has {len(containers)} containers: one artefact can be checked, that of a single container"
    url = containers[0].get("ModelDataUrl", "")
    location = urlparse(url)
    if location.scheme != "s3" or location.path.endswith("/"):
        return f"the artefact {url!r} is not one object in S3"
    try:
        body = s3.get_object(Bucket=location.netloc, Key=location.path.lstrip("/"))["Body"]
    except ClientError as error:
        # Who may not list a bucket is told "access denied" of an object that is gone (S3 API Reference, "GetObject").
        if (code := error.response["Error"]["Code"]) not in _UNREADABLE:
            raise
        return f"the artefact {url} is gone, or the release function may not read it ({code})"
    digest = hashlib.sha256()
    for chunk in body.iter_chunks(_CHUNK_BYTES):
        digest.update(chunk)
    if digest.hexdigest() != registered:
        return f"the artefact {url} is not the one that was registered: its SHA-256 is {digest.hexdigest()}"
    return None
