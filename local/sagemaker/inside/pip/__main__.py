"""`pip install` inside a container: checks that what is asked for is there, and says what is not."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from collections.abc import Sequence
from pathlib import Path

_WITH_FILE = ("-r", "--requirement")
_WITH_VALUE = ("-i", "--index-url", "--extra-index-url", "-c", "--constraint", "-t", "--target", "-f", "--find-links")
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[.*\])?\s*(==\s*(?P<version>[^\s,*]+)\s*$)?")


def wanted(arguments: Sequence[str]) -> list[str]:
    """The requirements that an `install` command line names, those of requirements files included."""
    found: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument in _WITH_FILE:
            lines = Path(next(rest)).read_text(encoding="utf-8").splitlines()
            found += [line.split("#")[0].strip() for line in lines]
        elif argument in _WITH_VALUE:
            next(rest, None)
        elif not argument.startswith("-"):
            found.append(argument)
    return [requirement for requirement in found if requirement and not requirement.startswith("-")]


def missing(requirement: str) -> bool:
    """Whether this interpreter lacks a library; a requirement with a marker is left to the import that needs it."""
    name, _ = _parsed(requirement)
    return ";" not in requirement and _version_here(name) is None


def differing(requirement: str) -> str:
    """A sentence when a library is here in another version than the one that is pinned, else nothing."""
    name, version = _parsed(requirement)
    here = _version_here(name)
    return f"{name} {here} stands in for {version}" if version and here and here != version else ""


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when nothing is missing, or when the command is not `install`."""
    if arguments[:1] != ["install"]:
        sys.stdout.write(f"pip {' '.join(arguments)}: nothing is changed in a local run\n")
        return 0
    requirements = wanted(arguments[1:])
    lacking = [requirement for requirement in requirements if missing(requirement)]
    if lacking:
        sys.stderr.write(
            "The image's local interpreter, which a run never changes, does not have: "
            f"{', '.join(lacking)}. Add them to the image's dependency group in pyproject.toml.\n"
        )
        return 1
    other = [sentence for sentence in map(differing, requirements) if sentence]
    sys.stdout.write("; ".join(["Every requirement has its library in the local interpreter", *other]) + "\n")
    return 0


def _parsed(requirement: str) -> tuple[str, str | None]:
    found = _REQUIREMENT.match(requirement.partition(";")[0].strip())
    return (found["name"], found["version"]) if found else (requirement, None)


def _version_here(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
