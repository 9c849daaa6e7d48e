"""`sluice experiments`: what a model's runs were made of and came to, as MLflow has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click

from cli import tracking_server
from cli.connection import Connection, connect, person_option, stage_option
from cli.printing import json_option, minute, number, out, print_json, print_rows
from env import naming

_MOST_RUNS: Final = 50
_MOST_METRICS: Final = 6
_MOST_PARAMS: Final = 4
_NOT_THE_MODELS: Final = ("CodeCommit", "InputData", "Reason", "Report")
"""Parameters that the columns of code and data tell, and why there is a run: none of them changes a model."""

Run = dict[str, Any]


@click.command()
@click.argument("model")
@stage_option
@click.option("--filter", "text", default="", metavar="TEXT", help='As MLflow filters: "metrics.auc > 0.7".')
@click.option("--ui", is_flag=True, help="Open MLflow's own pages in the browser instead.")
@json_option
@person_option
def experiments(
    model: str, *, stage: str | None, text: str, ui: bool, as_json: bool, person: naming.Person | None
) -> None:
    """Compare the newest runs of MODEL: outcome, metrics, the parameters that differ, data and code."""
    connection = connect(stage, person=person)
    name = connection.model(model)
    if ui:
        url = tracking_server.pages(connection)
        out.print(f"MLflow: {url}", soft_wrap=True)
        click.launch(url)
        return
    found = newest(connection, name, text=text)
    if as_json:
        print_json(found)
        return
    nothing = "no run passes the filter" if text else f"{name} has no tracked run yet: `sluice run {name}` makes one"
    print_rows(rows(found), as_json=False, empty=nothing)


def newest(connection: Connection, model: str, *, text: str = "") -> list[dict[str, Any]]:
    """The newest runs of a model, newest first, that a filter of MLflow's lets pass. Raises CliError, WrongUseError."""
    return [fact(run) for run in tracking_server.runs(connection, model, text=text, limit=_MOST_RUNS)]


def fact(run: Run) -> dict[str, Any]:
    """A run as MLflow's REST API gives it, for programs: times in UTC, metrics as numbers."""
    info, data = run["info"], run.get("data", {})
    tags = {tag["key"]: tag["value"] for tag in data.get("tags", [])}
    own = {key.removeprefix("sluice."): value for key, value in tags.items() if key.startswith("sluice.")}
    return {
        "run": own.get("execution", info["run_id"]).rpartition("/")[2],
        "run_id": info["run_id"],
        "started": datetime.fromtimestamp(info["start_time"] / 1000, UTC),
        "status": info["status"],
        "outcome": own.get("outcome"),
        "why": own.get("gate") or own.get("reason"),
        "version": own.get("package", "").rpartition("/")[2] or None,
        "approval": own.get("approval"),
        "approved_by": own.get("approval-by"),
        "metrics": {metric["key"]: float(metric["value"]) for metric in data.get("metrics", [])},
        "judged_by": own.get("metrics", "").split(),
        "params": {param["key"]: param["value"] for param in data.get("params", [])},
        "data": {part: own.get(f"data-{part}") for part in ("uri", "version", "sha256", "rows")},
        "commit": own.get("commit"),
        "dirty": own.get("dirty") == "true",
        "by": tags.get("mlflow.user"),
    }


def rows(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Runs for people: one line each, and columns for what tells them apart."""
    metrics, params = _metrics(found), _differing(found)
    return [
        {
            "run": run["run"],
            "started": minute(run["started"]),
            "outcome": f"version {run['version']}" if run["version"] else run["outcome"] or run["status"].lower(),
            "approval": run["approval"],
            **{name: number(run["metrics"][name]) if name in run["metrics"] else None for name in metrics},
            **{name: run["params"].get(name) for name in params},
            "data": _short(run["data"]["sha256"]),
            "rows": run["data"]["rows"],
            "code": _short(run["commit"]) and f"{_short(run['commit'])}{'*' if run['dirty'] else ''}",
        }
        for run in found
    ]


def _metrics(found: Sequence[dict[str, Any]]) -> list[str]:
    """The metrics that versions are judged by; where none says, those that most runs have."""
    judged = list(dict.fromkeys(name for run in found for name in run["judged_by"]))
    if judged:
        return judged[:_MOST_METRICS]
    names = list(dict.fromkeys(name for run in found for name in run["metrics"]))
    return sorted(names, key=lambda name: -sum(name in run["metrics"] for run in found))[:_MOST_METRICS]


def _differing(found: Sequence[dict[str, Any]]) -> list[str]:
    return list(_differ(found))[:_MOST_PARAMS]


def _differ(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    for name in dict.fromkeys(name for run in found for name in run["params"] if name not in _NOT_THE_MODELS):
        if len({run["params"].get(name) for run in found}) > 1:
            yield name


def _short(text: str | None) -> str | None:
    return text[:8] if text else None
