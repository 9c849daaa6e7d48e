"""The dashboards of a stage, one of all its models and one of each: health, fidelity, worth."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from env import naming
from env.stage import Stage
from infra.graphs import DAY, MONTH_DAYS, RESULTS, Endpoint, Monitored
from infra.tiles import Family, Frame, Limit, Line, Tile, body

_OPERATION: Final = "Operational health: does it run, and do releases get through?"
_FIDELITY: Final = "Data and model fidelity: does it still see what it was trained with, and come true?"
_BUSINESS: Final = "Business: is it worth what it should be?"


def add(scope: Construct, *, stage: Stage) -> None:
    """Add the dashboards to the stack of the stage's releases."""
    bodies = {"Dashboard": (naming.dashboard(stage), of_stage(stage))}
    for model in stage.models:
        bodies[f"Dashboard-{model}"] = naming.dashboard(stage, model), of_model(stage, model)
    for construct_id, (name, content) in bodies.items():
        cloudwatch.CfnDashboard(
            scope,
            construct_id,
            dashboard_name=name,
            dashboard_body=json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False),
        )


def of_model(stage: Stage, model: str) -> dict[str, Any]:
    """The body of a model's dashboard."""
    monitor = stage.models[model].monitor
    seen = Monitored(stage, model, monitor) if monitor else None
    key = f"[models.{model}.monitor"
    return body(
        f"# {model} in stage {stage.name}\n`sluice status {model} --stage {stage.name}` says what serves and what is "
        f"under way, `sluice history {model} --stage {stage.name}` who did what and how it ended. A graph is red "
        "beyond its red line; under it stands what to do then.",
        alarms=_arns(stage, [model]),
        families=[
            Family(title=_OPERATION, tiles=[*Endpoint(stage, model).tiles()]),
            Family(
                title=_FIDELITY,
                tiles=[*seen.tiles()] if seen else [],
                instead=f"Nobody looks. Add `{key}]` to `env/{stage.name}.toml` and deploy.",
            ),
            Family(
                title=_BUSINESS,
                tiles=[*seen.business()] if seen else [],
                instead=f"No number is watched. Add `{key}.business.NAME]` with an `expression` over columns, "
                f"predictions and labels to `env/{stage.name}.toml` and deploy.",
            ),
        ],
        frame=Frame(region=stage.region, runbooks=stage.runbooks),
    )


def of_stage(stage: Stage) -> dict[str, Any]:
    """The body of the dashboard of all models: a line each, so that the one that is not like the others is seen."""
    overview = _Overview(stage)
    boards = ", ".join(f"`{naming.dashboard(stage, model)}`" for model in stage.models)
    return body(
        f"# Stage {stage.name}\nA line each model; the dashboard of one of them says more: {boards}. A graph is red "
        "beyond its red line; under it stands what to do then.",
        alarms=[
            _alarm_arn(stage, naming.alarm(naming.dead_letter_queue(stage), "arrived")),
            *_arns(stage, stage.models),
        ],
        families=[
            Family(title=_OPERATION, tiles=[*overview.operation()]),
            Family(
                title=_FIDELITY,
                tiles=[*overview.fidelity()],
                instead=f"No model is monitored. Add `[models.NAME.monitor]` to `env/{stage.name}.toml` and deploy.",
            ),
            Family(
                title=_BUSINESS,
                tiles=[*overview.business()],
                instead="No number is watched. Add `[models.NAME.monitor.business.NUMBER]` to "
                f"`env/{stage.name}.toml` and deploy.",
            ),
        ],
        frame=Frame(region=stage.region, runbooks=stage.runbooks),
    )


