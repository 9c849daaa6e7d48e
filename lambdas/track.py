"""Tracks runs: one run in MLflow, and one action in SageMaker's lineage, for each pipeline execution that has ended."""

from __future__ import annotations

import functools
import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from lambdas import decisions, execution, lineage
from lambdas import mlflow as rest
from lambdas.errors import LambdaError
from lambdas.execution import ENDED, Input, Told, may_go_on
from lambdas.mlflow import Mlflow
from lambdas.settings import from_environ

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)

EXECUTION: Final = "sluice.execution"
"""The tag by which a run is known: the ARN of its execution."""
RECORDED: Final = "sluice.recorded"
"""The tag that a run gets last: how and when the execution had ended that was written down whole."""
_OURS: Final = f"tags.`{EXECUTION}` LIKE 'arn:%'"
_RECENT: Final = 30
"""Executions of a model that are looked at: older ones have had their turn."""
_LONGEST_TAG: Final = 5000
_LONGEST_PARAM: Final = 500
_LARGEST_COPY: Final = 100_000_000
"""In bytes: a copy takes time that other runs wait for, and S3 copies 5 GB at once at most."""
_SECRET: Final = re.compile(
    r"(?i)(password|passwd|passphrase|secret|credentials?|(api|access|private)[_.-]?key|"
    r"(auth|access|api|bearer|hf|github|gitlab)[_.-]?token)$"
)
"""Names of parameters whose values more people would read in MLflow than may describe the execution."""
_HIDDEN: Final = "(hidden)"
_DIRTY: Final = "-dirty"
_NOT_COPIED: Final = (".tar.gz", ".parquet")
"""What a run's artifacts only point at: models, and rows of data."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The function's environment: the stage, its region, the tracking server's ARN, and pipelines by model."""

    stage: str
    region: str
    server: str
    pipelines: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Clients:
    """What this function talks to."""

    mlflow: Mlflow
    s3: S3Client
    sagemaker: SageMakerClient


@functools.cache
def live() -> Clients:
    """Clients of the account the function runs in, and of the stage's tracking server."""
    import boto3
    from botocore.httpsession import URLLib3Session

    settings = from_environ(Settings, os.environ)
    endpoint = rest.address(settings.region, os.environ)
    return Clients(
        mlflow=Mlflow(settings.server, endpoint=endpoint, session=boto3.Session(), sender=URLLib3Session(timeout=20)),
        s3=boto3.client("s3"),
        sagemaker=boto3.client("sagemaker"),
    )


def handler(event: dict[str, Any], context: object, *, clients: Callable[[], Clients] = live) -> dict[str, Any]:
    """Write down the executions that have ended and are not written down yet, of the event's model or of all.

    So it is with what people have decided on versions. An event only says when to look: events may be lost, repeated or
    late. Gives for each model the executions and versions that were written about. Raises LambdaError when one could
    not be, after all the others were.
    """
    settings, made = from_environ(Settings, os.environ), clients()
    report: dict[str, list[str]] = {}
    failures: list[str] = []
    for model, pipeline in _asked(event, settings.pipelines).items():
        try:
            for arn, problem in _catch_up(model, pipeline, made):
                report.setdefault(model, []).append(arn)
                failures += [f"{arn}: {problem}"] * bool(problem)
        except (ClientError, BotoCoreError, LambdaError) as error:
            failures.append(f"{model}: {error}")
    _log.info("tracked", extra={"models": report, "failures": failures})
    if failures:
        raise LambdaError("; ".join(failures))
    return report


def _asked(event: Mapping[str, Any], pipelines: Mapping[str, str]) -> Mapping[str, str]:
    """The models that an event is about; all of them for one that names none of theirs, such as a tick."""
    detail = event.get("detail", {})
    arn, group = detail.get("pipelineArn", ""), detail.get("ModelPackageGroupName", "")
    # SageMaker lower-cases names in ARNs.
    named = {
        model: name for model, name in pipelines.items() if group == model or arn.rpartition("/")[2] == name.lower()
    }
    return named or pipelines


