"""The command `sluice` and its border, where every error becomes one sentence and an exit code."""

from __future__ import annotations

import sys

import click
from botocore.exceptions import BotoCoreError, ClientError

from cli.compile import compile_pipelines
from cli.deploy import deploy, destroy
from cli.registry import approve, models, reject, show
from cli.serving import invoke, status
from cli.training import run
from cli.up import up

_INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def sluice() -> None:
    """Ship models to Amazon SageMaker through gates that can be trusted, or to a local cloud on this machine."""


for command in (up, deploy, destroy, compile_pipelines, run, models, show, approve, reject, status, invoke):
    sluice.add_command(command)


def main() -> None:
    """Run the command. Exit 0 done, 1 a check or an outcome was bad, 2 wrong use, 130 interrupted."""
    sys.exit(_run())


def _run() -> int:
    try:
        sluice(standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("sluice: interrupted", err=True)
        return _INTERRUPTED
    except (BotoCoreError, ClientError) as error:
        click.echo(f"sluice: AWS refuses: {error}", err=True)
        return 1
    except OSError as error:
        click.echo(f"sluice: {error.filename or 'this machine'}: {error.strerror or error}", err=True)
        return 1
    return 0


if __name__ == "__main__":
    main()
