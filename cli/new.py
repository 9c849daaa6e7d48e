"""`sluice new`: a model's folder from a template, and its lines in env/local.toml."""

from __future__ import annotations

import keyword
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

import env
from cli.checkout import ROOT
from cli.compiling.bundle import SOURCES
from cli.compiling.sources import fingerprint
from cli.connection import LOCAL
from cli.errors import WrongUseError
from cli.printing import out
from env import naming
from env.errors import EnvError

KINDS = ("classification", "regression")
TEMPLATES = Path(__file__).parent / "templates"
EXAMPLE = "example-model"
"""The name that stands for the new one in a template; its folder's and its title's form stand for those."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LINES = "env.toml"
"""What a template has to say in the stage's file; no part of the model."""

_LEFT_OUT = shutil.ignore_patterns("__pycache__", ".pytest_cache")
_BYTES_KEPT = (_LINES, "data/", "lock/assets/")
"""What of a template is copied as it is: it is known by its hash."""


@click.command()
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), default=KINDS[0], show_default=True, help="What it predicts.")
def new(name: str, kind: str) -> None:
    """Make pipelines/NAME, a working model to change step by step, and name it in env/local.toml."""
    place = make(name, template=TEMPLATES / kind, root=ROOT)
    folder = place.relative_to(ROOT)
    out.print(f"made [bold]{folder}/[/], and wrote [bold]{name}[/] into env/{LOCAL}.toml; now:\n")
    steps = {
        f"sluice run {name}": "train it on the local cloud that `sluice up` runs",
        f"sluice show {name}": "the evidence of its newest version",
        f"pytest {folder}": "its tests",
        f"sluice compile {name}": "check an edit of pipeline.py; `run` does, too",
    }
    width = max(map(len, steps)) + 2
    for command, what in steps.items():
        out.print(f"  {command:<{width}}[dim]{what}[/]")
    out.print(f"\n{folder}/README.md says what to change first.")


def make(name: str, *, template: Path, root: Path) -> Path:
    """Make the folder of a model in the checkout `root`, and its lines in the file of the stage local.

    Gives the folder. Raises WrongUseError, before anything is written, for a name that cannot be one, and for one that
    is taken.
    """
    place, stage_file = root / "pipelines" / naming.folder(name), root / "env" / f"{LOCAL}.toml"
    _check(name, place=place, stage_file=stage_file, root=root)
    text = stage_file.read_text(encoding="utf-8").rstrip("\n")
    lines = f"{text}\n\n{_named((template / _LINES).read_text(encoding='utf-8'), name)}"
    _check_stage(lines, root=root)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".new-") as folder:
        fresh = Path(folder) / place.name
        shutil.copytree(template, fresh, ignore=_LEFT_OUT)
        for file in _texts(fresh):
            file.write_text(_named(file.read_text(encoding="utf-8"), name), encoding="utf-8")
        fresh.rename(place)
    _take_out_lines(place)
    _replace(stage_file, lines)
    return place


def _check(name: str, *, place: Path, stage_file: Path, root: Path) -> None:
    if not _NAME.fullmatch(name):
        raise WrongUseError(
            f"{name!r} is no name of a model: lower-case letters, digits, single hyphens, as in churn-risk"
        )
    if keyword.iskeyword(name):
        raise WrongUseError(
            f"{name!r} is a word of Python and would be the name of a folder of modules: choose another"
        )
    named = re.search(rf"^\[models\.\"?{re.escape(name)}\"?[.\]]", stage_file.read_text(encoding="utf-8"), re.MULTILINE)
    folder, file = place.relative_to(root), stage_file.relative_to(root)
    if place.exists() and named:
        raise WrongUseError(f"{name} is there already: {folder}/, and its lines in {file}; `sluice run {name}`")
    if place.exists():
        raise WrongUseError(f"{folder}/ is there, and {file} does not name {name}: choose another name, or remove it")
    if named:
        raise WrongUseError(f"{file} names {name}, and there is no {folder}/: remove its lines, or choose another name")


def _take_out_lines(place: Path) -> None:
    """Remove the template's lines for the stage; a lock that was made of its sources is still said to be."""
    sources = place / "lock" / SOURCES
    current = sources.is_file() and sources.read_text(encoding="utf-8").strip() == fingerprint(place)
    (place / _LINES).unlink()
    if current:
        sources.write_text(f"{fingerprint(place)}\n", encoding="utf-8")


def _check_stage(text: str, *, root: Path) -> None:
    """Whether the stages can be loaded with this text for the stage local: names may grow too long for AWS."""
    with tempfile.TemporaryDirectory() as folder:
        for file in (root / "env").glob("*.toml"):
            shutil.copy(file, folder)
        (Path(folder) / f"{LOCAL}.toml").write_text(text, encoding="utf-8")
        try:
            env.load(LOCAL, root=Path(folder))
        except EnvError as error:
            raise WrongUseError(str(error).replace(f"{Path(folder).name}/", "env/")) from error


def _texts(folder: Path) -> Iterator[Path]:
    """The files of a folder in which the model's name may stand."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        inside = file.relative_to(folder).as_posix()
        if not inside.startswith(_BYTES_KEPT) and _is_text(file):
            yield file


def _is_text(file: Path) -> bool:
    try:
        file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _named(text: str, name: str) -> str:
    """A template's text with the name of a model in place of the example's."""
    for form in (str, naming.folder, _title):
        text = text.replace(form(EXAMPLE), form(name))
    return text


def _title(name: str) -> str:
    return name.replace("-", " ").capitalize()


def _replace(file: Path, text: str) -> None:
    """Put a file's new text in its place at once, as whoever reads it meanwhile expects."""
    fresh = file.with_suffix(".toml.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)