def _catch_up(model: str, pipeline: str, clients: Clients) -> Iterator[tuple[str, str]]:
    """Each execution and decision that was written down, with what went wrong, if anything did."""
    ended = list(_ended(pipeline, clients.sagemaker))
    if not ended:
        return
    experiment = clients.mlflow.experiment(model)
    yield from _write_missing(ended, experiment, clients)
    known = _runs(clients.mlflow, experiment)
    active = [run for runs in known.values() for run in runs if _active(run)]
    tags = [{**_tags(run), "run_id": run["info"]["run_id"]} for run in active]
    for arn in decisions.note(model, tags, mlflow=clients.mlflow, sagemaker=clients.sagemaker):
        yield arn, ""


def _write_missing(ended: list[tuple[str, str]], experiment: str, clients: Clients) -> Iterator[tuple[str, str]]:
    known = _runs(clients.mlflow, experiment)
    for arn, status in reversed(ended):
        runs = known.get(arn, [])
        if any(RECORDED in _tags(run) for run in runs) and not any(map(_active, runs)):
            continue  # somebody did not want it
        run = _only(runs, clients.mlflow)
        recorded = _tags(run).get(RECORDED, "") if run is not None else ""
        if recorded.startswith(f"{status} ") and not (may_go_on(status) and _went_on(arn, recorded, clients.sagemaker)):
            continue
        try:
            _write(arn, run, experiment=experiment, clients=clients)
        except (ClientError, BotoCoreError, LambdaError) as error:
            yield arn, str(error)
        else:
            yield arn, ""


