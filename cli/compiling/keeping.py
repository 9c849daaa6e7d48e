"""A model is compiled once for the same sources: what came out stands in its lock, and the rest in ``.cache``."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from cli.compiling import bundle, sources
from cli.compiling.bundle import Bundle, Difference
from cli.compiling.errors import UnknownModelError

Progress = Callable[[str], None]
Build = Callable[[Path, Path, Progress], Bundle]

_OURS = ("cli/compiling/**/*.py", "env/images.*", "uv.lock")
"""What of the kit decides what comes out."""


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """What compiling a model gave, or had given before."""

    files: int
    warnings: tuple[str, ...]
    anew: bool
    """False when the sources are those of the last time, so that nothing was run."""


def _build(model_dir: Path, root: Path, progress: Progress) -> Bundle:
    from cli.compiling import building

    return building.build(model_dir, root=root, progress=progress)


def compile_model(
    model_dir: Path, *, root: Path, progress: Progress, fresh: bool = False, build: Build = _build
) -> Compiled:
    """Compile the model in ``model_dir`` and write its lock, ``model_dir/lock``; CompileError tells what is wrong.

    ``root`` is the checkout, whose ``.cache`` keeps the environments with the SDK; ``progress`` hears what takes long.
    With the sources of the last time nothing is run, unless ``fresh``.
    """
    with _alone(model_dir, root):
        known = _Known(model_dir, root)
        if not fresh and (before := known.before()):
            return before
        made = build(model_dir, root, progress)
        bundle.write(made, model_dir / "lock")
        return known.remember(made)


def check(
    model_dir: Path, *, root: Path, progress: Progress, fresh: bool = False, build: Build = _build
) -> tuple[list[Difference], tuple[str, ...]]:
    """The files in which the lock of ``model_dir`` is not what compiling it now gives, and the warnings."""
    with _alone(model_dir, root):
        known = _Known(model_dir, root)
        if not fresh and (before := known.before()):
            return [], before.warnings
        made = build(model_dir, root, progress)
        differences = bundle.differences(made, model_dir / "lock")
        if not differences:
            known.remember(made)
        return differences, made.warnings


def stale(model_dir: Path) -> bool:
    """Whether the lock of ``model_dir`` was made of other sources than are there now; true when there is none.

    It needs no SDK and takes milliseconds. `check` knows better: other sources may give the same lock.
    """
    written = model_dir / "lock" / bundle.SOURCES
    return not written.is_file() or written.read_text(encoding="utf-8").strip() != sources.fingerprint(model_dir)


@contextmanager
def _alone(model_dir: Path, root: Path) -> Iterator[None]:
    """One command at a time compiles a model; who comes second finds what the first has made."""
    if not (model_dir / "pipeline.py").is_file():
        raise UnknownModelError(f"pipelines/{model_dir.name}/pipeline.py does not exist; {_models(model_dir.parent)}.")
    path = _memory(model_dir, root).with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        yield


def _memory(model_dir: Path, root: Path) -> Path:
    place = hashlib.sha256(str(model_dir.resolve()).encode()).hexdigest()[:8]
    return root / ".cache" / "compiled" / f"{model_dir.name}-{place}.json"


class _Known:
    """What is known of the last time that a model was compiled on this machine."""

    def __init__(self, model_dir: Path, root: Path) -> None:
        self._lock, self._path = model_dir / "lock", _memory(model_dir, root)
        ours = sorted(path for pattern in _OURS for path in root.glob(pattern) if path.is_file())
        self._ours = _digest((path.name, path.read_bytes()) for path in ours)
        self._sources = sources.fingerprint(model_dir)

    def before(self) -> Compiled | None:
        """What came out the last time, when the sources and the lock are still the same."""
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None  # never compiled here
        if kept.get("sources") != [self._sources, self._ours] or kept.get("lock") != self._locked():
            return None
        return Compiled(files=kept["files"], warnings=tuple(kept["warnings"]), anew=False)

    def remember(self, made: Bundle) -> Compiled:
        """Keep what came out for the next time."""
        compiled = Compiled(files=len(made.assets), warnings=made.warnings, anew=True)
        kept = {
            **asdict(compiled),
            "sources": [made.sources, self._ours],
            "lock": _digest(sorted(made.files().items())),
        }
        self._path.write_text(json.dumps(kept), encoding="utf-8")
        return compiled

    def _locked(self) -> str:
        return _digest(sorted(bundle.contents(self._lock).items()))


def _digest(files: Iterable[tuple[str, bytes]]) -> str:
    digest = hashlib.sha256()
    for name, data in files:
        digest.update(f"{name}\0{hashlib.sha256(data).hexdigest()}\n".encode())
    return digest.hexdigest()


def _models(pipelines: Path) -> str:
    names = sorted(path.parent.name.replace("_", "-") for path in pipelines.glob("*/pipeline.py"))
    return f"the models are {', '.join(names)}" if names else "there is no model yet"
