"""What SageMaker's own lineage lacks: which version of the data, which commit, which execution a model came from.

SageMaker knows data by its address (Developer Guide, "Lineage Tracking Entities"). Here each version of a file is an
artifact of its own, a commit is one too, and the execution is the action that made a model package of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from lambdas.execution import Input, Told

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_LONGEST_NAME: Final = 120
_LONGEST_VALUE: Final = 2500
_DIRTY: Final = "-dirty"


def record(told: Told, sagemaker: SageMakerClient) -> str:
    """Write the entities of an execution and how they hang together; gives the action's ARN, the same each time."""
    action = _action(told, sagemaker)
    for given in told.inputs:
        data = _artifact(_address(given), "DataSet", _data_properties(given), sagemaker)
        _connect(data, action, "ContributedTo", sagemaker)
    if told.commit:
        code = _artifact(f"git:{told.commit}", "Code", _code_properties(told), sagemaker)
        _connect(code, action, "ContributedTo", sagemaker)
    if told.package and (package := _find(told.package, sagemaker)):
        _connect(action, package, "Produced", sagemaker)
    return action


def decided(package: str, decision: Mapping[str, str], sagemaker: SageMakerClient) -> None:
    """Write who decided on a version and why; the last decision takes the place of those before."""
    model, version = package.split("/")[-2:]
    action = _ensure(
        {
            "ActionName": f"{_beginning(model, version)}-{version}-decision",
            "Source": {"SourceUri": package, "SourceType": "SageMakerModelPackage"},
            "ActionType": "Approval",
            "Status": "Completed",
            "Properties": _kept(decision),
        },
        sagemaker,
    )
    if found := _find(package, sagemaker):
        _connect(action, found, "ContributedTo", sagemaker)


def _action(told: Told, sagemaker: SageMakerClient) -> str:
    execution = told.arn.rpartition("/")[2]
    properties = {"outcome": told.outcome, "started-by": told.by, "reason": told.gate or told.reason}
    return _ensure(
        {
            "ActionName": f"{_beginning(told.pipeline, execution)}-{execution}",
            "Source": {"SourceUri": told.arn, "SourceType": "SageMakerPipelineExecution"},
            "ActionType": "PipelineExecution",
            "Status": {"Failed": "Failed", "Stopped": "Stopped"}.get(told.status, "Completed"),
            "Properties": _kept(properties),
        },
        sagemaker,
    )


def _beginning(name: str, end: str) -> str:
    return name[: _LONGEST_NAME - len(end) - len("--decision")]


def _ensure(action: dict[str, Any], sagemaker: SageMakerClient) -> str:
    """Make an action, or let the one of its name say what this one says; gives its ARN."""
    try:
        return sagemaker.create_action(**action)["ActionArn"]
    except ClientError as error:
        if not _is_there(error):
            raise
    changed = {member: action[member] for member in ("ActionName", "Status", "Properties")}
    return sagemaker.update_action(**changed)["ActionArn"]


def _artifact(uri: str, kind: str, properties: Mapping[str, str], sagemaker: SageMakerClient) -> str:
    if found := _find(uri, sagemaker):
        return found
    try:
        made = sagemaker.create_artifact(
            ArtifactName=re.sub(r"[^a-zA-Z0-9]+", "-", uri.rpartition("/")[2])[:_LONGEST_NAME].strip("-"),
            Source={"SourceUri": uri},
            ArtifactType=kind,
            Properties=_kept(properties),
        )
    except ClientError as error:
        if not _is_there(error):
            raise
        return _find(uri, sagemaker) or ""  # another execution was quicker
    return made["ArtifactArn"]


def _find(uri: str, sagemaker: SageMakerClient) -> str | None:
    listed = sagemaker.list_artifacts(SourceUri=uri, MaxResults=1)["ArtifactSummaries"]
    return listed[0]["ArtifactArn"] if listed else None


def _connect(source: str, destination: str, kind: Any, sagemaker: SageMakerClient) -> None:
    try:
        sagemaker.add_association(SourceArn=source, DestinationArn=destination, AssociationType=kind)
    except ClientError as error:
        if not _is_there(error):
            raise


def _is_there(error: ClientError) -> bool:
    return "already" in error.response["Error"]["Message"]


def _address(given: Input) -> str:
    return f"{given.uri}?versionId={given.version}" if given.version else f"{given.uri}#sha256={given.sha256}"


def _data_properties(given: Input) -> dict[str, str]:
    return {
        "name": given.name,
        "uri": given.uri,
        "version": given.version,
        "sha256": given.sha256,
        "rows": str(given.rows),
        "bytes": str(given.size),
    }


def _code_properties(told: Told) -> dict[str, str]:
    return {"commit": told.commit.removesuffix(_DIRTY), "dirty": str(told.commit.endswith(_DIRTY)).lower()}


def _kept(properties: Mapping[str, str]) -> dict[str, str]:
    return dict(_filled(properties))


def _filled(properties: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((key, " ".join(value.split())[:_LONGEST_VALUE]) for key, value in properties.items() if value)
