"""`sluice rollback`: back to the last version that served well."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import click

from cli.connection import Connection, connect, person_option, stage_option
from cli.errors import CliError
from cli.functions import ask
from cli.ledger import Record
from cli.printing import out, seconds
from cli.state import RUNBOOKS, State, gather
from cli.status import follow
from env import canary, naming

_AT_NEXT_BAKE = "at the next bake"
_ALARM_SECONDS = 60 + 60
"""From a metric to the state of its alarm: a period and an evaluation."""

_FAILURES = 3
"""How often the return is tried (the release function's own number)."""


@click.command()
@click.argument("model")
@stage_option
@click.option("--reason", required=True, help="Why: it stands in the ledger for good.")
@click.option("--wait/--no-wait", default=True, help="Follow until the version before serves (default).")
@person_option
def rollback(model: str, stage: str | None, reason: str, wait: bool, person: naming.Person | None) -> None:
    """Take back what MODEL serves, or is about to serve: return to the last version that served well.

    What is taken back never serves in this stage again. Exit 0 only when the version before serves; with --no-wait when
    its return is under way.
    """
    connection = connect(stage, person=person)
    take_back(connection, connection.model(model), reason=reason, wait=wait)


def take_back(connection: Connection, model: str, *, reason: str, wait: bool) -> None:
    """Veto what serves or is being released and follow the return. Raises CliError when nothing returns."""
    before = gather(connection, model)
    answer = ask(connection, "rollback", {"model": model, "reason": reason, "by": connection.caller()})
    vetoed, returns_to = answer["vetoed"], answer.get("returns_to")
    if vetoed is not None:
        out.print(f"[bold]{model}/{vetoed}[/] is vetoed in stage {connection.stage.name}: it never serves there again")
    if returns_to is None:
        keeps = f"{before.serves} keeps serving" if before.serves else "nothing serves"
        remedy = f"{keeps} until another version is approved ({RUNBOOKS}#nothing-to-go-back-to)"
        raise CliError(f"there is nothing to go back to: {remedy}")
    out.print(
        f"back to [bold]{model}/{returns_to}[/] {answer['effect']}: {expectation(connection, before, answer['effect'])}"
    )
    if wait:
        _follow(connection, model, vetoed=vetoed, returns_to=returns_to)


def expectation(connection: Connection, before: State, effect: str) -> str:
    """How long a return takes, from how long this model's releases took, for people."""
    provisioning = provisioning_seconds(connection, before)
    if effect == _AT_NEXT_BAKE:
        if before.phase.status == "Baking":
            return f"the abort alarm rings within about {seconds(_ALARM_SECONDS)}, traffic then returns at once"
        told = f"about {seconds(provisioning)}" if provisioning else "some minutes"
        return (
            f"the new fleet is not watched yet: {told} until it is, and about {seconds(_ALARM_SECONDS)} for the alarm"
        )
    if provisioning is None:
        return "as long as new instances take to start, without canary and bakes; usually some minutes"
    return f"about {seconds(provisioning)}: new instances start, without canary and bakes"


def provisioning_seconds(connection: Connection, state: State) -> float | None:
    """How long the newest release that came up took, its bakes left out; None when there was none."""
    waits = canary.waits_seconds(connection.stage.models[state.model].serving)
    guarded = {r["release_id"] for r in state.records if r["kind"] == "opened" and r["rollout"] == "guarded"}
    # The first release creates the endpoint: nothing bakes.
    for number, ended in reversed(list(enumerate(_deployed(state.records)))):
        if taken := float(ended["seconds"]):
            return max(0.0, taken - (waits if number and ended["release_id"] in guarded else 0))
    return None


def _follow(connection: Connection, model: str, *, vetoed: int, returns_to: int) -> None:
    deployment = connection.stage.models[model].serving.deployment
    begun = gather(connection, model)
    veto = max((r["sequence"] for r in begun.records if r["kind"] == "veto" and r["version"] == vetoed), default=0)
    patience = timedelta(seconds=2 * deployment.timeout_seconds)

    def ended(state: State) -> bool:
        since = [record for record in state.records if record["sequence"] > veto]
        return (
            _returned(state, since, vetoed=vetoed, returns_to=returns_to)
            or _given_up(since)
            or state.now - begun.now > patience
        )

    state = follow(connection, model, until=ended)
    since = [record for record in state.records if record["sequence"] > veto]
    if not _returned(state, since, vetoed=vetoed, returns_to=returns_to):
        raise CliError(_failure(state, since))
    last = [record for record in since if record["kind"] == "outcome"][-1]
    out.print(f"[green]✓[/] [bold]{state.serves}[/] serves: {last['release_id']} is {last['outcome']}")


def _returned(state: State, since: Sequence[Record], *, vetoed: int, returns_to: int) -> bool:
    """Whether the version before serves, by the endpoint's own word, and the ledger says how that came."""
    ended = any(record["kind"] == "outcome" for record in since)
    release = state.open
    # A release that only puts the stack's parameters right (`restore`) changes nothing about what serves.
    under_way = release is not None and (release["version"] == vetoed or release["cause"] == "rollback")
    return ended and not under_way and state.serves == f"{state.model}/{returns_to}"


def _given_up(since: Sequence[Record]) -> bool:
    failed = [record for record in since if record.get("outcome") == "failed"]
    return len(failed) >= _FAILURES or any(record["kind"] == "stuck" for record in since)


def _failure(state: State, since: Sequence[Record]) -> str:
    serves = f"{state.serves or 'nothing'} serves"
    reasons = [str(r["reason"]) for r in since if r["kind"] == "stuck" or r.get("outcome") == "failed"]
    if reasons:
        return f"the version before did not come back ({reasons[-1]}); {serves}: {RUNBOOKS}#failed"
    return f"the version before is not back yet; {serves}: {RUNBOOKS}#abort-does-not-act"


def _deployed(records: Sequence[Record]) -> list[Record]:
    return [r for r in records if r.get("outcome") == "deployed" and r.get("cause", "release") == "release"]
