"""`sluice show`: where a version comes from and who let it in: data, code, run, metrics, approval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click
from botocore.exceptions import ClientError
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.text import Text

from cli import ledger, metrics
from cli.comparison import beside_serving
from cli.connection import Connection, connect, person_option, stage_option
from cli.history import person as short
from cli.printing import instant, json_option, out, print_json
from cli.registry import describe, named, newest
from cli.serving import live_package
from env import naming

_COLOURS = {"Approved": "green", "Rejected": "red", "PendingManualApproval": "yellow"}
_DIRTY = "-dirty"


@click.command()
@click.argument("version", metavar="MODEL[/VERSION]")
@stage_option
@json_option
@person_option
def show(version: str, *, stage: str | None, as_json: bool, person: naming.Person | None) -> None:
    """Show the evidence of one version (the newest by default): metrics, data, code, run, approval, files."""
    connection = connect(stage, person=person)
    model, given = named(connection, version)
    facts = evidence(connection, model, newest(connection, model) if given is None else given)
    if as_json:
        print_json(facts)
    else:
        out.print(view(connection, facts))


def evidence(connection: Connection, model: str, number: int) -> dict[str, Any]:
    """What is known of one version, each metric by its name too. Raises CliError when there is no such version."""
    package = describe(connection, model, number)
    container = package.get("InferenceSpecification", {}).get("Containers", [{}])[0]
    statistics = package.get("ModelMetrics", {}).get("ModelQuality", {}).get("Statistics", {})
    baseline = package.get("DriftCheckBaselines", {}).get("ModelDataQuality", {})
    origin = package.get("MetadataProperties", {})
    commit, run = origin.get("CommitId"), origin.get("GeneratedBy")
    serving = live_package(connection, model)
    return {
        **metrics.of(package),
        "model": model,
        "version": number,
        "status": package["ModelApprovalStatus"],
        **_approval(connection, package),
        "serves_in": connection.stage.name if serving == package["ModelPackageArn"] else None,
        "created": package["CreationTime"],
        "changed_by": package.get("LastModifiedBy", {}).get("IamIdentity", {}).get("Arn"),
        "metrics": metrics.of(package),
        "data_uri": metrics.fact(package, "data-uri"),
        "data_version": metrics.fact(package, "data-version"),
        "data_sha256": metrics.fact(package, "data-sha256"),
        "rows": metrics.as_number(metrics.fact(package, "rows")),
        "code_commit": commit,
        "code_dirty": commit.endswith(_DIRTY) if commit else None,
        "run": run,
        "trained_by": _trainer(connection, run) if run else None,
        "trained_because": package.get("ModelPackageDescription"),
        "report": metrics.fact(package, "report"),
        "model_sha256": metrics.fact(package, "model-sha256"),
        "baseline": baseline.get("Statistics", {}).get("S3Uri"),
        "evaluation": statistics.get("S3Uri"),
        "artefact": container.get("ModelDataUrl"),
        "image": container.get("Image"),
        "arn": package["ModelPackageArn"],
    }


def _approval(connection: Connection, package: Mapping[str, Any]) -> dict[str, Any]:
    """Who let a version into this stage, when and why: the ledger's word, else the registry's.

    Where nobody has, or where the registry has rejected it since, the reason is what the registry says of its status.
    """
    last, status = _admission(connection, package), package["ModelApprovalStatus"]
    described = package.get("ApprovalDescription")
    if last is None and status == "Approved" and connection.stage.first:
        who = package.get("LastModifiedBy", {}).get("IamIdentity", {}).get("Arn")
        last = {"by": who, "at": package.get("LastModifiedTime"), "reason": described}
    return {
        "reason": last["reason"] if last and status != "Rejected" else described,
        "approved_by": last["by"] if last else None,
        "approved_at": last["at"] if last else None,
    }


def _admission(connection: Connection, package: Mapping[str, Any]) -> dict[str, Any] | None:
    """The ledger's last word on who approved a version: an order, else the release that an approval opened.

    A release that brings a version back names its approver too, but neither that approval's time nor its reason.
    """
    try:
        records = ledger.records(connection, package["ModelPackageGroupName"])
    except ledger.NoLedgerError:
        return None
    found = [record for record in reversed(records) if record.get("version") == package["ModelPackageVersion"]]
    for kind, who in (("approved", "by"), ("opened", "approved_by")):
        for record in found:
            if record["kind"] == kind and record.get(who) and record.get("cause", "approval") == "approval":
                return {"by": record[who], "at": record["at"], "reason": record["reason"]}
    return None


def _trainer(connection: Connection, run: str) -> str | None:
    """Who started an execution, None where the caller may not know or it is gone."""
    if run.split(":")[4:5] != [connection.stage.account]:
        return None
    try:
        told = connection.client("sagemaker").describe_pipeline_execution(PipelineExecutionArn=run)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("AccessDeniedException", "ResourceNotFound", "ValidationException"):
            return None
        raise
    by: str | None = told.get("CreatedBy", {}).get("IamIdentity", {}).get("Arn")
    return by


def view(connection: Connection, facts: Mapping[str, Any]) -> RenderableType:
    """A version's evidence for people."""
    status = facts["status"]
    serves = f" · [green]serves in {facts['serves_in']}[/]" if facts["serves_in"] else ""
    head = f"[bold]{facts['model']}/{facts['version']}[/]  [{_COLOURS.get(status, 'white')}]{status}[/]{serves}"
    told = list(_told(facts))
    width = max(len(name) for name, _ in told)
    # No table: a URI that is longer than the screen shall be one line to whoever copies it.
    parts: list[RenderableType] = [
        Text.from_markup(text) for text in (head, *(f"[bold]{name:<{width}}[/]  {value}" for name, value in told))
    ]
    if values := facts["metrics"]:
        version = f"{facts['model']}/{facts['version']}"
        parts += [Text(), beside_serving(connection, facts["model"], version=version, values=values)]
    return Group(*parts)


def _told(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is said of a version, line by line; what is not known is left out."""
    lines = {
        "approved by": _by(facts["approved_by"], facts["approved_at"]),
        "why": facts["reason"],
        "data": facts["data_uri"],
        "  version": facts["data_version"],
        "  sha256": facts["data_sha256"],
        "  rows": f"{facts['rows']:,}" if facts["rows"] is not None else None,
        "code": _code(facts),
        "run": facts["run"].rsplit("/", 1)[-1] if facts["run"] else None,
        "trained by": _by(facts["trained_by"], facts["created"]),
        "  reason": facts["trained_because"],
        "  report": facts["report"],
        "evaluation": facts["evaluation"],
        "baseline": facts["baseline"],
        "artefact": facts["artefact"],
        "  sha256 ": facts["model_sha256"],
        "image": facts["image"],
    }
    yield from ((name, escape(str(value))) for name, value in lines.items() if value)


def _by(who: str | None, when: Any) -> str:
    return f"{short(who)}, {instant(when)}" if who and when else ""


def _code(facts: Mapping[str, Any]) -> str:
    commit = (facts["code_commit"] or "").removesuffix(_DIRTY)
    return f"{commit}, with changes that were not committed" if facts["code_dirty"] else commit
