"""How a folder becomes /opt/ml for a program: by a mount namespace, or where the system has none, by rewriting."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from local.sagemaker.containers.container import ML, Container, Program
from local.sagemaker.containers.rewriting import rewrite_files

_SCRIPT = Path(__file__).with_name("namespace.sh")
_UNSHARE = ("unshare", "--user", "--map-root-user", "--mount", "--propagation", "private")
_PROBE_SECONDS = 10
_SIGNS_OF_MOUNT_OPTIONS = ":,\\"


@dataclass(frozen=True)
class Launch:
    """A command, its environment and its folder, as this machine understands them."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path


class Isolation(Protocol):
    """Makes a program of the inside one of this machine."""

    def launch(self, container: Container, program: Program) -> Launch:
        """What to start; the container's files are staged already."""
        ...


class Namespace:
    """The program sees /opt/ml for real, as uid 0, and whatever else this machine has. Steps may run in parallel.

    Without network it reaches nobody but itself.
    """

    def __init__(self, *, layered: bool = True) -> None:
        self._layered = layered

    def launch(self, container: Container, program: Program) -> Launch:
        """A command that mounts first."""
        scratch = container.root / "opt"
        (scratch / "ml").mkdir(parents=True, exist_ok=True)
        how = "layered" if self._layered and _can_be_layered(scratch) else "furnished"
        mount = ["/bin/sh", str(_SCRIPT), str(container.ml), str(scratch), how, program.cwd]
        unshare = _UNSHARE if program.network else [*_UNSHARE, "--net"]
        # A host that can talk to itself needs its loopback up; where there is no `ip`, it cannot.
        loopback = [] if program.network else ["/bin/sh", "-c", 'ip link set lo up 2>/dev/null; exec "$@"', "sh"]
        return Launch([*unshare, *mount, *loopback, *program.command], program.env, container.root)


def _can_be_layered(scratch: Path) -> bool:
    """Whether a layer over /opt leaves all of it in sight, and what the program writes outside of it."""
    if scratch.is_relative_to("/opt") or any(sign in str(scratch) for sign in _SIGNS_OF_MOUNT_OPTIONS):
        return False
    mounts = (line.split(" ")[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())
    return not any(place.startswith("/opt/") for place in mounts)


class Rewriting:
    """The fallback, for macOS and for systems that forbid user namespaces.

    `/opt/ml` is replaced by the container's folder in arguments, environment and the text of staged files, tar
    archives included, so steps may run in parallel. What still reaches for the real /opt/ml from Python (compiled
    paths, say) is stopped by a guard (`inside/sitecustomize.py`), so that nothing is ever written there; a program that
    is not Python and builds the path itself is not covered. Nor can it take the network away.
    """

    def launch(self, container: Container, program: Program) -> Launch:
        """The program with its paths replaced."""
        rewrite_files(container.ml, old=ML, new=str(container.ml))
        here = str(container.ml)
        argv = [part.replace(ML, here) for part in program.command]
        env = {name: value.replace(ML, here) for name, value in program.env.items()}
        return Launch(argv, {**env, "SLUICE_FORBIDDEN_FOLDER": ML}, Path(program.cwd.replace(ML, here)))


@functools.cache
def isolation() -> Isolation:
    """The best this machine allows, tried once."""
    return Namespace() if _namespace_works() else Rewriting()


def _namespace_works() -> bool:
    if shutil.which(_UNSHARE[0]) is None:
        return False
    with tempfile.TemporaryDirectory(prefix="sluice-probe-") as folder:
        container = Container(Path(folder))
        (container.ml / "seen").touch()
        launch = Namespace().launch(container, Program(["test", "-e", f"{ML}/seen"]))
        try:
            tried = subprocess.run(
                launch.argv, cwd=launch.cwd, capture_output=True, timeout=_PROBE_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return False
    return tried.returncode == 0
