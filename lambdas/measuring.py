"""What a release that has ended is measured by: how often, how fast from training to traffic, how fast back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.records import Outcome
from lambdas.situation import Situation

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

NAMESPACE: Final = "Sluice/Release"

_COUNTS: Final = {
    "deployed": "Deployed",
    "rolled_back": "RolledBack",
    "failed": "Failed",
    "superseded": "Superseded",
}
_log = logging.getLogger(__name__)


def points(outcome: Outcome, situation: Situation) -> Iterator[tuple[str, float, str]]:
    """The metrics of an outcome as name, value and unit.

    `Deployed`, `RolledBack`, `Failed` or `Superseded` is 1. `LeadTime` is the time from a version's registration to its
    traffic, `ReleaseTime` that from its opening, `TimeToRollBack` that from a veto to the version before, in seconds. A
    config that a deployment of the stack has made is no release.
    """
    if outcome.cause != "release":
        return
    yield _COUNTS[outcome.outcome], 1, "Count"
    release = situation.journal.opened.get(outcome.release_id)
    if release is None:
        return
    if outcome.outcome == "deployed" and release.cause == "approval":
        yield "ReleaseTime", outcome.seconds, "Seconds"
        package = situation.packages.get(outcome.version)
        if package and package.created:
            yield "LeadTime", (situation.now - package.created).total_seconds(), "Seconds"
    left = situation.journal.opened.get(release.follows) if release.cause == "rollback" else None
    gone = left.version if left and outcome.outcome == "deployed" else outcome.version
    veto = situation.journal.vetoes.get(gone)
    if veto and (left or outcome.outcome == "rolled_back"):
        yield "TimeToRollBack", (situation.now - veto.at).total_seconds(), "Seconds"


def put(outcome: Outcome, situation: Situation, *, endpoint: str, cloudwatch: CloudWatchClient) -> None:
    """Put the metrics of an outcome. The ledger has it already: what cannot be counted holds up no release."""
    dimensions = [{"Name": "EndpointName", "Value": endpoint}]
    data: list[Any] = [
        {"MetricName": name, "Dimensions": dimensions, "Value": value, "Unit": unit}
        for name, value, unit in points(outcome, situation)
    ]
    if not data:
        return
    try:
        cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=data)
    except (ClientError, BotoCoreError) as error:
        _log.warning("could not measure a release", extra={"release": outcome.release_id, "error": str(error)})
