"""What is drawn of one model: how its endpoint and its releases do, what its monitors find, what it is worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from env import naming, rhythm
from env.monitor import Limit as Bounds
from env.monitor import Monitor
from env.stage import Stage
from infra import alarms
from infra.tiles import Limit, Line, Tile

DAY: Final = 86_400
MONTH_DAYS: Final = 30
RESULTS: Final = {"Deployed": "deployed", "RolledBack": "rolled back", "Failed": "failed", "Superseded": "superseded"}
"""The metrics of how releases ended."""

_PERCENT: Final = 100
_MILLISECONDS: Final = 1000
"""Microseconds in one."""
_SLOW_RETURN_MINUTES: Final = 15

_QUALITY: Final[Mapping[str, Mapping[str, str]]] = {
    "binary-classification": {"auc": "AUC", "f1": "F1", "brier": "Brier score"},
    "regression": {"rmse": "RMSE", "mae": "MAE", "r2": "R²"},
}


class Endpoint:
    """A model's endpoint and its releases."""

    def __init__(self, stage: Stage, model: str) -> None:
        self.name = naming.endpoint(stage, model)
        self._model, self._settings = model, stage.models[model].serving.alarms

    def metric(self, name: str, *, stat: str = "Sum", label: str = "") -> Line:
        """A metric that SageMaker puts for each request."""
        dimensions = {"EndpointName": self.name, "VariantName": naming.VARIANT}
        return Line(label=label, namespace="AWS/SageMaker", metric=name, dimensions=dimensions, stat=stat)

    def release(self, name: str, *, stat: str = "Sum", label: str = "") -> Line:
        """A metric that is put when a release ends."""
        dimensions = {"EndpointName": self.name}
        return Line(label=label, namespace=alarms.NAMESPACE, metric=name, dimensions=dimensions, stat=stat)

    def error_rate(self, *metrics: str, label: str) -> Line:
        """The share of requests that end in one of these errors, in percent; the worst of several."""
        parts = {
            "requests": self.metric("Invocations"),
            **{f"errors{n}x": self.metric(m) for n, m in enumerate(metrics)},
        }
        worst = ", ".join(f"$errors{n}x" for n, _ in enumerate(metrics))
        return Line(label=label, expression=f"{_PERCENT} * MAX([{worst}]) / $requests", parts=parts)

    def latency(self, stat: str, *, label: str) -> Line:
        """How long the model takes, in milliseconds."""
        parts = {"latency": self.metric("ModelLatency", stat=stat)}
        return Line(label=label, expression=f"$latency / {_MILLISECONDS}", parts=parts)

    def seconds(self, metric: str, *, stat: str, seconds: int, label: str) -> Line:
        """A duration of releases in units of so many seconds."""
        return Line(label=label, expression=f"$took / {seconds}", parts={"took": self.release(metric, stat=stat)})

    def tiles(self) -> Iterator[Tile]:
        """How the endpoint answers, how releases end, how long they and the way back take."""
        yield self._errors()
        yield self._latency()
        yield Tile(
            title="Requests",
            unit="per minute",
            lines=[
                self.metric("Invocations", label="requests"),
                self.metric("Invocation4XXErrors", label="refused (4xx)"),
                self.release("Probes", label="probes of a canary"),
            ],
            red="**None where there should be some, or many refused:** callers do not reach it, or send what it does "
            "not take. Look at the callers first.",
            runbook="requests-missing",
        )
        yield Tile(
            title="Releases, by how they ended",
            unit="per day",
            lines=[self.release(metric, label=label) for metric, label in RESULTS.items()],
            red=f"**More than deployed ones:** `sluice history {self._model}` has the reason of each.",
            runbook="failed",
            period_seconds=DAY,
            stacked=True,
            days=MONTH_DAYS,
        )
        yield Tile(
            title="Lead time of a version, from its registration to traffic",
            unit="hours",
            lines=[
                self.seconds("LeadTime", stat="Average", seconds=3600, label="lead time"),
                self.seconds("ReleaseTime", stat="Average", seconds=3600, label="of which the release"),
            ],
            red="**Growing:** versions wait for people. `sluice models` shows which; a release itself takes what its "
            "bakes take.",
            runbook="slow-releases",
            period_seconds=DAY,
            days=MONTH_DAYS,
        )
        yield self._return()

    def _errors(self) -> Tile:
        server, model = self._settings.server_error_rate, self._settings.model_error_rate
        return Tile(
            title="Errors",
            unit="% of requests",
            lines=[
                self.error_rate("Invocation5XXErrors", label="answers that failed (5xx)"),
                self.error_rate("InvocationModelErrors", label="of the model"),
            ],
            limits=[
                Limit(label="backstop, 5xx", value=_PERCENT * min(1.0, 2 * server)),
                Limit(label="backstop, model", value=_PERCENT * min(1.0, 2 * model)),
            ],
            red="**Beyond a line:** the alarm rings, and a release that is watched goes back by itself. If it began "
            "with another one: roll back.",
            runbook="backstop-rings",
        )

    def _latency(self) -> Tile:
        return Tile(
            title="Latency of the model",
            unit="ms",
            lines=[self.latency(stat, label=f"{stat[1:]} % of requests") for stat in ("p50", "p90", "p99")],
            limits=[Limit(label="90 % must be faster", value=self._settings.p90_latency_ms)],
            red="**p90 beyond the line:** more traffic than instances, larger requests, or a slower version.",
            runbook="slow-answers",
        )

    def _return(self) -> Tile:
        return Tile(
            title="Time to roll back, from the veto to the version before",
            unit="minutes",
            lines=[self.seconds("TimeToRollBack", stat="Maximum", seconds=60, label="slowest of the day")],
            limits=[Limit(label="slow", value=_SLOW_RETURN_MINUTES)],
            red="**Beyond the line:** instances were slow to come, or the veto came while those of a canary started.",
            runbook="abort-does-not-act",
            period_seconds=DAY,
            days=MONTH_DAYS,
        )


