"""A model's library versions against those of the image it runs in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from env import images

_EXACT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)\s*==\s*(?P<version>[^\s;,*]+)$")
_IMAGE = re.compile(r"\{\{sluice:image:(?P<key>[^}]+)\}\}")


def image_keys(definition: str) -> list[str]:
    """The images that a definition's text names by placeholder."""
    return sorted({match["key"] for match in _IMAGE.finditer(definition)})


def findings(requirements: Path, *, keys: Sequence[str]) -> list[str]:
    """A sentence for each pin in ``requirements`` that is not exact, or not what the images named ``keys`` hold."""
    where = f"pipelines/{requirements.parent.name}/{requirements.name}"
    chosen = [image for image in map(images.get, keys) if image.packages]  # of others nothing is known
    if not requirements.exists():
        return []
    pins, found = _pins(requirements, where)
    for name, version in pins.items():
        held = {image.key: _held(image)[name] for image in chosen if name in _held(image)}
        found += [
            f"{where}: {name}=={version}, but image {key} has {other}; pin {other}."
            for key, other in held.items()
            if other != version
        ]
    return found


def warnings(requirements: Path, *, keys: Sequence[str]) -> list[str]:
    """A sentence when a model lists no libraries, and for each that no image of ``keys`` holds."""
    where = f"pipelines/{requirements.parent.name}/{requirements.name}"
    if not requirements.exists():
        return [f"{where} does not exist; list the model's libraries there, and they are held to those of its image."]
    held = {name for key in keys for name in _held(images.get(key))}
    strange = [name for name in _pins(requirements, where)[0] if keys and name not in held]
    remedy = "jobs need a requirements.txt beside their code"
    return [f"{where}: {name} is no library that image {', '.join(keys)} pins; {remedy}." for name in strange]


def _pins(requirements: Path, where: str) -> tuple[dict[str, str], list[str]]:
    pins: dict[str, str] = {}
    found: list[str] = []
    for number, line in enumerate(requirements.read_text(encoding="utf-8").splitlines(), start=1):
        written = line.split("#")[0].strip()
        exact = _EXACT.match(written)
        if exact:
            pins[_normal(exact["name"])] = exact["version"]
        elif written:
            found.append(f"{where}:{number}: {written!r} is not an exact pin; write name==version.")
    return pins, found


def _held(image: images.Image) -> dict[str, str]:
    return {_normal(name): version for name, version in image.packages.items()}


def _normal(name: str) -> str:
    """A distribution's name as the Python packaging specification of names normalizes it."""
    return re.sub(r"[-_.]+", "-", name).lower()
