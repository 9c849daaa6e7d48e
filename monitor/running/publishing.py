"""Says what a run came to: files and a page in S3, metrics, and last one event, so that who is told finds them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from monitor import report
from monitor.files import metrics
from monitor.judgement import Judgement, Metric, Monitor, Outcome
from monitor.running.clients import Clients
from monitor.running.findings import TOLD, Findings
from monitor.running.place import Place
from monitor.running.storage import Stored, put

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef
    from mypy_boto3_s3 import S3Client

SOURCE: Final = "sluice"
DETAIL_TYPE: Final = "Monitoring run ended"
IDLE: Final = "Idle"
"""Our own metric: 1 for a run that found nothing that serves, else 0."""
_MOST_METRICS: Final = 500
"""Of one PutMetricData, which takes 1,000 and 1 MB."""


def publish(findings: Findings, clients: Clients) -> dict[str, Any]:
    """Write everything about a run and tell of it. Gives the verdict."""
    _write(findings, clients.s3)
    for judgement in findings.judgements:
        _measure(judgement, findings.place, clients.cloudwatch)
    verdict = findings.verdict()
    _tell(findings.verdict(told=TOLD), clients)
    return verdict


def idle(place: Place, clients: Clients) -> None:
    """Say that nothing serves, so that silence is known from there being nothing to hear."""
    ours = {"Endpoint": place.endpoint, "Monitor": str(Monitor.DATA_QUALITY)}
    told = [Metric(name="Judged", value=0.0, unit="Count"), Metric(name=IDLE, value=1.0, unit="Count")]
    _put(clients.cloudwatch, metrics.OURS, told, ours)


def _write(findings: Findings, s3: S3Client) -> None:
    bucket, folder = findings.place.capture_bucket, Stored(bucket=findings.place.capture_bucket, key=findings.key)
    for judgement in findings.judgements:
        for name, document in judgement.files.items():
            put(s3, folder.below(f"{judgement.monitor}/{name}"), document)
    put(s3, folder.below("report.html"), _page(findings), media_type="text/html; charset=utf-8")
    verdict, latest = findings.verdict(), f"reports/{findings.place.model}"
    put(s3, folder.below("verdict.json"), verdict)
    put(s3, Stored(bucket=bucket, key=f"{latest}/latest.json"), verdict)
    # An alarm tells of the last run that could judge, whatever has come after it: so does this copy.
    for judgement in findings.judgements:
        if judgement.outcome in (Outcome.COMPLETED, Outcome.COMPLETED_WITH_VIOLATIONS):
            put(s3, Stored(bucket=bucket, key=f"{latest}/judged/{judgement.monitor}.json"), verdict)


def _page(findings: Findings) -> str:
    about = report.Run(
        stage=findings.place.stage,
        model=findings.place.model,
        package_version=findings.package,
        run=findings.run,
        start=findings.window.start,
        end=findings.window.end,
        made=findings.window.end,
        rows=findings.rows,
        skipped=findings.skipped,
        examples=findings.examples,
        baseline=findings.baseline,
    )
    return report.page(about, findings.judgements)


def _measure(judgement: Judgement, place: Place, cloudwatch: CloudWatchClient) -> None:
    """Model Monitor's metrics where it has them, and ours, which alarms look at.

    A monitor that could not judge puts no violations: what its alarm says still stands.
    """
    named = metrics.dimensions(endpoint=place.endpoint, schedule=place.schedule(judgement.monitor))
    _put(cloudwatch, metrics.namespace(judgement.monitor, place.namespace), judgement.metrics, named)
    ours = {"Endpoint": place.endpoint, "Monitor": str(judgement.monitor)}
    told = metrics.of_alarms(judgement)
    judged = any(metric.name == "Judged" and metric.value for metric in told)
    wanted = [each for each in told if judged or each.name != "Violations"]
    # An expression over a metric that was never put has no value: so this one is put whenever the other is.
    busy = [Metric(name=IDLE, value=0.0, unit="Count")] if judgement.monitor == Monitor.DATA_QUALITY else []
    _put(cloudwatch, metrics.OURS, [*wanted, *busy], ours)


def _put(cloudwatch: CloudWatchClient, namespace: str, found: Iterable[Metric], dimensions: Mapping[str, str]) -> None:
    data = [datum for metric in found if (datum := _datum(metric, dimensions))]
    for batch in _batches(data):
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=batch)


def _batches(data: list[MetricDatumTypeDef]) -> Iterable[list[MetricDatumTypeDef]]:
    waiting = iter(data)
    while batch := list(itertools.islice(waiting, _MOST_METRICS)):
        yield batch


def _datum(metric: Metric, dimensions: Mapping[str, str]) -> MetricDatumTypeDef | None:
    """One metric as CloudWatch takes it; None for what is no number."""
    value = metrics.finite(metric.value)
    if value is None:
        return None
    datum: Any = {
        "MetricName": metric.name[:255],
        "Dimensions": _dimensions({**dimensions, **metric.dimensions}),
        "Value": value,
        "Unit": metric.unit,
    }
    return datum  # type: ignore[no-any-return]


def _dimensions(named: Mapping[str, str]) -> list[Any]:
    return [{"Name": name, "Value": value} for name, value in named.items()]


def _tell(verdict: Mapping[str, Any], clients: Clients) -> None:
    entry: Any = {"Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": json.dumps(verdict)}
    answer = clients.events.put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        [failed] = answer["Entries"]
        raise RuntimeError(f"the event of run {verdict['run']} was refused: {failed.get('ErrorMessage')}")
