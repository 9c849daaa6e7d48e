"""`sluice status`: what serves now, what is under way, and how it fares."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from cli import ledger
from cli.connection import Connection, connect, stage_option
from cli.definitions import Standing, standing
from cli.errors import CliError, WrongUseError
from cli.fleets import WINDOW, Fleet
from cli.history import rows, sentence
from cli.printing import instant, json_option, out, print_json, print_rows, progress, seconds
from cli.state import State, gather

_PAUSE_SECONDS = 1.0
_QUIET_SECONDS = 5.0
_MINUTES = int(WINDOW.total_seconds() // 60)


@click.command()
@click.argument("model", required=False)
@stage_option
@json_option
@click.option("--watch", is_flag=True, help="Follow the release of MODEL until nothing is under way.")
def status(model: str | None, stage: str | None, as_json: bool, watch: bool) -> None:
    """Show what serves now, for MODEL or for every model of the stage.

    With --watch, exit 1 when the release that was followed did not come up.
    """
    connection = connect(stage)
    wanted = [connection.model(model)] if model else list(connection.stage.models)
    if watch:
        if model is None:
            raise WrongUseError("say which model to watch: `sluice status MODEL --watch`")
        _watch(connection, wanted[0])
    states = [gather(connection, name) for name in wanted]
    with ThreadPoolExecutor() as pool:
        standings = dict(zip(wanted, pool.map(lambda name: standing(connection, name), wanted), strict=True))
    if as_json:
        print_json([{**facts(state), **_trained(standings[state.model])} for state in states])
        return
    if model is not None:
        out.print(view(states[0]))
        _tell_standing(model=wanted[0], standing=standings[wanted[0]])
        return
    rows = [{**summary(state), "pipeline": standings[state.model]} for state in states]
    print_rows(rows, as_json=False, empty="the stage has no models")
    for state in states:
        if state.open or state.trouble:
            out.print()
            out.print(view(state))


def _trained(standing: Standing | None) -> dict[str, Any]:
    """How the pipeline stands to the lock, for programs."""
    if standing is None:
        return {"pipeline": None}
    return {"pipeline": str(standing), "pipeline_differs": list(standing.differing)}


def _tell_standing(*, model: str, standing: Standing | None) -> None:
    """What a person does about a pipeline that is not what the lock says."""
    if standing is None:
        return
    if standing.trouble:
        out.print(f"pipeline: [yellow]{escape(standing.trouble)}[/]")
    elif standing.differing:
        steps = f"[yellow]differs from the lock in {', '.join(standing.differing)}[/]"
        out.print(f"pipeline: {steps}; `sluice diff {model}` shows how, `sluice push {model}` deploys the lock")
    else:
        out.print(f"pipeline: {standing}")


def follow(
    connection: Connection, model: str, *, until: Callable[[State], bool], pause_seconds: float = _PAUSE_SECONDS
) -> State:
    """Show a model's release as it goes, until the state satisfies `until`; gives that state.

    A live view on a terminal, elsewhere a line for every change.
    """
    told = ""
    with Live(console=progress, auto_refresh=False, transient=True) as live:
        while True:
            state = gather(connection, model)
            if progress.is_terminal:
                live.update(view(state), refresh=True)
            elif (said := line(state)) != told:
                progress.print(said)
                told = said
            if until(state):
                return state
            time.sleep(pause_seconds)


def summary(state: State) -> dict[str, Any]:
    """One line about a model: what serves, and how endpoint, stack and alarms are."""
    endpoint, pending = state.endpoint or {}, (state.endpoint or {}).get("PendingDeploymentSummary")
    variants = endpoint.get("ProductionVariants", [])
    return {
        "model": state.model,
        "serves": state.serves,
        "endpoint": endpoint.get("EndpointStatus"),
        "instances": sum(variant.get("CurrentInstanceCount", 0) for variant in variants) if endpoint else None,
        "deploying": pending["EndpointConfigName"] if pending else None,
        "stack": state.stack["StackStatus"] if state.stack else None,
        "release": state.open["release_id"] if state.open else _parameter(state, "ReleaseId"),
        "alarms": (", ".join(_short(state)) or f"none of {len(state.alarms)} rings") if endpoint else None,
    }


def facts(state: State) -> dict[str, Any]:
    """All that `view` shows, for programs: `summary` and the details."""
    return {
        **summary(state),
        "now": state.now,
        "open": dict(state.open) if state.open else None,
        "phase": asdict(state.phase) if state.phase.status else None,
        "veto": state.pending_veto,
        "fleets": [_fleet(state, fleet) for fleet in state.fleets],
        "alarm_states": [asdict(alarm) for alarm in state.alarms],
        "trouble": state.trouble,
    }


def view(state: State) -> RenderableType:
    """A model's state for people, over several lines."""
    lines: list[RenderableType] = [Text.from_markup(text) for text in _headlines(state)]
    if state.fleets:
        lines += [Text(), _table([_fleet_row(state, fleet) for fleet in state.fleets])]
    if state.alarms:
        lines += [Text(), _table(_alarm_rows(state))]
    return Group(*lines)


