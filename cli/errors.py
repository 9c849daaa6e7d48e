"""What a command says when it cannot do what it was asked.

CliError            a sentence for a person, exit 1: the outcome is bad
└── WrongUseError   exit 2: the command was used wrongly, and nothing was written
"""

from __future__ import annotations

import sys

import click


class CliError(click.ClickException):
    """The outcome is bad: what, where, and what to do. Exit 1."""

    exit_code = 1

    def show(self, file: object = None) -> None:
        """Print the sentence on standard error; a terminal gets it broken between words."""
        if not sys.stderr.isatty():
            click.echo(f"sluice: {self.message}", err=True)
            return
        from cli.printing import progress  # late: a command that succeeds needs no rich

        progress.print(f"sluice: {self.message}", markup=False, soft_wrap=False)


class WrongUseError(CliError):
    """The command was used wrongly; nothing was written. Exit 2."""

    exit_code = 2
