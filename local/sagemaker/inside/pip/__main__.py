"""`pip` inside a container: installs with uv into a folder of the container's own, which stands before the image's."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .command import Asked, UnknownOptionError, read
from .overlay import link, overlay

_COMMANDS = ("install", "uninstall", "list", "freeze")
_REMEDY = "The requirements could not be installed: correct them, or choose an image that has them."
_CUT_OFF = "there is no network to install from (EnableNetworkIsolation)"


def main(arguments: Sequence[str]) -> int:
    """Run one command; gives its exit code."""
    command = next((word for word in arguments if word in _COMMANDS), "")
    if command == "install":
        at = arguments.index(command)
        return _install([*arguments[:at], *arguments[at + 1 :]])  # options may stand on both sides
    if command in ("list", "freeze"):
        for found in sorted({f"{d.metadata['Name']}=={d.version}" for d in importlib.metadata.distributions()}):
            sys.stdout.write(f"{found}\n")
        return 0
    sys.stdout.write(f"pip {' '.join(arguments)}: nothing is changed in a local run\n")
    return 0


def _install(arguments: Sequence[str]) -> int:
    settings = _settings()
    try:
        asked = read(arguments)
    except (UnknownOptionError, OSError) as error:
        sys.stderr.write(f"ERROR: {error}\n{_REMEDY}\n")
        return 2
    # A folder of its own shall hold all that is asked for, also what the image has.
    asked, here = asked.without({} if asked.target else settings["image"])
    for sentence in here:
        sys.stdout.write(f"{sentence}\n")
    if asked.is_empty():
        sys.stdout.write("Requirement already satisfied: the image has every library that is asked for\n")
        return 0
    return _carry_out(asked, settings)


def _carry_out(asked: Asked, settings: dict[str, Any]) -> int:
    try:
        if not settings["network"]:
            settings["env"]["UV_OFFLINE"] = "1"
        found = overlay(asked, settings)
        if not asked.target:
            link(found, Path(settings["site"]))
    except subprocess.CalledProcessError as error:
        said = [
            line
            for line in str(error.stderr).strip().splitlines()
            if not line.startswith(("Using Python", "Using CPython"))
        ]
        cut_off = "" if settings["network"] else _CUT_OFF
        sys.stderr.write("\n".join([f"ERROR: {cut_off}", *said, _REMEDY, ""]))
        return 1
    names = sorted(entry.name.removesuffix(".dist-info") for entry in found.glob("*.dist-info"))
    told = f"Successfully installed {' '.join(names)}" if names else "Requirement already satisfied"
    sys.stdout.write(f"{told}\n")
    return 0


def _settings() -> dict[str, Any]:
    settings: dict[str, Any] = json.loads(Path(os.environ["SLUICE_PIP"]).read_text(encoding="utf-8"))
    return settings


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