def line(state: State) -> str:
    """A model's state in one line, for logs; it changes when something does."""
    parts = [f"{fleet.capacity.role} {_version(state, fleet)} {fleet.capacity.share:.0%}" for fleet in state.fleets]
    parts.append(f"rings: {', '.join(_short(state))}" if state.ringing else "no alarm rings")
    release = state.open["release_id"] if state.open else "at rest"
    endpoint = (state.endpoint or {}).get("EndpointStatus", "no endpoint")
    veto = [f"vetoed: {state.pending_veto}"] if state.pending_veto else []
    return " · ".join([f"{release} {state.phase.status or endpoint}", *veto, *parts, *state.trouble])


def _alarm_rows(state: State) -> list[dict[str, str]]:
    """A row for each condition, a column for each fleet, one for the whole endpoint."""
    whole = "endpoint"
    rows: dict[str, dict[str, str]] = {}
    for alarm in state.alarms:
        fleet, condition = _split(state, alarm.name)
        told = f"[bold red]ALARM[/] {instant(alarm.since)}" if alarm.state == "ALARM" else f"[dim]{alarm.state}[/]"
        rows.setdefault(condition, {})[fleet or whole] = told
    columns = [fleet.capacity.role for fleet in state.fleets] + [whole]
    return [{"alarm": name, **{column: row.get(column, "") for column in columns}} for name, row in rows.items()]


def _split(state: State, alarm: str) -> tuple[str, str]:
    """An alarm's fleet and condition; the fleet of an alarm on the whole endpoint is empty."""
    for fleet in state.fleets:
        if alarm.startswith(f"{fleet.capacity.config}-"):
            return fleet.capacity.role, alarm.removeprefix(f"{fleet.capacity.config}-")
    return "", alarm.removeprefix(f"{state.endpoint_name}-")


def _short(state: State) -> Iterator[str]:
    """The ringing alarms without the names of configs, which say nothing to people."""
    for name in state.ringing:
        fleet, condition = _split(state, name)
        yield f"{fleet} {condition}".strip()


def _watch(connection: Connection, model: str) -> None:
    """Follow until nothing has been under way for a while: an approval takes seconds to become a release."""
    quiet_since: float | None = None
    followed: str | None = None

    def rests(state: State) -> bool:
        nonlocal quiet_since, followed
        followed = state.open["release_id"] if state.open else followed
        quiet_since = (quiet_since or time.monotonic()) if state.at_rest else None
        return quiet_since is not None and time.monotonic() - quiet_since >= _QUIET_SECONDS

    state = follow(connection, model, until=rests)
    ended = ledger.outcome_of(state.records, followed) if followed else None
    if ended and ended["outcome"] != "deployed":
        raise CliError(f"release {followed} is {ended['outcome']}: {ended['reason']}; {state.serves} serves")


def _headlines(state: State) -> Iterator[str]:
    endpoint = (state.endpoint or {}).get("EndpointStatus", "no endpoint")
    stack = (state.stack or {}).get("StackStatus", "not deployed")
    serves = state.serves or "nothing"
    yield f"[bold]{state.model}[/]: [bold]{serves}[/] serves · endpoint {endpoint} · stack {stack}"
    if release := state.open:
        since = (state.now - datetime.fromisoformat(release["at"])).total_seconds()
        about = f"{release['rollout']}, {release['cause']}, for {seconds(max(0.0, since))}"
        yield f"release [bold]{release['release_id']}[/] ({about}): {escape(release['reason'])}"
    elif entries := rows(state.records):
        yield f"[dim]last in the ledger,[/] {sentence(entries[0])}"
    if state.phase.status:
        left = "" if state.phase.left_seconds is None else f", {seconds(state.phase.left_seconds)} left"
        yield f"[yellow]{state.phase.status}[/]{left}: {escape(state.phase.message or '')}"
    if state.pending_veto:
        yield f"[red]vetoed[/]: {escape(state.pending_veto)}"
    for trouble in state.trouble:
        yield f"[red]{escape(trouble)}[/]"


def _fleet(state: State, fleet: Fleet) -> dict[str, Any]:
    return {**asdict(fleet.capacity), "version": _version(state, fleet), **asdict(fleet.health)}


def _fleet_row(state: State, fleet: Fleet) -> dict[str, str]:
    capacity, health = fleet.capacity, fleet.health
    return {
        "fleet": capacity.role,
        "version": _version(state, fleet) or "?",
        "share": f"{capacity.share:.0%}",
        "instances": f"{capacity.active} of {capacity.instances}",
        f"requests ({_MINUTES} min)": f"{health.requests:,}",
        "errors": f"[red]{health.errors:,}[/]" if health.errors else "0",
        "p90": "–" if health.p90_ms is None else f"{health.p90_ms:.0f} ms",
    }


def _version(state: State, fleet: Fleet) -> str | None:
    if fleet.version is not None:
        return f"{state.model}/{fleet.version}"
    return state.serves if fleet.capacity.role == "serving" else None


def _table(rows: Sequence[Mapping[str, str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in rows[0]:
        table.add_column(name)
    for row in rows:
        table.add_row(*row.values())
    return table


def _parameter(state: State, key: str) -> str | None:
    values = {item["ParameterKey"]: item["ParameterValue"] for item in (state.stack or {}).get("Parameters", [])}
    value: str | None = values.get(key)
    return None if value == "none" else value
