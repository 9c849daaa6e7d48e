"""What a lock is made of: the author's files and what models share, as one fingerprint; and for which SDK they are."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

BESIDE = re.compile(r"(lock|tests)(/|$)|[^/]+\.md$")
"""What lies in a model's folder and is no part of what it runs; deeper down such names are anybody's."""
_NO_SOURCE = re.compile(r"(^|/)(__pycache__|\.[^/]+)(/|$)|\.py[co]$")
_VERSION_3 = {"core", "train", "mlops", "ai_registry"}
"""What the SDK has of packages since version 3; it has `serve` and `lineage` in both."""


def fingerprint(model_dir: Path) -> str:
    """A SHA-256 over what compiling reads of the repository, the same wherever the checkout and whatever the name.

    Tests, documents and the lock itself are no part of it.
    """
    digest = hashlib.sha256()
    for name, path in _files(model_dir):
        digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _files(model_dir: Path) -> Iterator[tuple[str, Path]]:
    """Every source by a name that says nothing of the checkout.

    Modules and folders beside the models' are what models share.
    """
    beside = sorted(model_dir.parent.iterdir())
    yield from ((f"../{path.name}", path) for path in beside if path.suffix == ".py" and path.name != "conftest.py")
    folders = {f"../{path.name}/": path for path in beside if _is_shared(path)}
    for prefix, folder in {"": model_dir, **folders}.items():
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if _is_source(name) and path.is_file():
                yield f"{prefix}{name}", path


def _is_source(name: str) -> bool:
    return not BESIDE.match(name) and not _NO_SOURCE.search(name)


def _is_shared(path: Path) -> bool:
    return path.is_dir() and _is_source(path.name) and not (path / "pipeline.py").exists()


def mention(model_dir: Path, text: str) -> bool:
    """Whether ``text`` stands in a Python file that decides the lock."""
    return any(text.encode() in path.read_bytes() for _, path in _files(model_dir) if path.suffix == ".py")


def sdk(model_dir: Path) -> int:
    """The version of the SDK that the author's pipeline.py, or a module beside it, imports from; 3 when none says."""
    found = {version for path in sorted(model_dir.glob("*.py")) for version in _versions(path)}
    return 2 if found == {2} else 3


def _versions(path: Path) -> Iterator[int]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return  # told with its line when the file is run
    for node in ast.walk(tree):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module == "sagemaker":
            names += [f"sagemaker.{alias.name}" for alias in node.names]
        for name in names:
            package, _, rest = name.partition(".")
            if package == "sagemaker" and rest.split(".")[0] not in ("serve", "lineage"):
                yield 3 if rest.split(".")[0] in _VERSION_3 else 2
