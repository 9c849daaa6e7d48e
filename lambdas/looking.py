"""Reads what a retraining is decided from: the monitors' alarms and last verdicts, the endpoint, the pipeline."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from lambdas import endpoint
from lambdas.drift import Drift, Execution, Policy, Verdict
from lambdas.errors import VerdictError
from lambdas.journal import Journal
from lambdas.place import Place

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

REPORT: Final = "sluice:report"
"""The package's customer metadata with the address of the report because of which it was trained, `none` otherwise."""

_RECENT: Final = 30
_RUNNING: Final = ("Executing", "Stopping")


@dataclass(frozen=True, kw_only=True)
class Eyes:
    """The clients that only look."""

    cloudwatch: CloudWatchClient
    s3: S3Client
    sagemaker: SageMakerClient


def look(place: Place, *, journal: Journal, policy: Policy, reports: str, eyes: Eyes) -> Drift:
    """What stands in S3, CloudWatch and SageMaker for one model; `reports` is the bucket of the monitor's reports.

    The executions come before the packages: a pipeline that has ended meanwhile has left its package by then.
    """
    described = endpoint.describe(place.model, stage=place.stage, sagemaker=eyes.sagemaker)
    serving = endpoint.serving(journal, described)
    executions = tuple(_executions(policy.pipeline, eyes.sagemaker))
    return Drift(
        journal=journal,
        policy=policy,
        ringing=tuple(_verdicts(reports, place.model, _ringing(policy, eyes.cloudwatch), eyes.s3)),
        serving=serving.version if serving else None,
        executions=executions,
        waiting=next(_waiting(place, eyes.sagemaker), None),
    )


def _verdicts(bucket: str, model: str, monitors: Iterable[str], s3: S3Client) -> Iterator[Verdict]:
    """What monitors said when they could judge last; none of one that never could. Raises VerdictError."""
    for monitor in monitors:
        key = f"reports/{model}/judged/{monitor}.json"
        # S3 tells only those who may list everything that an object is not there; others are refused.
        if not s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)["KeyCount"]:
            continue
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        try:
            document = json.loads(body)
        except ValueError as error:
            raise VerdictError(f"s3://{bucket}/{key} is no JSON: {error}") from error
        yield Verdict.of(document, monitor=monitor)


def _ringing(policy: Policy, cloudwatch: CloudWatchClient) -> list[str]:
    """The monitors whose alarms ring."""
    monitors = {alarm: monitor for monitor, alarm in policy.alarms.items()}
    answer = cloudwatch.describe_alarms(AlarmNames=list(monitors), StateValue="ALARM")
    return [monitors[alarm["AlarmName"]] for alarm in answer["MetricAlarms"]]


def _executions(pipeline: str, sagemaker: SageMakerClient) -> Iterator[Execution]:
    """The newest executions of a pipeline."""
    listed = sagemaker.list_pipeline_executions(
        PipelineName=pipeline, SortBy="CreationTime", SortOrder="Descending", MaxResults=_RECENT
    )
    for summary in listed["PipelineExecutionSummaries"]:
        yield Execution(
            arn=summary["PipelineExecutionArn"],
            name=summary.get("PipelineExecutionDisplayName", ""),
            runs=summary["PipelineExecutionStatus"] in _RUNNING,
        )


def _waiting(place: Place, sagemaker: SageMakerClient) -> Iterator[int]:
    """The versions on which nobody has decided yet and that were trained because of drift, newest first."""
    # The filter is applied after paging, so that an empty page may have a successor.
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=f"{place.registry}:model-package-group/{place.model}",
        ModelApprovalStatus="PendingManualApproval",
        SortBy="CreationTime",
        SortOrder="Descending",
    )
    summaries = (summary for page in pages for summary in page["ModelPackageSummaryList"])
    for summary in islice(summaries, _RECENT):
        described = sagemaker.describe_model_package(ModelPackageName=place.package(summary["ModelPackageVersion"]))
        if described.get("CustomerMetadataProperties", {}).get(REPORT, "").startswith("s3://"):
            yield summary["ModelPackageVersion"]