def _ended(pipeline: str, sagemaker: SageMakerClient) -> Iterator[tuple[str, str]]:
    """The newest executions of a pipeline that have ended, and how."""
    try:
        listed = sagemaker.list_pipeline_executions(
            PipelineName=pipeline, SortBy="CreationTime", SortOrder="Descending", MaxResults=_RECENT
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFound":  # its stack is not deployed
            return
        raise
    for summary in listed["PipelineExecutionSummaries"]:
        if summary["PipelineExecutionStatus"] in ENDED:
            yield summary["PipelineExecutionArn"], summary["PipelineExecutionStatus"]


def _went_on(arn: str, recorded: str, sagemaker: SageMakerClient) -> bool:
    """Whether an execution has ended again since it was written down: it was retried, to the same effect."""
    described = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    return recorded != _ending(described["PipelineExecutionStatus"], described["LastModifiedTime"])


def _runs(mlflow: Mlflow, experiment: str) -> dict[str, list[dict[str, Any]]]:
    """The runs of an experiment by their executions, the first one first."""
    found: dict[str, list[dict[str, Any]]] = {}
    # People may log runs of their own into the experiment, more than one looks at.
    for run in reversed(mlflow.runs(experiment, text=_OURS, limit=2 * _RECENT)):
        if arn := _tags(run).get(EXECUTION):
            found.setdefault(arn, []).append(run)
    return found


def _only(runs: list[dict[str, Any]], mlflow: Mlflow) -> dict[str, Any] | None:
    """The one run of an execution: two that were made at the same time are one too many."""
    ranked = sorted(filter(_active, runs), key=lambda run: str(run["info"]["run_id"]))
    for run in ranked[1:]:
        mlflow.delete(run["info"]["run_id"])
    return ranked[0] if ranked else None


def _write(arn: str, run: dict[str, Any] | None, *, experiment: str, clients: Clients) -> None:
    """Write an execution down; what was written before is written again, to the same effect."""
    told = execution.gather(arn, sagemaker=clients.sagemaker, s3=clients.s3)
    if run is None:
        clients.mlflow.create(experiment, name=told.name, start=_millis(told.start), tags={EXECUTION: arn})
        run = _only(_runs(clients.mlflow, experiment)[arn], clients.mlflow)
        assert run is not None, "one was made a moment ago"
    run_id, known = run["info"]["run_id"], run.get("data", {})
    before = {metric["key"]: metric["value"] for metric in known.get("metrics", [])}
    fixed = {param["key"] for param in known.get("params", [])}  # MLflow takes a parameter once
    clients.mlflow.log(
        run_id,
        params={name: value for name, value in _params(told) if name not in fixed},
        metrics={name: value for name, value in told.metrics.items() if before.get(name) != value},
        at=_millis(told.end),
    )
    clients.mlflow.inputs(run_id, [_dataset(given) for given in told.inputs])
    _copy(told, run["info"]["artifact_uri"], clients.s3)
    clients.mlflow.tag(run_id, _described(told))
    clients.mlflow.end(run_id, status=ENDED[told.status], at=_millis(told.end))
    lineage.record(told, clients.sagemaker)
    # Last: whatever fails before has it all done again at the next look.
    clients.mlflow.tag(run_id, {RECORDED: _ending(told.status, told.end)})


def _params(told: Told) -> Iterator[tuple[str, str]]:
    """Parameters as MLflow takes them, without the values of secrets."""
    for name, value in told.params.items():
        yield name, _HIDDEN if _SECRET.search(name) else value[:_LONGEST_PARAM]


def _described(told: Told) -> dict[str, str]:
    """The tags of a run; those that begin with `mlflow.` are the ones that MLflow's pages know."""
    commit, data = told.commit.removesuffix(_DIRTY), told.inputs[0] if told.inputs else None
    tags = {
        "sluice.outcome": told.outcome,
        "sluice.gate": told.gate,
        "sluice.reason": told.reason,
        "sluice.package": told.package,
        "sluice.metrics": " ".join(told.judged_by),
        "sluice.pipeline": told.pipeline,
        "sluice.commit": commit,
        "sluice.dirty": str(told.commit.endswith(_DIRTY)).lower() if commit else "",
        "mlflow.source.git.commit": commit if commit != "unknown" else "",
        "mlflow.source.name": told.pipeline,
        "mlflow.source.type": "JOB",
        "mlflow.user": told.by,
        "mlflow.note.content": told.gate or told.reason,
    }
    if data is not None:
        tags |= {
            "sluice.data-uri": data.uri,
            "sluice.data-version": data.version,
            "sluice.data-sha256": data.sha256,
            "sluice.data-rows": str(data.rows),
        }
    return {name: value[:_LONGEST_TAG] for name, value in tags.items() if value}


def _dataset(given: Input) -> dict[str, Any]:
    """An input as MLflow's own data sets are logged (MLflow REST API, "DatasetInput")."""
    source = {"uri": given.uri, "version_id": given.version}
    profile = {"num_rows": given.rows, "bytes": given.size, "sha256": given.sha256}
    return {
        "tags": [{"key": "mlflow.data.context", "value": "training"}],
        "dataset": {
            "name": given.name,
            "digest": given.sha256[:36],
            "source_type": "s3",
            "source": json.dumps(source),
            "profile": json.dumps(profile),
        },
    }


def _copy(told: Told, artifacts: str, s3: S3Client) -> None:
    """Copy what jobs reported, plots and all, to the run's own artifacts, and say there where the rest lies."""
    to = urlsplit(artifacts)
    base = to.path.lstrip("/")
    for name, folder in told.folders.items():
        place = urlsplit(folder.rstrip("/") + "/")
        prefix = place.path.lstrip("/")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=place.netloc, Prefix=prefix):
            for found in page.get("Contents", []):
                rest_of_key = found["Key"].removeprefix(prefix)
                if rest_of_key.endswith(_NOT_COPIED) or found["Size"] > _LARGEST_COPY:
                    continue
                s3.copy_object(
                    CopySource={"Bucket": place.netloc, "Key": found["Key"]},
                    Bucket=to.netloc,
                    Key=f"{base}/{name}/{rest_of_key}",
                )
    pointers = {"execution": told.arn, "package": told.package, "model_data": told.model_data, **told.folders}
    body = json.dumps({name: value for name, value in pointers.items() if value}, indent=1)
    s3.put_object(Bucket=to.netloc, Key=f"{base}/pointers.json", Body=body.encode(), ContentType="application/json")


def _active(run: Mapping[str, Any]) -> bool:
    return bool(run["info"]["lifecycle_stage"] == "active")


def _tags(run: Mapping[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in run.get("data", {}).get("tags", [])}


def _ending(status: str, moment: datetime) -> str:
    return f"{status} {moment.astimezone(UTC).isoformat(timespec='milliseconds')}"


def _millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
