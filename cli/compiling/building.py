"""From a model's folder to its bundle."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from cli.compiling import (
    arguments,
    assets,
    author,
    bundle,
    caching,
    canonical,
    environment,
    forms,
    ownership,
    pins,
    placeholders,
    reachability,
    references,
    secrecy,
    sources,
    stamps,
    stand_ins,
)
from cli.compiling.bundle import Bundle
from cli.compiling.errors import DefinitionError
from cli.compiling.findings import Finding, Places

MOST_CHARACTERS = 900_000
"""SageMaker takes 1,048,576; the rest is room for a stage's values, which are longer than their placeholders."""


def build(model_dir: Path, *, root: Path, progress: Callable[[str], None]) -> Bundle:
    """The bundle of the model in ``model_dir``; nothing is written. CompileError tells what is wrong."""
    sdk = sources.sdk(model_dir)
    python = environment.interpreter(root, progress=progress, sdk=sdk)

    def run(made_of: str) -> Bundle:
        progress(f"Running {model_dir.name}/pipeline.py without network")
        with tempfile.TemporaryDirectory() as output:
            draft = author.run(model_dir.resolve(), sdk=sdk, python=python, output=Path(output).resolve())
            return finish(draft, model_dir, made_of=made_of)

    return of_settled(model_dir, run)


def of_settled(model_dir: Path, run: Callable[[str], Bundle]) -> Bundle:
    """What ``run`` makes of sources with the fingerprint that it is given.

    Scripts write some of the files that they then upload, and authors go on writing: sources that are others after the
    run than before have it run once more.
    """
    for _ in range(2):
        made_of = sources.fingerprint(model_dir)
        made = run(made_of)
        if sources.fingerprint(model_dir) == made_of:
            break
    return made


def finish(draft: author.Draft, model_dir: Path, *, made_of: str = "") -> Bundle:
    """The bundle that ``draft`` amounts to, with its warnings; DefinitionError with all that is wrong."""
    form = canonical.form(draft.definition)
    rekeyed, files = assets.bring_home(form, draft.uploads)
    written = partial(sources.mention, model_dir)
    definition = placeholders.put(rekeyed, open_region=not written(stand_ins.REGION))
    places = _places(draft, model_dir)
    found = [*_lint(rekeyed), *stamps.findings(rekeyed, now=datetime.now(UTC), written=written)]
    found += _closed(definition, files, model_dir)
    found += ownership.findings(definition, model=model_dir.name.replace("_", "-"))
    found = [replace(finding, sentence=str(placeholders.put(finding.sentence))) for finding in found]
    keys = pins.image_keys(canonical.text(definition))
    wrong = places.told(finding for finding in found if not finding.warning)
    requirements = model_dir / "requirements.txt"
    if wrong := [*wrong, *pins.findings(requirements, keys=keys)]:
        raise DefinitionError(wrong)
    warnings = [*places.told(finding for finding in found if finding.warning), *pins.warnings(requirements, keys=keys)]
    notes = [f"pipelines/{model_dir.name}/{note}" for note in draft.notes]
    return Bundle(definition=definition, assets=files, sources=made_of, warnings=(*warnings, *notes))


def _lint(definition: dict[str, Any]) -> list[Finding]:
    """What is wrong, or hardly meant, with a canonical definition."""
    found = [*references.findings(definition), *arguments.findings(definition), *forms.findings(definition)]
    return [*found, *reachability.findings(definition), *caching.findings(definition), *secrecy.findings(definition)]


def _places(draft: author.Draft, model_dir: Path) -> Places:
    names = canonical.stable_names(draft.definition)
    steps = {names.get(name, name): place for name, place in draft.steps.items()}
    return Places(folder=model_dir.resolve(), steps=steps, parameters=draft.parameters)


def _closed(definition: dict[str, Any], files: Mapping[str, bytes], model_dir: Path) -> list[Finding]:
    """What would tie the bundle to this machine, to an account or to the stand-ins of compiling."""
    rest = {**definition, "Steps": []}
    found = [Finding(sentence=sentence) for sentence in placeholders.leftovers(rest)]
    for step in canonical.steps(definition):
        arguments_of_branches = ("IfSteps", "ElseSteps")
        own = {key: value for key, value in step.get("Arguments", {}).items() if key not in arguments_of_branches}
        sentences = placeholders.leftovers({**step, "Arguments": own}, where=f" Step {step['Name']}")
        found += [Finding(sentence=sentence, step=step["Name"]) for sentence in sentences]
    found += [Finding(sentence=sentence) for sentence in _local_paths(definition, files, model_dir)]
    return [*found, *(Finding(sentence=sentence) for sentence in _size(definition))]


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