class Monitored:
    """What the monitors of a model find."""

    def __init__(self, stage: Stage, model: str, monitor: Monitor) -> None:
        self._stage, self._model, self._monitor = stage, model, monitor
        self._endpoint = naming.endpoint(stage, model)
        self.period_seconds = min(DAY, rhythm.longest_pause_seconds(monitor.every))
        self._report = f"`sluice report {model} --stage {stage.name}`"

    def ours(self, metric: str, kind: str, *, stat: str = "Maximum", label: str = "", right: bool = False) -> Line:
        """A metric of one monitor that alarms look at."""
        dimensions = {"Endpoint": self._endpoint, "Monitor": kind}
        return Line(
            label=label, namespace=alarms.MONITORING, metric=metric, dimensions=dimensions, stat=stat, right=right
        )

    def retrainings(self, *, label: str) -> Line:
        """How many retrainings were started."""
        dimensions = {"Endpoint": self._endpoint}
        return Line(label=label, namespace=alarms.MONITORING, metric="Retrainings", dimensions=dimensions)

    def violations(self, *, label: str) -> Line:
        """What all monitors together have found in a run."""
        parts = {f"m{n}x": self.ours("Violations", kind) for n, kind in enumerate(self._monitor.kinds)}
        return Line(label=label, expression=f"SUM([{', '.join(f'${part}' for part in parts)}])", parts=parts)

    def tiles(self) -> Iterator[Tile]:
        """Violations, what moved, quality, bias, attributions as far as they are looked at, silence, retrainings."""
        yield self._violations()
        yield self._distances()
        yield self._completeness()
        if self._monitor.quality:
            yield self._quality()
        if self._monitor.bias:
            yield self._bias()
        if self._monitor.explainability:
            yield self._attributions()
        yield self._judged()
        yield Tile(
            title="Retrainings that were started",
            unit="per day",
            lines=[self.retrainings(label="retrainings")],
            red="**None while an alarm rings:** `sluice history` says what speaks against it. **Every day:** the data "
            "keep moving, or training does not help: stop it and look.",
            runbook="retraining",
            period_seconds=DAY,
            stacked=True,
            days=MONTH_DAYS,
        )

    def business(self) -> Iterator[Tile]:
        """The numbers that the business goes by."""
        for name, indicator in self._monitor.business.items():
            yield Tile(
                title=name,
                unit=indicator.unit or "value",
                floor=None,
                lines=[self._line("business", name, label=name)],
                limits=list(_limits(indicator, "")),
                red=f"**Beyond the line:** `{indicator.expression}` is out of bounds. {self._report} shows what moved "
                "with it; tell who owns the number.",
                runbook="business",
                period_seconds=self.period_seconds,
            )

    def _violations(self) -> Tile:
        return Tile(
            title="Violations: drift, outliers, types, quality, bias",
            unit="in a run",
            lines=[self.ours("Violations", kind, label=kind) for kind in self._monitor.kinds],
            limits=[Limit(label="a violation", value=1)],
            red=f"**One or more:** {self._report} says which, by how much, and how sure that is.",
            runbook="drift",
            period_seconds=self.period_seconds,
        )

    def _distances(self) -> Tile:
        data = self._monitor.data
        kinds = {"numbers": data.numeric_distance, "categories": data.categorical_distance}
        alike = len(set(kinds.values())) == 1
        return Tile(
            title="Distance from the baseline, by feature",
            unit="0 to 1",
            lines=[self._search("data-quality", "feature_baseline_drift")],
            limits=[
                *(Limit(label=kind, value=value) for kind, value in kinds.items() if not alike),
                *([Limit(label="limit", value=data.numeric_distance)] if alike else []),
                *(Limit(label=name, value=own.distance) for name, own in data.features.items() if own.distance),
            ],
            red="**Beyond a line, and surely so:** callers, their customers, or a pipeline before them have changed.",
            runbook="drift",
            period_seconds=self.period_seconds,
        )

    def _completeness(self) -> Tile:
        return Tile(
            title="Completeness: share of requests that have a feature",
            unit="0 to 1",
            lines=[self._search("data-quality", "feature_non_null")],
            red="**A line that falls:** whoever sends requests leaves something out. Ask them: retraining learns it.",
            runbook="drift",
            period_seconds=self.period_seconds,
        )

    def _quality(self) -> Tile:
        quality = self._monitor.quality
        assert quality is not None
        named = _QUALITY[quality.kind]
        limits = [
            limit
            for name, label in named.items()
            if (held := quality.limits.get(name))
            for limit in _limits(held, label)
        ]
        return Tile(
            title="Model quality, as labels come",
            floor=None if quality.kind == "regression" else 0,
            unit=" · ".join(named.values()),
            lines=[self._line("model-quality", name, label=label) for name, label in named.items()],
            limits=limits,
            red=f"**Worse than at training, and surely so:** predictions come true less often. {self._report}, then "
            "retrain or roll back.",
            runbook="model-quality",
            period_seconds=self.period_seconds,
        )

    def _bias(self) -> Tile:
        bias = self._monitor.bias
        assert bias is not None
        facets = ", ".join(f"{column} = {value}" for column, value in bias.facets.items())
        return Tile(
            title=f"Bias of {facets}: how differently groups fare",
            unit="0 is neutral, of DI 1",
            lines=[
                self._search(
                    "bias", "bias_metric", dimensions=("BiasStage", "Label", "LabelValue", "Facet", "FacetValue")
                )
            ],
            floor=-1,
            ceiling=2,
            red="**Further from neutral than at training:** a group of people is treated differently. Bring in who "
            "answers for fairness before you retrain.",
            runbook="bias",
            period_seconds=self.period_seconds,
        )

    def _attributions(self) -> Tile:
        return Tile(
            title="What answers rest on, by feature",
            unit="mean absolute attribution",
            floor=None,
            lines=[
                self._search("explainability", "feature", dimensions=("ExplainabilityMethod", "Label", "ValueType"))
            ],
            red="**Lines that cross:** the model decides by other features than at training.",
            runbook="explainability",
            period_seconds=self.period_seconds,
        )

    def _judged(self) -> Tile:
        return Tile(
            title="Windows that could be judged",
            unit="1 = judged",
            lines=[
                *(self.ours("Judged", kind, stat="Minimum", label=kind) for kind in self._monitor.kinds),
                self.ours("Rows", "data-quality", label="requests looked at (right)", right=True),
            ],
            limits=[Limit(label="not judged", value=0.5, below=True)],
            red="**0, or nothing:** too few requests or labels, or the monitor does not run. Silence is not health.",
            runbook="not-judged",
            period_seconds=self.period_seconds,
        )

    def _namespace(self, kind: str) -> str:
        family = kind.removesuffix("-quality")
        return f"{self._stage.monitoring.namespace}/Endpoints/{family}-metrics"

    def _line(self, kind: str, metric: str, *, label: str) -> Line:
        """A metric of Model Monitor's, or one like it."""
        schedule = naming.monitoring_schedule(self._stage, self._model, kind)
        dimensions = {"Endpoint": self._endpoint, "MonitoringSchedule": schedule}
        return Line(label=label, namespace=self._namespace(kind), metric=metric, dimensions=dimensions, stat="Average")

    def _search(self, kind: str, metric: str, *, dimensions: tuple[str, ...] = ()) -> Line:
        """All metrics of a monitor whose names begin so: features and facets are the model's, and may change.

        Source: CloudWatch User Guide, "CloudWatch search expression syntax".
        """
        schedule = naming.monitoring_schedule(self._stage, self._model, kind)
        schema = ",".join([f'"{self._namespace(kind)}"', "Endpoint", "MonitoringSchedule", *dimensions])
        term = f'MetricName={metric} MonitoringSchedule="{schedule}"'
        label = "${PROP('Dim.Facet')} ${PROP('MetricName')}" if "Facet" in dimensions else "${PROP('MetricName')}"
        return Line(label=label, expression=f"SEARCH('{{{schema}}} {term}', 'Maximum', {self.period_seconds})")


def _limits(bounds: Bounds, label: str) -> Iterator[Limit]:
    if bounds.at_least is not None:
        yield Limit(label=f"{label} at least".strip(), value=bounds.at_least, below=True)
    if bounds.at_most is not None:
        yield Limit(label=f"{label} at most".strip(), value=bounds.at_most)
