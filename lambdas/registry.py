"""Which versions the model registry has, of those that a decision may be about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from lambdas.journal import Journal
from lambdas.place import Place
from lambdas.situation import Package, Situation

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_RECENT_VETOES: Final = 3


def packages(place: Place, situation: Situation, sagemaker: SageMakerClient) -> dict[int, Package]:
    """The versions that may be released, those that serve or served well, and those vetoed last."""
    journal = situation.journal
    found = {package.version: package for package in _approved(place, journal, sagemaker)} if situation.first else {}
    named = (situation.serving, journal.open, journal.order, journal.forward)
    vetoed = list(journal.vetoes)[-_RECENT_VETOES:]
    for version in dict.fromkeys([*(record.version for record in named if record), *vetoed]):
        if version not in found and (package := _package(place, version, sagemaker)):
            found[version] = package
    for good in journal.served_well():
        package = found.get(good.version) or _package(place, good.version, sagemaker)
        if package:
            found[good.version] = package
        if package and package.admitted and not _serves(situation, good.version):
            break
    return found


def _serves(situation: Situation, version: int) -> bool:
    return situation.serving is not None and situation.serving.version == version


def _approved(place: Place, journal: Journal, sagemaker: SageMakerClient) -> Iterator[Package]:
    """Approved versions that were never released, newest first."""
    # The filter is applied after paging, so that an empty page may have a successor.
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=f"{place.registry}:model-package-group/{place.model}",
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
    )
    summaries = (summary for page in pages for summary in page["ModelPackageSummaryList"])
    for summary in takewhile(lambda summary: summary["ModelPackageVersion"] > journal.high_water, summaries):
        if package := _package(place, summary["ModelPackageVersion"], sagemaker):
            yield package


def _package(place: Place, version: int, sagemaker: SageMakerClient) -> Package | None:
    arn = place.package(version)
    try:
        described = sagemaker.describe_model_package(ModelPackageName=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationException" and "does not exist" in str(error):
            return None
        raise
    return Package(
        arn=arn,
        version=version,
        approval=described.get("ModelApprovalStatus", ""),
        status=described["ModelPackageStatus"],
        modified=last_change(described),
        why=described.get("ApprovalDescription", ""),
        created=described["CreationTime"].astimezone(UTC),
    )


def last_change(described: Mapping[str, Any]) -> datetime:
    """When a package was changed last, UTC: its approval, as far as the registry can tell. A new one has no change."""
    changed: datetime = described.get("LastModifiedTime", described["CreationTime"])
    return changed.astimezone(UTC)
