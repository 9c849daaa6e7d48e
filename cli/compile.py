"""`sluice compile`: the author's pipelines, turned into locks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import click
from rich.markup import escape

from cli.checkout import ROOT
from cli.compiling import CompileError, check, compile_model
from cli.compiling.errors import UnknownModelError
from cli.errors import CliError, WrongUseError
from cli.printing import out, progress


@click.command("compile")
@click.argument("model", required=False)
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail when a lock is stale.")
@click.option("--fresh", is_flag=True, help="Compile though the sources are those of the last time.")
def compile_pipelines(model: str | None, only_check: bool, fresh: bool) -> None:
    """Compile MODEL, or every model, into pipelines/<model>/lock. The same source gives the same bytes."""
    pipelines = ROOT / "pipelines"
    folders = sorted(path.parent for path in pipelines.glob("*/pipeline.py"))
    if model:
        folders = [pipelines / model.replace("-", "_")]
    stale = total(folders, partial(_check if only_check else _compile, fresh=fresh))
    if stale:
        raise CliError("a lock is stale: run `sluice compile` and commit it")


def total(folders: Sequence[Path], count: Callable[[Path], int]) -> int:
    """The sum over all models; what is wrong with them is told together. Raises WrongUseError, CliError."""
    found, wrong = 0, list[str]()
    for folder in folders:
        try:
            found += count(folder)
        except UnknownModelError as error:
            raise WrongUseError(str(error)) from error
        except CompileError as error:
            wrong.append(str(error))
    if wrong:
        raise CliError("\n".join(wrong))
    return found


def _compile(folder: Path, *, fresh: bool) -> int:
    """Zero: what has just been compiled is not stale."""
    made = compile_model(folder, root=ROOT, progress=_told, fresh=fresh)
    warn(made.warnings)
    if made.anew:
        out.print(f"[bold]{folder.name}[/] compiled: {made.files} files in {folder.relative_to(ROOT)}/lock")
    else:
        out.print(f"[bold]{folder.name}[/] is up to date: nothing changed since it was compiled")
    return 0


def _check(folder: Path, *, fresh: bool) -> int:
    differences, warnings = check(folder, root=ROOT, progress=_told, fresh=fresh)
    warn(warnings)
    for difference in differences:
        out.print(f"[bold]{folder.name}[/] {escape(str(difference))}")
    if not differences:
        out.print(f"[bold]{folder.name}[/] is up to date")
    return 1 if differences else 0


def warn(warnings: tuple[str, ...]) -> None:
    """Tell warnings as they are: brackets are of paths, not of colours."""
    for warning in warnings:
        progress.print(f"[yellow]warning:[/] {escape(warning)}")


def _told(line: str) -> None:
    progress.print(f"[dim]{escape(line)}[/]")
