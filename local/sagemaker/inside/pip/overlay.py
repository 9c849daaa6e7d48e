"""Folders of installed libraries: made once for a set of requirements, linked into each container that asks for it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Any

from .command import Asked

_CHOSEN = re.compile(r" \+ (?P<what>\S+==\S+|\S+ @ \S+)")

_ABANDONED_SECONDS = 86_400
_FOR_THE_CHOICE = ("--upgrade", "--no-deps", "--require-hashes", "--reinstall")


def overlay(asked: Asked, settings: dict[str, Any]) -> Path:
    """The folder that holds what is asked for and the image lacks. Raises CalledProcessError with uv's words.

    What comes from a disk or an address is installed each time: its name does not tell what is in it.
    """
    if asked.target:
        _uv(["install", "--target", asked.target, *asked.arguments()], settings)
        return Path(asked.target)
    if asked.places or any(option == "--requirement" for option, _ in asked.files):
        return _filled(Path(settings["site"]).with_name(f"site.{os.urandom(4).hex()}"), asked, settings)
    reached = sorted(settings["env"].items())  # another index may have other content under the same names
    key = hashlib.sha256(f"{asked.identity()}\0{_interpreter()}\0{reached}".encode()).hexdigest()[:32]
    kept = Path(settings["overlays"], key)
    if not kept.is_dir():
        _clear(kept.parent)
        _keep(_filled(kept.with_name(f"{key}.{os.urandom(4).hex()}"), asked, settings), kept)
    return kept


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


def _filled(folder: Path, asked: Asked, settings: dict[str, Any]) -> Path:
    """A new folder with what pip would have added to the interpreter, and nothing that it has."""
    folder.mkdir(parents=True)
    try:
        planned = _uv(["install", "--dry-run", *asked.arguments()], settings)
        chosen = [found["what"] for line in planned.splitlines() if (found := _CHOSEN.match(line))]
        if chosen:
            options = [option for option in asked.options if option not in _FOR_THE_CHOICE]
            _uv(["install", "--no-deps", "--target", str(folder), *options, *chosen], settings)
    except subprocess.CalledProcessError:
        shutil.rmtree(folder)
        raise
    return folder


def _keep(made: Path, kept: Path) -> None:
    try:
        made.rename(kept)
    except OSError:
        if not kept.is_dir():
            raise
        shutil.rmtree(made)  # a parallel job was faster, with the same content


def _clear(overlays: Path) -> None:
    """Delete what installations that were killed have left half done, but for those that may be under way."""
    for folder in overlays.glob("*.*"):
        with contextlib.suppress(FileNotFoundError):  # a parallel job was faster
            if time.time() - folder.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(folder)


def _uv(arguments: list[str], settings: dict[str, Any]) -> str:
    """Run uv's pip; gives what it says. Raises CalledProcessError."""
    command = [settings["uv"], "pip", *arguments, "--python", sys.executable, "--no-progress", "--color", "never"]
    done = subprocess.run(command, env=settings["env"], capture_output=True, text=True, check=True)
    return done.stderr


def _interpreter() -> str:
    """This interpreter with all that is installed in it."""
    installed = sorted(entry.name for entry in Path(sysconfig.get_path("purelib")).glob("*.dist-info"))
    return "\0".join([sys.executable, sys.version, *installed])
