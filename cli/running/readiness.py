"""On the local cloud a run needs no command before it: what was edited is compiled, what is compiled is deployed."""

from __future__ import annotations

from pathlib import Path

from rich.markup import escape

from cli import definitions, stacks
from cli.checkout import ROOT
from cli.compiling import CompileError, compile_model, stale
from cli.compiling.bundle import DEFINITION, SOURCES
from cli.connection import Connection
from cli.deploy import bring_up
from cli.errors import CliError
from cli.printing import progress
from cli.stacks import StackFailedError
from env import naming


def make_ready(connection: Connection, model: str) -> None:
    """Bring a model's pipeline on the local cloud to what its folder says. Raises CliError with what hinders it."""
    folder = ROOT / "pipelines" / naming.folder(model)
    if outdated(folder):
        _compile(folder)
    with progress.status("comparing what is deployed with the lock"):
        there = definitions.deployed(connection, model)
        differing = definitions.differing(there, definitions.locked(connection.stage, model)) if there else []
    if there is None:
        _deploy_new(connection, model)
    elif differing:
        progress.print(f"deploying what has changed: {', '.join(differing)}")
        _deploy_changed(connection, model)


def outdated(folder: Path) -> bool:
    """Whether a model's sources have changed since its lock was written; no for a lock that does not say of which."""
    lock = folder / "lock"
    known = (lock / SOURCES).is_file() or not (lock / DEFINITION).is_file()
    return (folder / "pipeline.py").is_file() and known and stale(folder)


def _compile(folder: Path) -> None:
    progress.print(f"{folder.relative_to(ROOT)} has changed: compiling")
    try:
        made = compile_model(folder, root=ROOT, progress=lambda line: progress.print(f"  [dim]{escape(line)}[/]"))
    except CompileError as error:
        raise CliError(str(error)) from error
    for warning in made.warnings:
        progress.print(f"[yellow]warning:[/] {escape(warning)}")


def _deploy_new(connection: Connection, model: str) -> None:
    """A model that the stage has not heard of needs more than its own stacks: a package group, and roles."""
    progress.print(f"{naming.pipeline(connection.stage, model)} is not deployed yet: deploying")
    known = stacks.describe(connection, naming.stack(connection.stage, "training", model))
    bring_up(connection, model=model if known else None, brief=True)


def _deploy_changed(connection: Connection, model: str) -> None:
    try:
        bring_up(connection, model=model, brief=True)
    except StackFailedError as error:
        # The edit may ask for more than the model's own stacks give it: a right of a role, a bucket.
        progress.print(f"{escape(error.message)}\nthe stage may be older than this checkout: deploying all of it")
        bring_up(connection, brief=True)
