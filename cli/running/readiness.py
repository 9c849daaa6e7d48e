"""On the local cloud a run needs no command before it: what was edited is compiled, what is compiled is deployed."""

from __future__ import annotations

from cli import definitions, stacks
from cli.connection import Connection
from cli.deploy import bring_up
from cli.printing import progress
from env import naming


def make_ready(connection: Connection, model: str) -> None:
    """Bring a model's pipeline on the local cloud to what its folder says. Raises CliError with what hinders it."""
    there = definitions.deployed(connection, model)
    if there is None:
        _deploy_new(connection, model)
    elif differing := definitions.differing(there, definitions.locked(connection.stage, model)):
        progress.print(f"what is deployed is not what is compiled ({', '.join(differing)}): deploying")
        bring_up(connection, model=model)


def _deploy_new(connection: Connection, model: str) -> None:
    """A model that the stage has not heard of needs more than its own stacks: a package group, roles, a ledger."""
    known = stacks.describe(connection, naming.stack(connection.stage, "training", model))
    progress.print(f"{naming.pipeline(connection.stage, model)} is not deployed yet: deploying")
    bring_up(connection, model=model if known else None)
