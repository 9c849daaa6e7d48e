"""`sluice compile`: the author's pipelines, turned into locks."""

from __future__ import annotations

import click

from cli.compiling import CompileError, check, compile_model
from cli.compiling.errors import UnknownModelError
from cli.deploy import ROOT
from cli.errors import CliError, WrongUseError
from cli.printing import out, progress
from env import naming


@click.command("compile")
@click.argument("model", required=False)
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail when a lock is stale.")
def compile_pipelines(model: str | None, only_check: bool) -> None:
    """Compile MODEL, or every model, into pipelines/<model>/lock. The same source gives the same bytes."""
    pipelines = ROOT / "pipelines"
    folders = [pipelines / naming.folder(model)] if model else sorted(p.parent for p in pipelines.glob("*/pipeline.py"))
    stale = 0
    for folder in folders:
        try:
            if only_check:
                stale += _check(folder.name)
            else:
                made = compile_model(folder, root=ROOT, progress=progress.print)
                out.print(
                    f"[bold]{folder.name}[/] compiled: {len(made.assets)} files in {folder.relative_to(ROOT)}/lock"
                )
        except UnknownModelError as error:
            raise WrongUseError(str(error)) from error
        except CompileError as error:
            raise CliError(str(error)) from error
    if stale:
        raise CliError("a lock is stale: run `sluice compile` and commit it")


def _check(folder: str) -> int:
    differences = check(ROOT / "pipelines" / folder, root=ROOT, progress=progress.print)
    for difference in differences:
        out.print(f"[bold]{folder}[/] {difference}")
    if not differences:
        out.print(f"[bold]{folder}[/] is up to date")
    return 1 if differences else 0
