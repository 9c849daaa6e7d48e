r"""The container images of AWS that models may name, with the library versions inside them.

Steps run on a laptop under the same versions, in an interpreter made from the image's dependency group. From the
checkout, in seconds the first time (0.3 GB, 0.1 GB to download) and in a tenth of one after that:

    UV_PROJECT_ENVIRONMENT=.cache/images/sklearn-1.4-2 \
        uv sync --frozen --only-group image-sklearn-1-4-2 --no-install-project

``Image.environment`` and ``Image.group`` name the two; an image without a group is played by another one.
Where ``Image.python`` or a version has no build for the laptop's Python, the group holds the nearest that has: compare
with ``Image.packages`` and say what differs.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from env.errors import EnvError

_ROOM = Path(__file__).parent
_CATALOGUE = _ROOM / "images.toml"
_URI = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[a-z0-9.-]+/(?P<name>[^:@/]+(:[^:@/]+)?)")


@dataclass(frozen=True, kw_only=True)
class Image:
    """One image of the catalogue."""

    key: str
    """``sklearn:1.4-2``: the framework and the version by which AWS's SDK retrieves it."""
    repository: str
    tag: str = ""
    """Absent where AWS names the image without one."""
    python: str = ""
    """Major and minor version of the interpreter inside; absent where there is none to write programs for."""
    group: str = ""
    """The dependency group of ``pyproject.toml`` that holds the same library versions; none for what another plays."""
    played_by: str = ""
    """The key of the image whose interpreter runs its jobs on a laptop; absent: its own."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """Distribution → exact version, for the libraries that the image pins."""
    algorithm: str = ""
    """What the image trains by itself, without a script: ``xgboost``, or nothing."""
    program: tuple[str, ...] = ()
    """What a processing job of the image runs on a laptop when it names no entry point: a module and its arguments.

    Images that have one are AWS's own services', which no model trains or serves in and nobody pulls.
    """
    on_demand: bool = False
    """Whether a laptop makes its interpreter only when a job asks for it, and not at set-up."""
    accounts: Mapping[str, str] = field(default_factory=dict)
    """Region → account of AWS that owns the registry there; none for a team's own image, which each stage places."""

    @property
    def environment(self) -> str:
        """The folder name of the interpreter that a laptop makes for it: ``sklearn-1.4-2``."""
        return self.key.replace(":", "-")

    @property
    def name(self) -> str:
        """What a registry calls it: ``sagemaker-scikit-learn:1.4-2-cpu-py3``."""
        return f"{self.repository}:{self.tag}" if self.tag else self.repository


def keys() -> list[str]:
    """The keys of all images."""
    return sorted(_catalogue())


def get(key: str) -> Image:
    """The image named ``key``; EnvError when neither the catalogue nor a stage has one of that name."""
    catalogue = {**{image.key: image for image in _placed().values()}, **_catalogue()}
    if key not in catalogue:
        raise EnvError(
            f"env/images.toml: image {key!r} does not exist; the images are: {', '.join(sorted(catalogue))}."
        )
    return catalogue[key]


def player(image: Image) -> Image:
    """The image whose interpreter runs an image's jobs on a laptop: another one, or itself."""
    return get(image.played_by) if image.played_by else image


def uri(key: str, *, region: str) -> str:
    """Where ``region`` pulls the image ``key`` from; EnvError when AWS does not offer it there."""
    image = get(key)
    if region not in image.accounts:
        raise EnvError(f"env/images.toml: image {key!r} has no account for region {region!r}; choose another region.")
    domain = _document()["domains"].get(region, "amazonaws.com")
    return f"{image.accounts[region]}.dkr.ecr.{region}.{domain}/{image.name}"


def find(uri: str) -> Image | None:
    """The image that ``uri`` pulls, whatever its region; None when neither the catalogue nor a stage knows it."""
    if uri in _placed():
        return _placed()[uri]
    parts = _URI.fullmatch(uri)
    if parts is None:
        return None
    for image in _catalogue().values():
        if image.name == parts["name"] and image.accounts.get(parts["region"]) == parts["account"]:
            return image
    return None


@functools.cache
def _document() -> dict[str, Any]:
    return tomllib.loads(_CATALOGUE.read_text(encoding="utf-8"))


@functools.cache
def _catalogue() -> dict[str, Image]:
    accounts = _document()["accounts"]
    return {
        key: Image(
            key=key, **{**entry, "accounts": accounts[entry["accounts"]], "program": tuple(entry.get("program", ()))}
        )
        for key, entry in _document()["images"].items()
    }


@functools.cache
def _placed() -> dict[str, Image]:
    return placed(_ROOM)


def placed(root: Path) -> dict[str, Image]:
    """The images of the stages' own tables ``images`` below ``root``, by URI; loading a stage tells its mistakes."""
    found: dict[str, Image] = {}
    for path in sorted(root.glob("*.toml")):
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8")).get("images", {}) if path != _CATALOGUE else {}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            continue
        for key, entry in tables.items() if isinstance(tables, dict) else ():
            if isinstance(entry, dict) and all(isinstance(entry.get(name), str) for name in ("uri", "played_by")):
                found[entry["uri"]] = own(key, uri=entry["uri"], played_by=entry["played_by"])
    return found


def own(key: str, *, uri: str, played_by: str) -> Image:
    """A team's own image as a stage places it."""
    repository, _, tag = uri.partition("/")[2].rpartition(":")
    python = _catalogue()[played_by].python if played_by in _catalogue() else ""
    return Image(key=key, repository=repository, tag=tag, python=python, played_by=played_by)
