"""What is said when an execution is over: the metrics against what serves, or what failed and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from cli import metrics
from cli.comparison import beside_serving
from cli.connection import Connection
from cli.errors import CliError
from cli.printing import out
from cli.running.jobs import Job, look
from cli.running.record import Run, Step
from cli.running.tracebacks import exception, excerpt, headline
from cli.running.words import Words
from env import naming

_LINES = 15
_CHARACTERS = 150
_TYPED = re.compile(r"^(?P<type>[A-Z][A-Za-z]*(?:Error|Exception|Fault)): *(?P<what>.*)", re.DOTALL)
_GATE = "Fail"
_REMEDY = "what to do:"
_LOCAL_REMEDY = "\nWhat to do: "
_DENIED = re.compile(r"AccessDenied|not authorized|Forbidden|403")
_SCARCE = ("CapacityError", "ResourceLimitExceeded", "ResourceLimitError")


def conclude(connection: Connection, run: Run, *, brief: bool = False) -> None:
    """Tell what a run has come to: its version beside the one that serves; nothing of a success if `brief`.

    Raises CliError when it did not succeed.
    """
    if run.status != "Succeeded":
        raise CliError("\n".join(failure(connection, run)))
    if brief:
        return
    if run.package is None:
        out.print(f"run [bold]{run.id}[/] succeeded; it registers no model")
        return
    package = connection.client("sagemaker").describe_model_package(ModelPackageName=run.package)
    out.print(f"registered [bold]{run.version}[/]: {_waits(package)}")
    if values := metrics.of(package):
        out.print(beside_serving(connection, run.model, version=str(run.version), values=values))
    out.print(f"  sluice show {run.version}")
    if package["ModelApprovalStatus"] == "PendingManualApproval":
        out.print(f'  sluice approve {run.version} --stage {connection.stage.name} --as approver --reason "…"')


def failure(connection: Connection, run: Run) -> Iterator[str]:
    """What went wrong, in lines: each step with the type of its error, the end of its log, and what to do."""
    registered = f"registered {run.version}" if run.version else "nothing was registered"
    yield f"run {run.id} of {run.model} is {run.status}; {registered}"
    if not run.failed and run.reason:
        yield run.reason
    for step in run.failed:
        yield from _failed(connection, run, step)
    if not run.failed:
        yield f"{_REMEDY} `sluice retry {run.id}` goes on where it stood"


def _failed(connection: Connection, run: Run, step: Step) -> Iterator[str]:
    """A step's failure: the exception that ended its program where there is one, the log's end, the remedy."""
    # The local cloud's reasons end with a remedy; those of AWS do not.
    reason, _, told = step.reason.partition(_LOCAL_REMEDY)
    job = look(connection, step)
    lines = _log(connection, job) if job else []
    raised = exception(lines)
    told_by_log = raised is not None and raised not in reason
    said = f"{headline(reason)}, {raised}" if told_by_log else reason
    yield f"step {step.name}: {said or 'SageMaker gives no reason'}"
    shown = [line for line in excerpt(lines, most=_LINES) if told_by_log or line.strip() not in reason]
    if job and shown:
        yield f"the end of its log ({job.group}, {job.name}):"
        yield from (f"  {shorten(line)}" for line in shown)
    log = f"{told} `sluice logs {run.id} {step.name}` has all that it wrote"
    yield f"{_REMEDY} {log if told else remedy(connection, run, step)}"


def _log(connection: Connection, job: Job) -> list[str]:
    """What a job has written; nothing where the caller may not read it: the failure is told without."""
    try:
        return list(Words(connection, job).fresh())
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDeniedException":
            raise
        return []


def shorten(line: str) -> str:
    """A line of a log as far as it is read at a glance."""
    return line if len(line) <= _CHARACTERS else f"{line[: _CHARACTERS - 1]}…"


def typed(reason: str) -> tuple[str, str]:
    """A failure's reason as the type of its error, which may be empty, and the rest."""
    found = _TYPED.match(reason)
    return (found["type"], found["what"]) if found else ("", reason)


def remedy(connection: Connection, run: Run, step: Step) -> str:
    """What a person does about a step that failed, by the type of its error."""
    kind, what = typed(step.reason)
    stage, again, retry = connection.stage.name, f"then `sluice run {run.model}`", f"`sluice retry {run.id}`"
    log = f"`sluice logs {run.id} {step.name}`"
    if step.kind == _GATE:
        return f"better data or a better model, {again}; a limit is a parameter (--param, or env/{stage}.toml)"
    if kind == "AlgorithmError":
        return f"mend the program in pipelines/{naming.folder(run.model)}/, {again}; {log} has all that it wrote"
    if kind == "ClientError" and _DENIED.search(what):
        return f"the pipeline's role lacks a right: whoever deploys stage {stage} gives it, then {retry}"
    if kind == "ClientError":
        return f"correct what the step asks for, in its parameters (--param) or in pipeline.py, {again}"
    if kind in _SCARCE:
        return f"another instance type in env/{stage}.toml or a higher quota, or wait; then {retry}"
    return f"{log} has what it wrote; {retry} goes on where it stood"


def _waits(package: Mapping[str, Any]) -> str:
    status = package["ModelApprovalStatus"]
    return "it waits for an approval" if status == "PendingManualApproval" else f"it is {status}"
