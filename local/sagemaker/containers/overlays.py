"""What `pip` inside a container needs in order to install for real, beside the image and not into it.

A set of requirements is installed once, into a folder under `<checkout>/.cache/overlays` named by a hash of all that is
asked for, of the interpreter and of the index; each container gets links to that. What is not pinned stays as new as it
was then. Neither the image's interpreter nor the user's own is changed.
"""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path
from typing import Final

import uv

from local.images import Interpreter
from local.sagemaker.containers.container import Container

_OVERLAYS: Final = Path(__file__).resolve().parents[3] / ".cache" / "overlays"
_HANDED_ON: Final = ("UV_", "SSL_CERT_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")


def write_settings(container: Container, interpreter: Interpreter, *, network: bool) -> dict[str, str]:
    """Write what `inside/pip` reads into a file of the container; gives the variable that names the file.

    A file, since it may hold passwords of a package index, and programs like to print their environment.
    """
    file = container.root / "pip.json"
    settings = {
        "uv": _uv(),
        "overlays": str(_OVERLAYS),
        "site": str(container.site),
        "network": network,
        "image": dict(interpreter.packages),
        "env": _handed_on(),
    }
    file.touch(mode=0o600)
    file.write_text(json.dumps(settings), encoding="utf-8")
    return {"SLUICE_PIP": str(file)}


@functools.cache
def _uv() -> str:
    return uv.find_uv_bin()


def _handed_on() -> dict[str, str]:
    """How this machine reaches its package index: what uv itself reads, and pip's index where uv has none."""
    found = {name: value for name, value in os.environ.items() if name.upper().startswith(_HANDED_ON)}
    found.pop("UV_PROJECT_ENVIRONMENT", None)
    if "PIP_INDEX_URL" in os.environ:
        found.setdefault("UV_DEFAULT_INDEX", os.environ["PIP_INDEX_URL"])
    return {**found, "HOME": str(Path.home()), "PATH": os.defpath}
