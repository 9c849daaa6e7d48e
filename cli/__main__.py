"""The command `sluice`: all that people type."""

from __future__ import annotations

import sys

import click

from cli import children
from cli.border import guarded
from cli.compile import compile_pipelines
from cli.deploy import deploy, destroy
from cli.gc import gc
from cli.history import history
from cli.plan_canary import plan_canary
from cli.registry import approve, models, reject, show
from cli.rollback import rollback
from cli.serving import invoke
from cli.status import status
from cli.training import run
from cli.up import up


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def sluice() -> None:
    """Ship models to Amazon SageMaker through gates that can be trusted, or to a local cloud on this machine."""


for command in (
    *(up, deploy, destroy, compile_pipelines),
    *(run, models, show, approve, reject),
    *(status, history, rollback, plan_canary, gc, invoke),
):
    sluice.add_command(command)


def main() -> None:
    """Run the command and leave with its exit code."""
    children.heed_signals()
    sys.exit(guarded(lambda: sluice(standalone_mode=False)))


if __name__ == "__main__":
    main()
