"""AWS's container images, as interpreters on this machine."""

from __future__ import annotations

import importlib.metadata
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from env import images as catalogue
from env.images import Image
from local.environments import make
from local.errors import UnsupportedLocally

_CHECKOUT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Interpreter:
    """A Python that stands for an image; `differences` is a sentence when its libraries are not the image's.

    `packages` are the versions that the image itself has of its libraries; `algorithm` is what it does by itself.
    """

    python: Path
    differences: str = ""
    packages: Mapping[str, str] = field(default_factory=dict)
    algorithm: str = ""


class Images(Protocol):
    """Knows which images have a counterpart on this machine."""

    def require(self, uri: str) -> None:
        """Refuse by name an image that has none (UnsupportedLocally); quick."""
        ...

    def interpreter(self, uri: str) -> Interpreter:
        """The counterpart of an image, made the first time it is asked for, which can take a minute."""
        ...

    def algorithm(self, uri: str) -> str:
        """The algorithm that is built into an image: "xgboost", or "". Raises UnsupportedLocally."""
        ...

    def program(self, uri: str) -> Sequence[str]:
        """The module, with its arguments, that a processing job of an image runs by itself; empty for none."""
        ...


class ImageEnvironments:
    """Interpreters under `<checkout>/.cache/images`, each made by uv from the image's dependency group."""

    def __init__(self, checkout: Path = _CHECKOUT) -> None:
        self._checkout = checkout
        self._made: dict[str, Interpreter] = {}
        self._making: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def require(self, uri: str) -> None:
        """Refuse an image that neither the catalogue of `env` nor a stage has."""
        _role(uri)

    def interpreter(self, uri: str) -> Interpreter:
        """The image's interpreter. Raises UnsupportedLocally, and LocalError when uv cannot make it."""
        role = _role(uri)
        image, player = role.image, role.played_by
        with self._lock:
            making = self._making.setdefault(player.key, threading.Lock())
        with making:  # a minute for one must not hold up the jobs of another
            if uri not in self._made:
                python = self._make(player)
                differences = _differences(image, python.parents[1])
                self._made[uri] = Interpreter(python, differences, image.packages, player.algorithm)
            return self._made[uri]

    def algorithm(self, uri: str) -> str:
        """The algorithm that is built into an image, as the catalogue says. Raises UnsupportedLocally."""
        return _role(uri).played_by.algorithm

    def program(self, uri: str) -> Sequence[str]:
        """What the catalogue says that an image runs by itself. Raises UnsupportedLocally."""
        return _role(uri).image.program

    def _make(self, image: Image) -> Path:
        folder = self._checkout / ".cache" / "images" / image.environment
        if not folder.exists():
            sys.stderr.write(f"Making the interpreter of image {image.key} in {folder} (once, about a minute)\n")
        return make(folder, group=image.group, checkout=self._checkout)


@dataclass(frozen=True)
class _Role:
    image: Image
    played_by: Image


def _role(uri: str) -> _Role:
    """An image and what plays it, by the catalogue of `env`. Raises UnsupportedLocally."""
    image = catalogue.find(uri)
    if image is None:
        known = ", ".join(catalogue.keys())
        reason = f"there are local counterparts of {known}; a team's own image is named in env/<stage>.toml, `images`"
        raise UnsupportedLocally(f"image {uri}", reason=reason)
    return _Role(image, played_by=catalogue.player(image))


def _differences(image: Image, folder: Path) -> str:
    library = next((folder / "lib").glob("python*"))
    here = {"python": library.name.removeprefix("python")}
    for found in importlib.metadata.distributions(path=[str(library / "site-packages")]):
        here[found.metadata["Name"].lower()] = found.version
    if image.program:
        return f"Sluice's own program plays image {image.key}: python -m {' '.join(image.program)}"
    wanted = {"python": image.python, **image.packages}
    other = [
        f"{name} {here.get(name, 'absent')} for {version}"
        for name, version in wanted.items()
        if here.get(name) != version
    ]
    return f"local versions differ from image {image.key}: {', '.join(other)}" if other else ""


def main() -> None:
    """Make the interpreters of the catalogue's images that are not there yet: set-up, before anybody waits.

    Those on demand are left to the first who asks.
    """
    environments = ImageEnvironments()
    for key in catalogue.keys():  # noqa: SIM118 - the catalogue is a module, not a dict
        image = catalogue.get(key)
        if not (image.on_demand or image.played_by):
            environments.interpreter(catalogue.uri(key, region="eu-west-1"))


if __name__ == "__main__":
    main()
