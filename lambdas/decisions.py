"""Who let a version in, or turned it down, beside the run it came from and in SageMaker's lineage.

SageMaker's own lineage knows that a status was given, and not by whom nor why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from lambdas import lineage
from lambdas.identity import person
from lambdas.mlflow import Mlflow

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

APPROVAL: Final = "sluice.approval"
"""The tag that holds the status of the version that a run came to, once somebody has decided."""
_PACKAGE: Final = "sluice.package"
_DECIDED: Final = ("Approved", "Rejected")
_RECENT: Final = 20


def note(model: str, runs: Iterable[Mapping[str, str]], *, mlflow: Mlflow, sagemaker: SageMakerClient) -> list[str]:
    """Write down what was decided of the newest versions of a model since somebody looked; gives their ARNs.

    `runs` are the tags of the model's runs, with the run's id as `run_id`.
    """
    noted: list[str] = []
    by_package = {tags[_PACKAGE]: tags for tags in runs if _PACKAGE in tags}
    for arn, status in _statuses(model, sagemaker) if by_package else ():
        tags = by_package.get(arn)
        if tags is None or status not in _DECIDED or tags.get(APPROVAL) == status:
            continue
        described = sagemaker.describe_model_package(ModelPackageName=arn)
        decision = {
            "status": status,
            "by": person(described.get("LastModifiedBy")),
            "reason": described.get("ApprovalDescription", ""),
        }
        lineage.decided(arn, decision, sagemaker)
        # Last: whatever fails before has it noted at the next look.
        words = {APPROVAL: status, f"{APPROVAL}-by": decision["by"], f"{APPROVAL}-reason": decision["reason"]}
        mlflow.tag(tags["run_id"], {name: value for name, value in words.items() if value})
        noted.append(arn)
    return noted


def _statuses(model: str, sagemaker: SageMakerClient) -> Iterable[tuple[str, Any]]:
    listed = sagemaker.list_model_packages(
        ModelPackageGroupName=model, SortBy="CreationTime", SortOrder="Descending", MaxResults=_RECENT
    )
    return [(each["ModelPackageArn"], each.get("ModelApprovalStatus")) for each in listed["ModelPackageSummaryList"]]
