"""What SageMaker's own monitors have found, told as the kit tells of its own: verdict, metrics for alarms, event, page.

SageMaker Developer Guide, "Monitor data quality", "Interpreting results"; API Reference, "ListMonitoringExecutions".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from monitor.files import STATISTICS, VIOLATIONS, violations
from monitor.judgement import Judgement, Monitor, Outcome
from monitor.policy import Policy
from monitor.running import publishing, storage
from monitor.running.clarifying import configure
from monitor.running.clients import Clients
from monitor.running.findings import Findings
from monitor.running.place import Place
from monitor.running.serving import look
from monitor.running.storage import Stored
from monitor.running.window import Window, folder

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import MonitoringExecutionSummaryTypeDef as Execution

_UNDER_WAY: Final = ("Pending", "InProgress", "Stopping")
_SILENT: Final = "Job inputs had no data"
"""SageMaker's reason for a window in which nothing was captured, or nothing labelled."""
_LOOKED_AT: Final = 10
"""So many turns back those are sought that nobody has told yet."""
_NOT_RUN: Final = "SageMaker has not run this monitor yet."


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One turn of all schedules of a model: what each monitor's execution came to; None where it has none."""

    at: datetime
    executions: Mapping[Monitor, Execution | None]


def tell(place: Place, policy: Policy, clients: Clients) -> dict[str, Any]:
    """Publish the turns of SageMaker's monitors that have ended, in their order. Gives the verdict on the newest.

    A turn is published once: asked again before another one has ended, this gives the verdict that is there.
    """
    served = look(place, clients.sagemaker)
    if served is None:
        publishing.idle(place, clients)
        return {"outcome": str(Outcome.INSUFFICIENT_DATA), "reason": f"Nothing serves {place.model} yet."}
    configure(place, policy, served, clients)
    verdict: dict[str, Any] | None = None
    for turn in ended(place, asked(policy), clients.sagemaker):
        verdict = storage.found(clients.s3, _published(place, turn))
        if verdict is None:
            verdict = publishing.publish(_findings(place, policy, served.version, turn, clients), clients)
    return verdict or {"outcome": str(Outcome.INSUFFICIENT_DATA), "reason": _NOT_RUN}


def _findings(place: Place, policy: Policy, version: str, turn: Turn, clients: Clients) -> Findings:
    return Findings(
        place=place,
        window=Window.ending(turn.at, minutes=policy.window_minutes),
        run=_run(turn),
        package=version,
        judgements=[_judgement(place, kind, turn, clients.s3) for kind in turn.executions],
        rows=_rows(place, turn, clients.s3),
    )


def _run(turn: Turn) -> str:
    return f"{turn.at.astimezone(UTC):%Y%m%dt%H%M%Sz}-model-monitor"


def _published(place: Place, turn: Turn) -> Stored:
    """Where the verdict on a turn is, once it has been told."""
    return Stored(bucket=place.capture_bucket, key=f"reports/{place.model}/{folder(turn.at)}/{_run(turn)}/verdict.json")


def asked(policy: Policy) -> list[Monitor]:
    """The monitors of a policy that SageMaker has."""
    optional = {
        Monitor.MODEL_QUALITY: policy.quality,
        Monitor.BIAS: policy.bias,
        Monitor.EXPLAINABILITY: policy.explainability,
    }
    return [Monitor.DATA_QUALITY, *(monitor for monitor, settings in optional.items() if settings is not None)]


def ended(place: Place, monitors: Sequence[Monitor], sagemaker: SageMakerClient) -> Iterator[Turn]:
    """The last turns, the oldest first, up to the first in which an execution is still under way."""
    found = {monitor: _executions(place, monitor, sagemaker) for monitor in monitors}
    turns = sorted({at for executions in found.values() for at in executions})
    for at in turns[-_LOOKED_AT:]:
        executions = {monitor: found[monitor].get(at) for monitor in monitors}
        if any(each["MonitoringExecutionStatus"] in _UNDER_WAY for each in executions.values() if each):
            return
        yield Turn(at=at, executions=executions)


def _executions(place: Place, monitor: Monitor, sagemaker: SageMakerClient) -> dict[datetime, Execution]:
    """Those of a schedule by their turns; none where there is no such schedule yet."""
    try:
        listed = sagemaker.list_monitoring_executions(
            MonitoringScheduleName=place.schedule(monitor),
            SortBy="ScheduledTime",
            SortOrder="Descending",
            MaxResults=_LOOKED_AT,
        )
    except sagemaker.exceptions.ResourceNotFound:
        return {}
    return {each["ScheduledTime"]: each for each in listed["MonitoringExecutionSummaries"]}


def _judgement(place: Place, monitor: Monitor, turn: Turn, s3: S3Client) -> Judgement:
    execution = turn.executions[monitor]
    if execution is None:
        return Judgement(monitor=monitor, outcome=Outcome.INSUFFICIENT_DATA, reason=_NOT_RUN, rows=0)
    status, why = execution["MonitoringExecutionStatus"], execution.get("FailureReason", "")
    rows = _rows(place, turn, s3) if monitor is Monitor.DATA_QUALITY else 0
    if status == "Completed":
        return Judgement(monitor=monitor, outcome=Outcome.COMPLETED, reason="SageMaker has found nothing.", rows=rows)
    if status == "CompletedWithViolations":
        told = storage.found(s3, _report(place, monitor, turn, VIOLATIONS)) or {}
        found = violations.read(monitor, told)
        named = ", ".join(dict.fromkeys(each.feature for each in found)) or "its report says of what"
        reason = f"SageMaker has found {len(found)} violation{'s' * (len(found) != 1)}: {named}."
        outcome = Outcome.COMPLETED_WITH_VIOLATIONS
        return Judgement(
            monitor=monitor, outcome=outcome, reason=reason, rows=rows, violations=found, files={VIOLATIONS: told}
        )
    silent = _SILENT in why or status == "Stopped"
    reason = f"SageMaker has not judged this turn: {why or status}"
    return Judgement(
        monitor=monitor, outcome=Outcome.INSUFFICIENT_DATA if silent else Outcome.FAILED, reason=reason, rows=0
    )


def _rows(place: Place, turn: Turn, s3: S3Client) -> int:
    """How many requests data quality has looked at, as its statistics say."""
    statistics = storage.found(s3, _report(place, Monitor.DATA_QUALITY, turn, STATISTICS)) or {}
    return int(statistics.get("dataset", {}).get("item_count", 0))


def _report(place: Place, monitor: Monitor, turn: Turn, name: str) -> Stored:
    """A file of a turn's report, which lies by the hour of the turn."""
    under = f"reports/{place.model}/model-monitor/{place.endpoint}/{place.schedule(monitor)}"
    return Stored(bucket=place.capture_bucket, key=f"{under}/{folder(turn.at)}/{name}")
