"""`sluice models`, `approve` and `reject`: the versions of a model, and what an approver does about one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
from botocore.exceptions import ClientError

from cli import metrics
from cli.connection import Connection, connect, person_option, stage_option
from cli.errors import CliError, WrongUseError
from cli.functions import ask
from cli.printing import json_option, minute, out, print_rows
from cli.serving import live_package, package_arn
from env import naming


@click.command()
@click.argument("model")
@stage_option
@json_option
@person_option
def models(model: str, *, stage: str | None, as_json: bool, person: naming.Person | None) -> None:
    """List the versions of MODEL: status, metrics, and which one the stage serves."""
    connection = connect(stage, person=person)
    found = versions(connection, connection.model(model))
    print_rows(
        found if as_json else [_told(row) for row in found], as_json=as_json, empty=f"{model} has no version yet"
    )


@click.command()
@click.argument("version", metavar="MODEL/VERSION")
@stage_option
@click.option("--reason", required=True, help="Why: it stands with the version for good.")
@person_option
def approve(version: str, stage: str | None, reason: str, person: naming.Person | None) -> None:
    """Approve MODEL/VERSION for a stage, which then releases it.

    In the first stage of a chain this is the registry's approval; a later stage wants the version to have served in the
    stage before.
    """
    decide(connect(stage, person=person), version, status="Approved", reason=reason)


@click.command()
@click.argument("version", metavar="MODEL/VERSION")
@stage_option
@click.option("--reason", required=True, help="Why: it stands with the version for good.")
@person_option
def reject(version: str, stage: str | None, reason: str, person: naming.Person | None) -> None:
    """Reject MODEL/VERSION: no stage will release it, and the first stage takes it back where it serves."""
    decide(connect(stage, person=person), version, status="Rejected", reason=reason)


def versions(connection: Connection, model: str) -> list[dict[str, Any]]:
    """Every version of a model, newest first."""
    serving, packages = live_package(connection, model), list(_packages(connection, model))
    # Versions need not have the same metrics; a table has the same columns for all.
    names = dict.fromkeys(name for package in packages for name in metrics.of(package))
    return [_row(package, serving, names=list(names)) for package in packages]


def describe(connection: Connection, model: str, number: int) -> dict[str, Any]:
    """One version as SageMaker describes it. Raises CliError when there is no such version."""
    arn = package_arn(connection, model, number)
    try:
        package: dict[str, Any] = connection.client("sagemaker").describe_model_package(ModelPackageName=arn)
    except ClientError as error:
        if _is_gone(error):
            raise CliError(f"there is no version {model}/{number}: `sluice models {model}` lists them") from error
        raise
    return package


def decide(connection: Connection, version: str, *, status: str, reason: str) -> None:
    """Approve or reject a version for the connection's stage.

    The registry's status admits to the first stage of a chain; a version that is Approved there already, and every
    version of a later stage, is ordered of the stage's approve function. Raises CliError when the version does not
    exist, was rejected before, or may not enter the stage.
    """
    model, number = named(connection, version)
    if number is None:
        raise WrongUseError(f"say which version of {model}: {model}/VERSION")
    stage = connection.stage
    if status == "Rejected" and not stage.first:
        raise WrongUseError(
            f"a rejection holds in every stage and is the first one's to say: `sluice reject {model}/{number}` there; "
            f"`sluice rollback {model} --stage {stage.name}` takes back what {stage.name} serves"
        )
    package = describe(connection, model, number)
    before = package["ModelApprovalStatus"]
    if before == "Rejected" and status == "Approved":
        why = package.get("ApprovalDescription", "no reason given")
        raise CliError(f"{model}/{number} was rejected ({why}): train a new version")
    if before == status and (status == "Rejected" or live_package(connection, model) == package["ModelPackageArn"]):
        serves = f" and serves in {stage.name}" if status == "Approved" else ""
        out.print(f"{model}/{number} is {status} already{serves}")
    elif before == status or not stage.first:
        _order(connection, model, number, reason=reason)
    else:
        _write_status(connection, package, status=status, reason=reason)


def _order(connection: Connection, model: str, number: int, *, reason: str) -> None:
    """Ask the stage's approve function, which checks what the stage demands and writes it into the ledger."""
    by = connection.caller()
    ask(connection, "approve", {"model": model, "version": number, "reason": reason, "by": by})
    stage = connection.stage.name
    out.print(f"[bold]{model}/{number}[/] approved for {stage}: `sluice status {model} --stage {stage} --watch`")


def _write_status(connection: Connection, package: Mapping[str, Any], *, status: str, reason: str) -> None:
    connection.client("sagemaker").update_model_package(
        ModelPackageArn=package["ModelPackageArn"], ModelApprovalStatus=status, ApprovalDescription=reason
    )
    model, number = package["ModelPackageGroupName"], package["ModelPackageVersion"]
    follow = f": `sluice status {model} --watch` follows its release" if status == "Approved" else ""
    out.print(f"[bold]{model}/{number}[/] {status}{follow}")


def named(connection: Connection, text: str) -> tuple[str, int | None]:
    """The model and the version, if any, that a person means with `MODEL[/VERSION]`. Raises WrongUseError."""
    name, slash, number = text.partition("/")
    if slash and not number.isdecimal():
        raise WrongUseError(f"{text!r}: a version is a number, as in {name}/3")
    return connection.model(name), int(number) if number else None


def newest(connection: Connection, model: str) -> int:
    """The number of a model's newest version. Raises CliError when it has none."""
    found = next(_packages(connection, model), None)
    if found is None:
        raise CliError(f"{model} has no version yet: `sluice run {model}` makes one")
    return int(found["ModelPackageVersion"])


def _packages(connection: Connection, model: str) -> Iterator[dict[str, Any]]:
    sagemaker, stage = connection.client("sagemaker"), connection.stage
    group = f"arn:aws:sagemaker:{stage.registry_region}:{stage.registry_account}:model-package-group/{model}"
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group, SortBy="CreationTime", SortOrder="Descending"
    )
    try:
        summaries = [summary for page in pages for summary in page["ModelPackageSummaryList"]]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        remedy = f"run `sluice deploy {stage.name}` first"
        raise CliError(f"stage {stage.name} has no model package group {model}: {remedy}") from error
    for summary in summaries:
        try:
            yield sagemaker.describe_model_package(ModelPackageName=summary["ModelPackageArn"])
        except ClientError as error:
            if not _is_gone(error):
                raise  # else it was deleted after it had been listed


def _is_gone(error: ClientError) -> bool:
    return "does not exist" in str(error) or "not find" in str(error)


def _row(package: dict[str, Any], serving: str | None, *, names: Sequence[str]) -> dict[str, Any]:
    values = metrics.of(package)
    return {
        "version": package["ModelPackageVersion"],
        "status": package["ModelApprovalStatus"],
        **{name: values.get(name) for name in names},
        "serves": "yes" if serving == package["ModelPackageArn"] else None,
        "created": package["CreationTime"],
        "commit": package.get("MetadataProperties", {}).get("CommitId", "")[:12] or None,
    }


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    """A version in a line that fits a screen: whether it serves stands with its status."""
    status = f"{row['status']}, serves" if row["serves"] else row["status"]
    told = {**row, "status": status, "created": minute(row["created"]), "commit": (row["commit"] or "")[:8]}
    del told["serves"]
    return told
