"""What an `install` command line asks for."""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

_SHORT = {"-i": "--index-url", "-f": "--find-links", "-r": "--requirement", "-c": "--constraint", "-t": "--target"}
_WITH_VALUE = ("--index-url", "--extra-index-url", "--find-links", "--no-binary", "--only-binary", "--target")
_RENAMED = {
    "-U": "--upgrade",
    "--pre": "--prerelease=allow",
    "--force-reinstall": "--reinstall",
    "--ignore-installed": "--reinstall",
    "-I": "--reinstall",
}
_HANDED_ON = ("--upgrade", "--no-deps", "--no-index", "--require-hashes", "--no-build-isolation")
_OF_NO_EFFECT = re.compile(
    r"-[qv]+$|--(quiet|verbose|user|no-cache-dir|disable-pip-version-check|no-warn-\S+|no-input|prefer-binary"
    r"|break-system-packages|no-compile|compile|no-color|root-user-action=\S+|progress-bar=\S+|timeout=\S+"
    r"|default-timeout=\S+|retries=\S+|upgrade-strategy=\S+|exists-action=\S+|use-pep517|no-python-version-warning)$"
)
_OF_NO_EFFECT_WITH_VALUE = (
    "--root-user-action",
    "--progress-bar",
    "--timeout",
    "--default-timeout",
    "--retries",
    "--upgrade-strategy",
    "--cache-dir",
    "--trusted-host",
)
_PINNED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)\s*==\s*(?P<version>[^\s,;*]+)$")


class UnknownOptionError(ValueError):
    """An option that this pip does not know."""


@dataclass(frozen=True)
class Asked:
    """Requirements as they are written, what to install from the disk, and options for uv.

    `files` are constraint files, and requirements files that hold more than plain lines.
    """

    requirements: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    options: tuple[str, ...] = ()
    target: str = ""

    def is_empty(self) -> bool:
        """Whether there is nothing to install."""
        named = any(option == "--requirement" for option, _ in self.files)
        return not (self.requirements or self.places or named)

    def without(self, image: Mapping[str, str]) -> tuple[Asked, list[str]]:
        """The same without what the image has, and sentences where this interpreter has another version of it.

        `image` holds the versions of the image itself; on AWS such a pin is satisfied.
        """
        left, told = [], []
        for requirement in self.requirements:
            pinned = _PINNED.match(requirement)
            if pinned is None or image.get(_normal(pinned["name"])) != pinned["version"]:
                left.append(requirement)
                continue
            here = _version_here(pinned["name"])
            if here is None:
                left.append(requirement)
            elif here != pinned["version"]:
                told.append(f"{pinned['name']} {here} stands in for {pinned['version']}")
        return replace(self, requirements=tuple(left)), told

    def arguments(self) -> list[str]:
        """All of it, as uv takes it."""
        files = [word for pair in self.files for word in pair]
        return [*self.options, *files, *self.requirements, *self.places]

    def identity(self) -> str:
        """A hash of all that decides what will be installed, but for the interpreter."""
        found = hashlib.sha256("\0".join([*self.options, *self.requirements, *self.places]).encode())
        for option, name in self.files:
            found.update(option.encode() + Path(name).read_bytes())
        return found.hexdigest()


def read(arguments: Sequence[str]) -> Asked:
    """Understand the words behind `install`. Raises UnknownOptionError, and OSError for a file that is not there."""
    asked, rest = Asked(), iter(arguments)
    for word in rest:
        name, _, value = word.partition("=")
        name = _SHORT.get(name, name)
        if name in ("--requirement", "--constraint"):
            asked = _with_file(asked, name, value or next(rest, ""))
        elif name in ("-e", "--editable"):
            asked = replace(asked, places=(*asked.places, value or next(rest, "")))
        elif name == "--target":
            asked = replace(asked, target=value or next(rest, ""))
        elif name in _WITH_VALUE and word.startswith("-"):
            asked = replace(asked, options=(*asked.options, name, value or next(rest, "")))
        elif word.startswith("-"):
            asked = _with_option(asked, word, rest)
        elif _is_place(word):
            asked = replace(asked, places=(*asked.places, word))
        else:
            asked = replace(asked, requirements=(*asked.requirements, word))
    return asked


def _with_option(asked: Asked, word: str, rest: Iterator[str]) -> Asked:
    option = _RENAMED.get(word, word)
    if option in _RENAMED.values() or option in _HANDED_ON:
        return replace(asked, options=(*asked.options, option))
    if word in _OF_NO_EFFECT_WITH_VALUE:
        next(rest, None)
        return asked
    if _OF_NO_EFFECT.match(word) or word.partition("=")[0] in _OF_NO_EFFECT_WITH_VALUE:
        return asked
    raise UnknownOptionError(f"pip install {word} is not supported in a local run")


def _with_file(asked: Asked, option: str, name: str) -> Asked:
    lines = Path(name).read_text(encoding="utf-8-sig").splitlines()
    plain = [line.partition(" #")[0].strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if option == "--constraint" or any(
        line.startswith("-") or line.endswith("\\") or _is_place(line) for line in plain
    ):
        return replace(asked, files=(*asked.files, (option, str(Path(name).resolve()))))
    return replace(asked, requirements=(*asked.requirements, *plain))


def _is_place(word: str) -> bool:
    """Whether it is a path, an archive or an address, whose content a name does not tell."""
    return word.startswith((".", "/", "~")) or "://" in word or word.endswith((".whl", ".tar.gz", ".zip"))


def _normal(name: str) -> str:
    """A library's name as it is compared (Python packaging guide, "Names and normalization")."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _version_here(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
