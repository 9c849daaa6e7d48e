"""From a model's compiled pipeline to the definition of one stage: values for placeholders, instances, network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from env import images, naming
from env.stage import Stage, Training
from infra import steps
from infra.errors import BundleError, DefinitionSizeError, ParameterError, PlaceholderError

# SageMaker takes 1,048,576 characters; the rest is room for values that are longer than their placeholders.
LARGEST_DEFINITION = 900_000

_PLACEHOLDER = re.compile(r"\{\{sluice:([^{}]*)\}\}")
_UNRESOLVED = "{{sluice:"

_PARAMETER_TYPES: Mapping[str, tuple[type, ...]] = {
    "String": (str,),
    "Integer": (int,),
    "Float": (int, float),
    "Boolean": (bool,),
}


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A file that the jobs of a pipeline read, and the key it has in the stage's artifact bucket."""

    key: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A model's compiled pipeline: its definition with placeholders, and the files it refers to."""

    model: str
    definition: Mapping[str, Any]
    assets: tuple[Asset, ...]


def read(model: str, *, pipelines: Path) -> Bundle:
    """The compiled pipeline of a model under the folder ``pipelines``; BundleError if there is none to read."""
    lock = pipelines / naming.folder(model) / "lock"
    path = lock / "definition.json"
    definition = _parsed(path, model)
    files = sorted(path for path in (lock / "assets").rglob("*") if path.is_file())
    assets = tuple(Asset(key=file.relative_to(lock).as_posix(), content=file.read_bytes()) for file in files)
    return Bundle(model=model, definition=definition, assets=assets)


def _parsed(path: Path, model: str) -> dict[str, Any]:
    try:
        parsed = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BundleError(f"{path}: {_missing(model, path.parents[1])}") from error
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror}).") from error
    except json.JSONDecodeError as error:
        raise BundleError(
            f"{path}, line {error.lineno}: not JSON ({error.msg}); run sluice compile {model} again."
        ) from error
    except UnicodeDecodeError as error:
        raise BundleError(f"{path}: not UTF-8; run sluice compile {model} again.") from error
    if not _is_definition(parsed):
        raise BundleError(f"{path}: not a pipeline definition; run sluice compile {model} again.")
    return dict(parsed)


def _missing(model: str, folder: Path) -> str:
    """Why a model that a stage names has no definition, and what to do."""
    if (folder / "pipeline.py").exists():
        return f"{model} is not compiled; run sluice compile {model}."
    return (
        f"a stage of env names the model {model}, and it has no folder; "
        f"make one by sluice new {model}, or take [models.{model}] out of env."
    )


def _is_definition(parsed: Any) -> bool:
    """Whether a JSON value has the outer form of a pipeline definition, on which this module relies."""
    return (
        isinstance(parsed, dict)
        and _all_have(parsed.get("Parameters", []), ("Name", "Type"))
        and all(parameter["Type"] in _PARAMETER_TYPES for parameter in parsed.get("Parameters", []))
        and _are_steps(parsed.get("Steps"))
    )


def _are_steps(value: Any) -> bool:
    if not _all_have(value, ("Name", "Type")):
        return False
    arguments = [step.get("Arguments", {}) for step in value]
    branches = ("IfSteps", "ElseSteps")
    return all(
        isinstance(given, dict) and all(_are_steps(given.get(branch, [])) for branch in branches) for given in arguments
    )


def _all_have(value: Any, texts: tuple[str, ...]) -> bool:
    """Whether a JSON value is a list of objects that have these texts."""
    return isinstance(value, list) and all(
        isinstance(member, dict) and all(isinstance(member.get(text), str) for text in texts) for member in value
    )


def definition(bundle: Bundle, stage: Stage, training: Training) -> str:
    """The definition of one stage as canonical JSON: sorted keys, no blanks.

    Raises PlaceholderError, ParameterError or DefinitionSizeError.
    """
    values = _values(bundle.model, stage)
    resolved = _substituted(bundle.definition, lambda name: _value(name, values, stage))
    every = list(steps.every(resolved["Steps"]))
    defaults = {**_instance_defaults(every, training), **training.parameters}
    resolved["Parameters"] = _parameters(resolved.get("Parameters", []), defaults, bundle.model, stage)
    for step in every:
        steps.place(step, training, stage.network)
    text = json.dumps(resolved, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if _UNRESOLVED in text:
        raise PlaceholderError(f"{bundle.model}: the definition has an unfinished placeholder; compile it again.")
    if len(text) > LARGEST_DEFINITION:
        raise DefinitionSizeError(
            f"{bundle.model}: the definition has {len(text)} characters, {LARGEST_DEFINITION} is the most; "
            "move data that stands in it to files."
        )
    return text


def _values(model: str, stage: Stage) -> dict[str, str]:
    return {
        "artifact_bucket": naming.artifact_bucket(stage),
        "kms_key": naming.key_alias_arn(stage),
        "model": model,
        "account": stage.account,
        "region": stage.region,
        "function:monitor": naming.function_arn(stage, "monitor"),
        "role:pipeline": naming.role_arn(stage, naming.training_role(stage, model)),
    }


def _value(name: str, values: Mapping[str, str], stage: Stage) -> str:
    if name.startswith("image:"):
        return _image(name.removeprefix("image:"), stage)
    if name not in values:
        known = ", ".join([*values, "image:<key>"])
        raise PlaceholderError(f"{values['model']}: {{{{sluice:{name}}}}} is no placeholder; known are {known}.")
    return values[name]


def _image(key: str, stage: Stage) -> str:
    """Where the stage pulls an image from. Raises PlaceholderError for a team's own that it does not place."""
    if key in stage.images:
        return stage.images[key].uri
    if not images.get(key).accounts:
        raise PlaceholderError(f"env/{stage.name}.toml: images.{key} is missing; say there where to pull it from.")
    return images.uri(key, region=stage.region)


def _substituted(node: Any, value: Callable[[str], str]) -> Any:
    """A copy of a JSON value with every placeholder in its texts replaced."""
    if isinstance(node, str):
        return _PLACEHOLDER.sub(lambda match: value(match[1]), node)
    if isinstance(node, list):
        return [_substituted(item, value) for item in node]
    if isinstance(node, dict):
        return {key: _substituted(item, value) for key, item in node.items()}
    return node


def _instance_defaults(every: list[steps.Step], training: Training) -> dict[str, str]:
    """Defaults for the parameters that steps take their instance types from."""
    found = (cluster["InstanceType"] for step in every for cluster in steps.clusters(step))
    names = (str(chosen["Get"]) for chosen in found if isinstance(chosen, dict) and "Get" in chosen)
    return {
        name.removeprefix("Parameters."): training.instance_type for name in names if name.startswith("Parameters.")
    }


def _parameters(
    parameters: list[dict[str, Any]], defaults: Mapping[str, Any], model: str, stage: Stage
) -> list[dict[str, Any]]:
    types = {parameter["Name"]: parameter["Type"] for parameter in parameters}
    for name, value in defaults.items():
        where = f"env/{stage.name}.toml: models.{model}.training.parameters.{name}"
        if name not in types:
            known = ", ".join(types) or "none"
            raise ParameterError(f"{where} is no parameter of the pipeline; its parameters are {known}.")
        fits = isinstance(value, _PARAMETER_TYPES[types[name]])
        if not fits or (isinstance(value, bool) and types[name] != "Boolean"):
            raise ParameterError(f"{where} = {value!r} is not of the type {types[name]}; write one that is.")
    return [
        {**parameter, "DefaultValue": defaults[parameter["Name"]]} if parameter["Name"] in defaults else parameter
        for parameter in parameters
    ]
