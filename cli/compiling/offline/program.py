"""From the author's file to the definition: what main does, for either version of the SDK."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import boto3

from . import entry, faults
from .answers import Answers, close_network
from .faults import AuthorFaultError
from .places import Places
from .taking import Enough, Taken

_MODULES = {
    3: {
        "session": "sagemaker.core.workflow.pipeline_context",
        "pipeline": "sagemaker.mlops.workflow.pipeline",
        "steps": "sagemaker.mlops.workflow.steps",
        "parameters": "sagemaker.core.workflow.parameters",
        "names": "sagemaker.core.common_utils",
    },
    2: {
        "session": "sagemaker.workflow.pipeline_context",
        "pipeline": "sagemaker.workflow.pipeline",
        "steps": "sagemaker.workflow.steps",
        "parameters": "sagemaker.workflow.parameters",
        "names": "sagemaker.utils",
    },
}


def main(folder: Path, output: Path, request: dict[str, Any]) -> int:
    """Write the definition, or the fault, into ``output``; 0 when there is a definition."""
    authored = _Authored(folder, output / "uploads", request)
    try:
        definition = authored.definition()
    except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever the author's code raises is told to the author
        (output / "fault.txt").write_text(faults.told(error, folder), encoding="utf-8")
        return 1
    (output / "definition.json").write_text(definition, encoding="utf-8")
    (output / "heard.json").write_text(json.dumps(authored.heard()), encoding="utf-8")
    return 0


class _Authored:
    """One author's folder under one version of the SDK."""

    def __init__(self, folder: Path, uploads: Path, request: dict[str, Any]) -> None:
        self._folder, self._values, self._place = folder, request["values"], request["place"]
        self._modules = _MODULES[request["sdk"]]
        self._uploads = uploads
        self._steps, self._parameters = Places(folder), Places(folder)
        self._taken = Taken(self._steps)

    def definition(self) -> str:
        """The definition as the SDK emits it; raises whatever the author's code raises."""
        source = (self._folder / "pipeline.py").read_text(encoding="utf-8")
        is_function = entry.has_function(source)
        close_network()
        _check_schemas_once()
        Answers(self._uploads, {**self._values, **self._place}).install()
        modules = {name: import_module(module) for name, module in self._modules.items()}
        _number_names(modules["names"])
        self._steps.watch(modules["steps"].Step)
        self._parameters.watch(modules["parameters"].Parameter)
        self._taken.take_over(modules["pipeline"].Pipeline)
        pipeline = self._made(modules, is_function=is_function)
        if not hasattr(pipeline, "definition"):
            raise AuthorFaultError(
                f"pipeline.py: {entry.ENTRY} returns {type(pipeline).__name__}; return the SDK's Pipeline."
            )
        return str(pipeline.definition())

    def heard(self) -> dict[str, Any]:
        """Places and notes, besides the definition."""
        strange = entry.strangers(self._folder, list(sys.modules.values()))
        unseen = [f"pipeline.py imports {file}, of which no change has the model compiled anew." for file in strange]
        return {
            "steps": self._steps.by_name(),
            "parameters": self._parameters.by_name(),
            "notes": [*self._taken.notes, *unseen],
        }

    def _called(self, modules: dict[str, Any]) -> Any:
        module = entry.load(self._folder / "pipeline.py", name="pipeline")
        session = modules["session"].PipelineSession(
            boto_session=boto3.Session(region_name=self._place["region"]),
            default_bucket=self._values["default_bucket"],
        )
        sessions = dict.fromkeys(("session", "sagemaker_session", "pipeline_session"), session)
        return entry.bound(module, {**sessions, **self._values, "region": self._place["region"]})()

    def _made(self, modules: dict[str, Any], *, is_function: bool) -> Any:
        """The author's pipeline. A script is run as scripts are, up to its first use of AWS after the pipeline."""
        try:
            if is_function:
                return self._called(modules)
            module = entry.load(self._folder / "pipeline.py", name="__main__")
        except Enough:
            return self._taken.pipeline
        except (Exception, SystemExit) as error:
            if self._taken.pipeline is None or not self._is_over(error):
                raise
            return self._taken.pipeline
        return self._taken.pipeline or entry.only(module, modules["pipeline"].Pipeline)

    def _is_over(self, error: BaseException) -> bool:
        """Whether a script that has said what it deploys ends well with ``error``."""
        if isinstance(error, SystemExit):
            return not error.code
        if reached := faults.network_use(error):
            where = faults.place(error, self._folder)
            self._taken.notes.append(f"{where} asks for {reached} after the pipeline is defined; the rest is not run.")
        return reached is not None


def _check_schemas_once() -> None:
    """Let jsonschema hold a schema to its own schema once.

    The SDK looks into its settings at every turn, and has both checked each time: two thirds of its time.
    """
    validators: Any = import_module("jsonschema.validators")
    original, checked = validators.Draft202012Validator.check_schema, dict[int, Any]()

    def check(schema: Any, *args: Any, **kwargs: Any) -> None:
        if id(schema) not in checked:
            original(schema, *args, **kwargs)
            checked[id(schema)] = schema

    validators.Draft202012Validator.check_schema = staticmethod(check)


def _number_names(names: Any) -> None:
    """Let the SDK tell what it names apart by numbers, where it takes the time: a lock is the same bytes each time."""
    given = count(1)
    names.sagemaker_timestamp = lambda: f"{next(given):03}"
    names.sagemaker_short_timestamp = names.sagemaker_timestamp
