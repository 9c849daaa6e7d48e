"""From a model's folder to its bundle, and from the bundle to its lock."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cli.compiling import arguments, assets, author, bundle, canonical, environment, pins, placeholders, references
from cli.compiling.bundle import Bundle, Difference
from cli.compiling.errors import DefinitionError, PinError, UnknownModelError

MOST_CHARACTERS = 900_000
"""SageMaker takes 1,048,576; the rest is room for a stage's values, which are longer than their placeholders."""


def compile_model(model_dir: Path, *, root: Path, progress: Callable[[str], None]) -> Bundle:
    """Compile the model in ``model_dir`` and write its lock, ``model_dir/lock``; CompileError tells what is wrong.

    ``root`` is the checkout, whose ``.cache`` keeps the environment with the SDK; ``progress`` hears what takes long.
    """
    compiled = build(model_dir, root=root, progress=progress)
    bundle.write(compiled, model_dir / "lock")
    return compiled


def check(model_dir: Path, *, root: Path, progress: Callable[[str], None]) -> list[Difference]:
    """The files in which the lock of ``model_dir`` is not what compiling it now gives; empty when it is up to date."""
    return bundle.differences(build(model_dir, root=root, progress=progress), model_dir / "lock")


def build(model_dir: Path, *, root: Path, progress: Callable[[str], None]) -> Bundle:
    """The bundle of the model in ``model_dir``; nothing is written."""
    if not (model_dir / "pipeline.py").is_file():
        raise UnknownModelError(f"pipelines/{model_dir.name}/pipeline.py does not exist; {_known(model_dir.parent)}.")
    python = environment.interpreter(root, progress=progress)
    progress(f"Running {model_dir.name}/pipeline.py without network")
    with tempfile.TemporaryDirectory() as output:
        draft = author.run(
            model_dir.resolve(), model=model_dir.name.replace("_", "-"), python=python, output=Path(output).resolve()
        )
        return finish(draft, model_dir)


def finish(draft: author.Draft, model_dir: Path) -> Bundle:
    """The bundle that ``draft`` amounts to; DefinitionError or PinError with all findings."""
    canonical_form = canonical.form(draft.definition)
    _refuse(DefinitionError, model_dir, [*references.findings(canonical_form), *arguments.findings(canonical_form)])
    rekeyed, files = assets.bring_home(canonical_form, draft.uploads)
    definition = placeholders.put(rekeyed)
    findings = [*placeholders.leftovers(definition), *_local_paths(definition, files, model_dir), *_size(definition)]
    _refuse(DefinitionError, model_dir, findings)
    keys = pins.image_keys(canonical.text(definition))
    _refuse(PinError, None, pins.findings(model_dir / "requirements.txt", keys=keys))
    return Bundle(definition=definition, assets=files)


def _refuse(error: type[DefinitionError | PinError], model_dir: Path | None, findings: list[str]) -> None:
    if findings:
        prefix = f"pipelines/{model_dir.name}/pipeline.py: " if model_dir else ""
        raise error([f"{prefix}{finding}" for finding in findings])


def _local_paths(definition: Mapping[str, Any], files: Mapping[str, bytes], model_dir: Path) -> list[str]:
    """Texts that hold the folder's absolute path would differ on every machine."""
    here = str(model_dir.resolve())
    texts = {bundle.DEFINITION: canonical.text(definition).encode(), **files}
    return [
        f"{name} holds the path {here}; use paths relative to the model's folder."
        for name, data in texts.items()
        if here.encode() in data
    ]


def _size(definition: Mapping[str, Any]) -> list[str]:
    size = len(canonical.text(definition))
    if size <= MOST_CHARACTERS:
        return []
    return [f"the definition has {size} characters, {MOST_CHARACTERS} at most; move data that stands in it to files."]


def _known(pipelines: Path) -> str:
    names = sorted(path.parent.name.replace("_", "-") for path in pipelines.glob("*/pipeline.py"))
    return f"the models are {', '.join(names)}" if names else "there is no model yet"