class _Overview:
    """What is drawn of all models of a stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._endpoints = {model: Endpoint(stage, model) for model in stage.models}
        self._monitored = {model: Monitored(stage, model, monitor) for model, monitor in stage.monitored.items()}

    def operation(self) -> Iterator[Tile]:
        """Errors, latency, requests, releases, the way back, and what no function could digest."""
        by_model = self._endpoints.items()
        yield Tile(
            title="Errors, by model",
            unit="% of requests",
            lines=[
                each.error_rate("Invocation5XXErrors", "InvocationModelErrors", label=model) for model, each in by_model
            ],
            red="**One that leaves the others:** open that model's dashboard. **All at once:** look below them: "
            "network, account, region.",
            runbook="backstop-rings",
        )
        yield Tile(
            title="Latency that 90 % of requests keep, by model",
            unit="ms",
            lines=[each.latency("p90", label=model) for model, each in by_model],
            red="**One that leaves the others:** that model's traffic, requests or version.",
            runbook="slow-answers",
        )
        yield Tile(
            title="Requests, by model",
            unit="per minute",
            lines=[each.metric("Invocations", label=model) for model, each in by_model],
            red="**None where there should be some:** callers do not reach it. Look at the callers first.",
            runbook="requests-missing",
        )
        yield self._frequency()
        yield Tile(
            title="Releases that failed or were taken back",
            unit="% of those that ended",
            lines=[self._failed(each, label=model) for model, each in by_model],
            limits=[Limit(label="one in four", value=25)],
            red="**Beyond the line:** versions are let in that should not be, or canaries are untested. "
            "`sluice history MODEL` has the reasons.",
            runbook="rolled-back",
            period_seconds=DAY,
            days=MONTH_DAYS,
        )
        yield self._lost()

    def _frequency(self) -> Tile:
        return Tile(
            title="Release frequency: versions that went into service",
            unit="per day",
            lines=[each.release("Deployed", label=model) for model, each in self._endpoints.items()],
            red="**None for weeks:** versions wait for an approval (`sluice models MODEL`), or nothing is trained.",
            runbook="slow-releases",
            period_seconds=DAY,
            stacked=True,
            days=MONTH_DAYS,
        )

    def _failed(self, endpoint: Endpoint, *, label: str) -> Line:
        parts = {f"{name.lower()}x": endpoint.release(name) for name in RESULTS}
        filled = {name: f"FILL(${name.lower()}x, 0)" for name in RESULTS}
        bad, all_ = f"{filled['RolledBack']} + {filled['Failed']}", " + ".join(filled.values())
        return Line(label=label, expression=f"100 * ({bad}) / ({all_})", parts=parts)

    def _lost(self) -> Tile:
        queue = naming.dead_letter_queue(self._stage)
        return Tile(
            title="Events that no function could digest",
            unit="in the queue",
            lines=[
                Line(
                    label="dead letters",
                    namespace="AWS/SQS",
                    metric="ApproximateNumberOfMessagesVisible",
                    dimensions={"QueueName": queue},
                    stat="Maximum",
                )
            ],
            limits=[Limit(label="one is too many", value=1)],
            red="**One or more:** a function failed three times on an event. Read why, put it right, empty the queue.",
            runbook="dead-letters",
        )

    def fidelity(self) -> Iterator[Tile]:
        """What the monitors find, whether they can judge at all, what is trained anew."""
        if not self._monitored:
            return
        periods = [each.period_seconds for each in self._monitored.values()]
        yield Tile(
            title="Violations of all monitors, by model",
            unit="in a run",
            lines=[each.violations(label=model) for model, each in self._monitored.items()],
            limits=[Limit(label="a violation", value=1)],
            red="**One or more:** `sluice report MODEL` says which, by how much, and how sure that is.",
            runbook="drift",
            period_seconds=max(periods),
        )
        yield Tile(
            title="Windows that could be judged, by model",
            unit="1 = judged",
            lines=[
                each.ours("Judged", "data-quality", stat="Minimum", label=model)
                for model, each in self._monitored.items()
            ],
            limits=[Limit(label="not judged", value=0.5, below=True)],
            red="**0, or nothing:** too few requests, or the monitor does not run. Silence is not health.",
            runbook="not-judged",
            period_seconds=max(periods),
        )
        yield Tile(
            title="Retrainings that were started, by model",
            unit="per day",
            lines=[each.retrainings(label=model) for model, each in self._monitored.items()],
            red="**Every day:** the data keep moving, or training does not help: stop it and look.",
            runbook="retraining",
            period_seconds=DAY,
            stacked=True,
            days=MONTH_DAYS,
        )

    def business(self) -> Iterator[Tile]:
        """The numbers of all models; each has its own unit, and so its own graph."""
        for each in self._monitored.values():
            yield from each.business()


def _arns(stage: Stage, models: Iterable[str]) -> list[str]:
    """The alarms of some models that keep their names: those of a fleet bear the name of its config."""
    names: list[str] = []
    for model in models:
        names.append(naming.backstop(stage, model))
        if monitor := stage.models[model].monitor:
            names += [naming.monitor_alarm(stage, model, kind) for kind in monitor.kinds]
            names.append(naming.silence_alarm(stage, model))
    return [_alarm_arn(stage, name) for name in names]


def _alarm_arn(stage: Stage, name: str) -> str:
    return f"arn:aws:cloudwatch:{stage.region}:{stage.account}:alarm:{name}"
