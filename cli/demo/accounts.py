"""Every request accounted for: what was sent against what CloudWatch counted, fleet by fleet."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.table import Table

from cli import ledger
from cli.connection import Connection
from cli.ledger import Record
from cli.serving import describe_endpoint
from cli.state import answered
from env import naming

_FLEET = "EndpointConfigName"
_PERIOD_SECONDS = 60
_PATIENCE_SECONDS = 15
_PAUSE_SECONDS = 0.5
_METRICS = {"requests": "Invocations", "errors": "InvocationModelErrors"}


@dataclass(frozen=True, kw_only=True)
class Account:
    """What CloudWatch counted for the fleet of one release."""

    release: str
    version: int
    requests: int
    errors: int


@dataclass(frozen=True, kw_only=True)
class Probes:
    """Requests that the stage itself has sent to a canary, and those of them that ended in an error."""

    sent: int
    failed: int


class Books:
    """The requests of a model's fleets in all, as CloudWatch counts them, and the probes among them."""

    def __init__(self, connection: Connection, model: str) -> None:
        self._connection, self._model = connection, model
        self._endpoint = naming.endpoint(connection.stage, model)
        self._logs = connection.client("logs")
        self._cloudwatch = connection.client("cloudwatch")

    def settle(self, *, sent: int) -> list[Account]:
        """The accounts of all fleets, once `sent` requests and the probes have arrived there, or after a while."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            found = self._accounts()
            if sum(account.requests for account in found) >= sent + self.probes().sent or time.monotonic() > deadline:
                return found
            time.sleep(_PAUSE_SECONDS)

    def probes(self) -> Probes:
        """What the watch function says that it has sent, and what of it was answered with an error."""
        group = f"/aws/lambda/{naming.function(self._connection.stage, 'watch')}"
        pages = self._logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        minutes = [probed(event["message"], self._model) for page in pages for event in page["events"]]
        return Probes(sent=sum(minute.sent for minute in minutes), failed=sum(minute.failed for minute in minutes))

    def _accounts(self) -> list[Account]:
        """An account for every fleet that CloudWatch has ever heard of, in the order of their releases."""
        records = ledger.records(self._connection, self._model)
        # SageMaker lower-cases names in ARNs, from which the ledger has those of fleets that never served.
        ended = {r["config"].lower(): r for r in records if r["kind"] == "outcome" and r.get("config")}
        begun = datetime.fromisoformat(records[0]["at"]) - timedelta(hours=1)
        now = answered(describe_endpoint(self._connection, self._model) or {})
        found = [self._account(ended.get(config.lower()), config, begun=begun, now=now) for config in self._configs()]
        return sorted(found, key=lambda account: account.version)

    def _configs(self) -> set[str]:
        pages = self._cloudwatch.get_paginator("list_metrics").paginate(
            Namespace="AWS/SageMaker",
            MetricName=_METRICS["requests"],
            Dimensions=[{"Name": "EndpointName", "Value": self._endpoint}, {"Name": _FLEET}],
        )
        dimensions = (d for page in pages for metric in page["Metrics"] for d in metric["Dimensions"])
        return {dimension["Value"] for dimension in dimensions if dimension["Name"] == _FLEET}

    def _account(self, record: Record | None, config: str, *, begun: datetime, now: datetime) -> Account:
        fleet = {"EndpointName": self._endpoint, "VariantName": naming.VARIANT, _FLEET: config}
        dimensions = [{"Name": name, "Value": value} for name, value in fleet.items()]
        answer = self._cloudwatch.get_metric_data(
            MetricDataQueries=[_sum(name, metric, dimensions) for name, metric in _METRICS.items()],
            StartTime=begun,
            EndTime=now + timedelta(seconds=_PERIOD_SECONDS),
        )
        sums = {result["Id"]: round(sum(result["Values"])) for result in answer["MetricDataResults"]}
        return Account(
            release=record["release_id"] if record else "?", version=record["version"] if record else 0, **sums
        )


def table(accounts: Iterable[Account]) -> Table:
    """The accounts for people."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("release", "version", "requests", "errors"):
        shown.add_column(column, justify="right" if column in _METRICS else "left")
    for account in accounts:
        shown.add_row(account.release, str(account.version), f"{account.requests:,}", f"{account.errors:,}")
    return shown


def _sum(name: str, metric: str, dimensions: list[dict[str, str]]) -> dict[str, Any]:
    measured = {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": measured, "Period": _PERIOD_SECONDS, "Stat": "Sum"}}


def probed(line: str, model: str) -> Probes:
    """The probes that a line of the watch function's log tells of; most lines tell of none."""
    said = json.loads(line) if line.startswith("{") else {}
    watched = said.get("models") if said.get("message") == "watched" else None
    minute = watched.get(model, {}) if isinstance(watched, dict) else {}
    return Probes(sent=int(minute.get("sent", 0)), failed=int(minute.get("errors", 0)))
