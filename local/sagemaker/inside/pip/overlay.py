"""Folders of installed libraries: made once for a set of requirements, linked into each container that asks for it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from .command import Asked

_CHOSEN = re.compile(r" \+ (?P<what>\S+==\S+|\S+ @ \S+)")

_FOR_THE_CHOICE = ("--upgrade", "--no-deps", "--require-hashes", "--reinstall")


def overlay(asked: Asked, settings: dict[str, Any]) -> Path:
    """The folder that holds what is asked for and the image lacks. Raises CalledProcessError with uv's words.

    What comes from a disk or an address is installed each time: its name does not tell what is in it.
    """
    if asked.target:
        _uv(["install", "--target", asked.target, *asked.arguments()], settings)
        return Path(asked.target)
    named = not asked.places and all(option != "--requirement" for option, _ in asked.files)
    key = hashlib.sha256(f"{asked.identity()}\0{_interpreter()}".encode()).hexdigest()[:32]
    kept = Path(settings["overlays"], key if named else f"{key}.{os.urandom(4).hex()}")
    if not kept.is_dir():
        made = kept.with_name(f"{kept.name}.{os.getpid()}.{os.urandom(4).hex()}")
        made.mkdir(parents=True)
        _fill(made, asked, settings)
        _keep(made, kept)
    if named:
        return kept
    return _own(kept, Path(settings["site"]))


def link(folder: Path, site: Path) -> None:
    """Let everything in a folder be in another one too: links, and folders where both have one of a name."""
    for entry in folder.iterdir() if folder.resolve() != site.resolve() else ():
        place = site / entry.name
        if place.is_dir() and entry.is_dir() and not entry.name.endswith(".dist-info"):
            _open_up(place)
            link(entry, place)
            continue
        if place.is_symlink() or place.is_file():
            place.unlink()
        elif place.is_dir():
            shutil.rmtree(place)
        place.symlink_to(entry.resolve())


def _open_up(place: Path) -> None:
    """Make a link to a folder into a folder of links."""
    if place.is_symlink():
        there = place.resolve()
        place.unlink()
        place.mkdir()
        link(there, place)


def _fill(folder: Path, asked: Asked, settings: dict[str, Any]) -> None:
    """Install what pip would have added to the interpreter, and nothing that it has."""
    try:
        planned = _uv(["install", "--dry-run", *asked.arguments()], settings)
        chosen = [found["what"] for line in planned.splitlines() if (found := _CHOSEN.match(line))]
        if chosen:
            options = [option for option in asked.options if option not in _FOR_THE_CHOICE]
            _uv(["install", "--no-deps", "--target", str(folder), *options, *chosen], settings)
    except subprocess.CalledProcessError:
        shutil.rmtree(folder)
        raise


def _keep(made: Path, kept: Path) -> None:
    try:
        made.rename(kept)
    except OSError:
        if not kept.is_dir():
            raise
        shutil.rmtree(made)  # a parallel job was faster, with the same content


def _own(folder: Path, site: Path) -> Path:
    """Move a folder that nobody else will ask for beside the container's own, which is deleted with it."""
    return Path(shutil.move(folder, site.with_name(folder.name)))


def _uv(arguments: list[str], settings: dict[str, Any]) -> str:
    """Run uv's pip; gives what it says. Raises CalledProcessError."""
    command = [settings["uv"], "pip", *arguments, "--python", sys.executable, "--no-progress", "--color", "never"]
    done = subprocess.run(command, env=settings["env"], capture_output=True, text=True, check=True)
    return done.stderr


def _interpreter() -> str:
    """This interpreter with all that is installed in it."""
    installed = sorted(entry.name for entry in Path(sysconfig.get_path("purelib")).glob("*.dist-info"))
    return "\0".join([sys.executable, sys.version, *installed])
