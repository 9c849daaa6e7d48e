"""The command `sluice`: all that people type."""

from __future__ import annotations

import sys
from collections import UserDict
from importlib import import_module
from typing import Any

import click

from cli import children
from cli.border import guarded

_PLACES = {
    "approve": "cli.registry",
    "compile": "cli.compile:compile_pipelines",
    "deploy": "cli.deploy",
    "destroy": "cli.deploy",
    "diff": "cli.diff",
    "experiments": "cli.tracking",
    "gc": "cli.gc",
    "history": "cli.history",
    "invoke": "cli.serving",
    "labels": "cli.labels:group",
    "logs": "cli.logs",
    "models": "cli.registry",
    "monitor": "cli.monitor",
    "new": "cli.new",
    "plan-canary": "cli.plan_canary:plan_canary",
    "push": "cli.push",
    "reject": "cli.registry",
    "report": "cli.report",
    "retry": "cli.run",
    "rollback": "cli.rollback",
    "run": "cli.run",
    "runs": "cli.runs",
    "show": "cli.evidence",
    "status": "cli.status",
    "stop": "cli.run",
    "up": "cli.up",
}
"""Verb → module, and the function where its name is not the verb."""


class _Verbs(UserDict[str, Any]):
    """The commands by verb. A module is imported when its verb is asked for: most take longer than some commands."""

    def __getitem__(self, verb: str) -> click.Command:
        module, _, function = self.data[verb].partition(":")
        command: click.Command = getattr(import_module(module), function or verb)
        return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, commands=_Verbs(_PLACES))
def sluice() -> None:
    """Ship models to Amazon SageMaker through gates that can be trusted, or to a local cloud on this machine."""


def main() -> None:
    """Run the command and leave with its exit code."""
    children.heed_signals()
    sys.exit(guarded(lambda: sluice(standalone_mode=False)))


if __name__ == "__main__":
    main()
