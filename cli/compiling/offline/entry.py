"""The author's file: a function ``get_pipeline``, or a script that makes a pipeline as notebooks do."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from .faults import AuthorFaultError

ENTRY = "get_pipeline"
_HERE = Path(__file__).resolve().parent
CHECKOUT = _HERE.parents[2]

_UNSET = ("sagemaker_project_arn", "sagemaker_project_id", "sagemaker_project_name", "default_bucket_prefix")
"""What AWS's project templates ask for besides, and there is none of."""


def has_function(source: str) -> bool:
    """Whether a module's source gives it a ``get_pipeline``, by definition, assignment or import."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name == ENTRY:
            return True
        if isinstance(node, ast.ImportFrom) and any((name.asname or name.name) == ENTRY for name in node.names):
            return True
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == ENTRY for t in node.targets):
            return True
    return False


def load(path: Path, *, name: str) -> ModuleType:
    """The module in the file ``path``, which may import its neighbours, and what models share from ``pipelines``."""
    sys.path.insert(0, str(path.parent))
    sys.path.append(str(CHECKOUT))  # the last: no room of the kit hides a library
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise AuthorFaultError(f"{path.name} cannot be loaded as a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def strangers(folder: Path, modules: Iterable[ModuleType]) -> list[str]:
    """The files of the checkout among ``modules`` that are neither the model's in ``folder`` nor what models share.

    A change of theirs would not be seen: a lock is made of the model's folder, and of what lies beside the models'.
    """
    files = sorted({Path(file) for module in modules if (file := getattr(module, "__file__", None))})
    inside = [(file, file.relative_to(CHECKOUT).parts) for file in files if file.is_relative_to(CHECKOUT)]
    return [
        "/".join(parts)
        for file, parts in inside
        if not parts[0].startswith(".") and not file.is_relative_to(folder) and not file.is_relative_to(_HERE)
        if parts[0] != folder.parent.name or (CHECKOUT / parts[0] / parts[1] / "pipeline.py").exists()
    ]


def bound(module: ModuleType, values: Mapping[str, Any]) -> Callable[[], Any]:
    """``get_pipeline`` of ``module`` with those of ``values`` that it asks for, by name.

    AuthorFaultError when it asks for something else that has no default.
    """
    found = getattr(module, ENTRY, None)
    if not callable(found):
        raise AuthorFaultError(f"pipeline.py: {ENTRY} is no function; make it one that returns the SDK's Pipeline.")
    known = {**dict.fromkeys(_UNSET), **values}
    asked = inspect.signature(found).parameters.values()
    by_name = [p for p in asked if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    strange = [p.name for p in by_name if p.name not in known and p.default is p.empty]
    strange += [p.name for p in asked if p.kind is p.POSITIONAL_ONLY]
    if strange:
        raise AuthorFaultError(
            f"pipeline.py: {ENTRY} asks for {', '.join(strange)}; it may ask for {', '.join(values)}, "
            "and for anything that has a default."
        )
    takes_all = any(p.kind is p.VAR_KEYWORD for p in asked)
    given = values if takes_all else {p.name: known[p.name] for p in by_name if p.name in known}
    return lambda: found(**given)


def only(module: ModuleType, kind: type) -> Any:
    """The pipeline that a script leaves in its variables: ``pipeline``, or the only one of its ``kind``."""
    found = {id(value): (name, value) for name, value in vars(module).items() if isinstance(value, kind)}
    if isinstance(vars(module).get("pipeline"), kind):
        return vars(module)["pipeline"]
    if len(found) == 1:
        return next(iter(found.values()))[1]
    if found:
        names = ", ".join(name for name, _ in found.values())
        raise AuthorFaultError(f"pipeline.py makes several pipelines ({names}); call the one to deploy `pipeline`.")
    raise AuthorFaultError(
        f"pipeline.py has no function {ENTRY} and makes no pipeline; "
        f"add {ENTRY}(*, session, role, bucket, kms_key, model)."
    )
