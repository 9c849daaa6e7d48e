"""AWS's container images, as interpreters on this machine."""

from __future__ import annotations

import fcntl
import importlib.metadata
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import uv

from env import images as catalogue
from env.images import Image
from local.errors import LocalError, UnsupportedLocally

_CHECKOUT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Interpreter:
    """A Python that stands for an image; `differences` is a sentence when its libraries are not the image's."""

    python: Path
    differences: str = ""


class Images(Protocol):
    """Knows which images have a counterpart on this machine."""

    def require(self, uri: str) -> None:
        """Refuse by name an image that has none (UnsupportedLocally); quick."""
        ...

    def interpreter(self, uri: str) -> Interpreter:
        """The counterpart of an image, made the first time it is asked for, which can take a minute."""
        ...


class ImageEnvironments:
    """Interpreters under `<checkout>/.cache/images`, each made by uv from the image's dependency group.

    Several processes may ask for one: a lock file lets the first make it.
    """

    def __init__(self, checkout: Path = _CHECKOUT) -> None:
        self._checkout = checkout
        self._made: dict[str, Interpreter] = {}
        self._lock = threading.Lock()

    def require(self, uri: str) -> None:
        """Refuse an image that the catalogue of `env` does not know."""
        self._image(uri)

    def interpreter(self, uri: str) -> Interpreter:
        """The image's interpreter. Raises UnsupportedLocally, and LocalError when uv cannot make it."""
        image = self._image(uri)
        with self._lock:
            if image.key not in self._made:
                self._made[image.key] = self._make(image)
            return self._made[image.key]

    def _image(self, uri: str) -> Image:
        image = catalogue.find(uri)
        if image is None:
            known = ", ".join(catalogue.keys())
            raise UnsupportedLocally(f"image {uri}", reason=f"env/images.toml has local counterparts of {known}")
        return image

    def _make(self, image: Image) -> Interpreter:
        folder = self._checkout / ".cache" / "images" / image.environment
        folder.parent.mkdir(parents=True, exist_ok=True)
        with folder.with_suffix(".lock").open("w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            if not folder.exists():
                sys.stderr.write(f"Making the interpreter of image {image.key} in {folder} (once, about a minute)\n")
            self._sync(image, folder)
        return Interpreter(folder / "bin" / "python", _differences(image, folder))

    def _sync(self, image: Image, folder: Path) -> None:
        command = [uv.find_uv_bin(), "sync", "--frozen", "--only-group", image.group, "--no-install-project"]
        env = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(folder)}
        done = subprocess.run(command, env=env, cwd=self._checkout, capture_output=True, text=True, check=False)
        if done.returncode:
            raise LocalError(f"the interpreter of image {image.key} cannot be made: {done.stderr.strip()}")


def _differences(image: Image, folder: Path) -> str:
    library = next((folder / "lib").glob("python*"))
    here = {"python": library.name.removeprefix("python")}
    for found in importlib.metadata.distributions(path=[str(library / "site-packages")]):
        here[found.metadata["Name"].lower()] = found.version
    wanted = {"python": image.python, **image.packages}
    other = [
        f"{name} {here.get(name, 'absent')} for {version}"
        for name, version in wanted.items()
        if here.get(name) != version
    ]
    return f"local versions differ from image {image.key}: {', '.join(other)}" if other else ""


def main() -> None:
    """Make the interpreter of every image of the catalogue that is not there yet: set-up, before anybody waits."""
    environments = ImageEnvironments()
    for key in catalogue.keys():  # noqa: SIM118 - the catalogue is a module, not a dict
        environments.interpreter(catalogue.uri(key, region="eu-west-1"))


if __name__ == "__main__":
    main()
