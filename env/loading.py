"""From the files of ``env/`` to a stage, or to all their mistakes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from env import chain, rules, shape
from env.breach import Breach
from env.errors import InvalidStagesError, Problem, UnknownStageError
from env.stage import Place, Stage, StageFile
from env.wording import spelled

_ROOM = Path(__file__).parent

# Its tables are the container images that AWS offers: a fact about AWS and no stage.
_NO_STAGES = {"images"}


def names(root: Path | None = None) -> list[str]:
    """The names of all stages in the order of promotion, those that stand alone first.

    ``root`` is the folder of the files, by default this one. Files that cannot be read stand alone.
    """
    documents, _ = _documents(root or _ROOM)
    return chain.promotion_order(_after(documents, root or _ROOM))


def load(name: str, *, root: Path | None = None) -> Stage:
    """The stage ``name``, judged together with the other stages of its chain.

    ``root`` is the folder of the files, by default this one. Raises UnknownStageError when there is no such file, and
    InvalidStagesError with every mistake in the files of the chain, and with every file that is no TOML: such a file
    may belong to the chain.
    """
    root = root or _ROOM
    if name not in names(root):
        raise UnknownStageError(name, known=names(root))
    documents, problems = _documents(root)
    after = _after(documents, root)
    stages: dict[str, StageFile] = {}
    # Which registry a chain has is unknown while one of its files cannot be read.
    doubts = {"registry"} if problems else set()
    for member in [member for member in chain.members(name, after) if member in documents]:
        stages[member], flaws = shape.read(documents[member])
        problems += _told(member, flaws=flaws, stage=stages[member], file=_label(root, member))
        doubts |= {".".join(flaw.meant) for flaw in flaws}
    problems += _order_problems(stages, after, root)
    if "registry" not in doubts:
        problems += _registry_problems(stages, root)
    if problems:
        raise InvalidStagesError(problems)
    return _placed(name, stages)


def _files(root: Path) -> list[Path]:
    return sorted(path for path in root.glob("*.toml") if path.stem not in _NO_STAGES)


def _documents(root: Path) -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    documents: dict[str, dict[str, Any]] = {}
    problems: list[Problem] = []
    for path in _files(root):
        try:
            documents[path.stem] = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            problems.append(_unreadable(_label(root, path.stem), error))
    return documents, problems


def _unreadable(file: str, error: tomllib.TOMLDecodeError | UnicodeDecodeError) -> Problem:
    if isinstance(error, UnicodeDecodeError):
        return Problem(file=file, where=f"byte {error.start}", fault="is not UTF-8", remedy="save the file as UTF-8")
    reason, _, place = str(error).rstrip(")").partition(" (at ")
    return Problem(
        file=file,
        where=place or "end of document",
        fault=f"is not TOML ({reason[:1].lower()}{reason[1:]})",
        remedy="correct the line: stages are judged together, so every file must be readable",
    )


def _label(root: Path, name: str) -> str:
    return f"{root.name}/{name}.toml"


def _after(documents: Mapping[str, dict[str, Any]], root: Path) -> dict[str, str | None]:
    """What each file names as the stage before it, as far as that is a text: the rest is a flaw of its file."""
    found = {path.stem: documents.get(path.stem, {}).get("after") for path in _files(root)}
    return {name: previous if isinstance(previous, str) else None for name, previous in found.items()}


def _told(name: str, *, flaws: list[shape.Flaw], stage: StageFile, file: str) -> Iterator[Problem]:
    for flaw in flaws:
        yield Problem(file=file, where=flaw.where, fault=flaw.told.fault, remedy=flaw.told.remedy)
    doubtful = {".".join(flaw.meant) for flaw in flaws}
    for breach in rules.breaches(name, stage):
        if not _rests_on(breach, doubtful):
            value = "" if breach.value is None else f" = {spelled(breach.value)}"
            yield Problem(file=file, where=breach.key + value, fault=breach.fault, remedy=breach.remedy)


def _rests_on(breach: Breach, doubtful: set[str]) -> bool:
    """Whether a conclusion was drawn from a stand-in."""
    keys = (breach.key, *breach.compared)
    return any(key == doubt or key.startswith(f"{doubt}.") for key in keys for doubt in doubtful)


def _order_problems(stages: Mapping[str, StageFile], after: chain.After, root: Path) -> Iterator[Problem]:
    for name, stage in stages.items():
        fault = remedy = ""
        if stage.after is not None and stage.after not in after:
            known = ", ".join(sorted(set(after) - {name})) or "none, yet"
            fault, remedy = "names a stage without a file", f"remove it, or name a stage that exists: {known}"
        elif chain.in_circle(name, after):
            fault, remedy = "makes the stage come after itself", "let one stage be the first, without this key"
        if fault:
            where = f"after = {spelled(stage.after)}"
            yield Problem(file=_label(root, name), where=where, fault=fault, remedy=remedy)


def _registry_problems(stages: Mapping[str, StageFile], root: Path) -> Iterator[Problem]:
    owners = [name for name, stage in stages.items() if stage.registry]
    for name in owners[1:]:
        yield Problem(
            file=_label(root, name),
            where="registry = true",
            fault=f"is a second registry in one chain, which {owners[0]} owns already",
            remedy="remove it from one of them",
        )
    if stages and not owners:
        yield Problem(
            file=_label(root, next(iter(stages))),
            where="registry = false",
            fault=f"leaves the chain {', '.join(stages)} without model package groups",
            remedy="set registry = true in one of these stages",
        )


def _placed(name: str, stages: Mapping[str, StageFile]) -> Stage:
    places = {other: Place(name=other, account=file.account, region=file.region) for other, file in stages.items()}
    return Stage(
        **{key: getattr(stages[name], key) for key in StageFile.model_fields},
        name=name,
        owner=next(places[other] for other, file in stages.items() if file.registry),
        others=tuple(place for other, place in places.items() if other != name),
        before=places.get(stages[name].after or ""),
        followers=tuple(place for other, place in places.items() if stages[other].after == name),
    )
