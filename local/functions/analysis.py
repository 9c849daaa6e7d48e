"""The layer that this account has from the start: the libraries of the monitor's function, as they are installed here.

On AWS a stage builds and publishes such a layer, or names one; here `env/local.toml` names this one, so that no
deployment to a laptop packs 200 MB. It holds links to this program's own numpy, pyarrow and orjson.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import threading
from pathlib import Path
from typing import Final

from local.functions.function import Code
from local.functions.libraries import link
from local.services import Services

NAME: Final = "sluice-analysis"
VERSION: Final = 1
_LIBRARIES: Final = ("numpy", "orjson", "pyarrow")


class Analysis:
    """The folder of links, made when a function first has the layer."""

    def __init__(self, services: Services) -> None:
        self.arn = f"arn:aws:lambda:{services.region}:{services.account}:layer:{NAME}:{VERSION}"
        self._root = services.workdir.absolute() / NAME
        self._lock = threading.Lock()

    def code(self) -> Code:
        """The layer as code: its hash is that of the libraries' versions."""
        versions = [f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES]
        digest = hashlib.sha256("\n".join(versions).encode()).digest()
        return Code(base64.b64encode(digest).decode(), _size_bytes(), self._root, self._root)

    def folder(self) -> Path:
        """Where the modules are."""
        with self._lock:
            if not self._root.exists():
                link(self._root / "python", _LIBRARIES)
        return self._root / "python"


def _size_bytes() -> int:
    files = (file for name in _LIBRARIES for file in importlib.metadata.files(name) or ())
    return sum(file.size or 0 for file in files)
