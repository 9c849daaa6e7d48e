"""Stops Python from touching a forbidden folder, where /opt/ml could not be mounted and was rewritten instead."""

from __future__ import annotations

import os
import sys

_FORBIDDEN = os.environ.get("SLUICE_FORBIDDEN_FOLDER")


def _guard(event: str, arguments: tuple[object, ...]) -> None:
    if event != "open" and not event.startswith(("os.", "shutil.")):
        return
    for argument in arguments:
        path = os.fsdecode(argument) if isinstance(argument, (str, bytes, os.PathLike)) else ""
        if path == _FORBIDDEN or path.startswith(f"{_FORBIDDEN}/"):
            raise PermissionError(f"{path} does not exist in this local run and must not be touched ({event})")


if _FORBIDDEN:
    sys.addaudithook(_guard)
