"""Runs an author's ``get_pipeline`` without network and writes down the definition; a program of its own.

Called with the model's folder, an output folder, and JSON: the ``arguments`` of ``get_pipeline`` and the ``place``
(account, region) that AWS's answers come from. It runs under the interpreter that has the SageMaker SDK, so it imports
nothing of the kit. The output folder receives ``definition.json`` and ``uploads/<bucket>/<key>``, or ``fault.txt``
with one sentence for the author.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import answers
import boto3
import guard

ENTRY = "get_pipeline"


class AuthorFaultError(Exception):
    """What is wrong with the author's file, as one sentence."""


def main(folder: Path, output: Path, request: dict[str, Any]) -> int:
    """Write the definition, or the fault, into ``output``; 0 when there is a definition."""
    try:
        definition = _define(folder, output / "uploads", request)
    except Exception as error:  # noqa: BLE001  # whatever the author's code raises is told to the author
        (output / "fault.txt").write_text(_told(error, folder), encoding="utf-8")
        return 1
    (output / "definition.json").write_text(definition, encoding="utf-8")
    return 0


def _define(folder: Path, uploads: Path, request: dict[str, Any]) -> str:
    guard.close()
    answers.Answers(uploads, {**request["arguments"], **request["place"]}).install()
    context = importlib.import_module("sagemaker.core.workflow.pipeline_context")
    session = context.PipelineSession(
        boto_session=boto3.Session(region_name=request["place"]["region"]),
        default_bucket=request["arguments"]["bucket"],
    )
    pipeline = _entry(_load(folder / "pipeline.py"))(session=session, **request["arguments"])
    if not hasattr(pipeline, "definition"):
        raise AuthorFaultError(f"pipeline.py: {ENTRY} returns {type(pipeline).__name__}; return the SDK's Pipeline.")
    return str(pipeline.definition())


def _load(path: Path) -> ModuleType:
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise AuthorFaultError(f"{path.name} cannot be loaded as a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _entry(module: ModuleType) -> Any:
    entry = getattr(module, ENTRY, None)
    if not callable(entry):
        raise AuthorFaultError(
            f"pipeline.py has no function {ENTRY}; add {ENTRY}(*, session, role, bucket, kms_key, model)."
        )
    try:
        inspect.signature(entry).bind(session=None, role="", bucket="", kms_key="", model="")
    except TypeError as error:
        raise AuthorFaultError(
            f"pipeline.py: {ENTRY} must take session, role, bucket, kms_key and model by name; {error}."
        ) from error
    return entry


def _told(error: Exception, folder: Path) -> str:
    if isinstance(error, AuthorFaultError):
        return str(error)
    where = _place(error, folder)
    for cause in _chain(error):
        if isinstance(cause, guard.NetworkUseError):
            return (
                f"{where} asks for {cause}, but a pipeline is compiled without network; "
                f"use the arguments of {ENTRY} or pipeline parameters."
            )
    return f"{where} raises {type(error).__name__}: {' '.join(str(error).split()) or 'no message'}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _place(error: BaseException, folder: Path) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    frames = [frame for cause in _chain(error) for frame in traceback.extract_tb(cause.__traceback__)]
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(folder)]
    return f"{Path(own[-1].filename).relative_to(folder)}:{own[-1].lineno}" if own else "pipeline.py"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])))
