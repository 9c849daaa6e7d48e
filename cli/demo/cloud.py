"""The local cloud of the demo's own, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cli.checkout import ROOT
from cli.errors import CliError

_PATIENCE_SECONDS = 60


@contextmanager
def local_cloud(*, speed: float) -> Iterator[str]:
    """A local cloud on a free port, ended with all its children; gives its address, and points this process at it."""
    child = subprocess.Popen(
        [sys.executable, "-m", "cli", "up", "--port", "0", "--speed", f"{speed:g}"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        exported = _exported(child)
        os.environ.update(exported)
        yield exported["AWS_ENDPOINT_URL"]
    finally:
        _end(child)


def _exported(child: subprocess.Popen[str]) -> dict[str, str]:
    """The variables that `sluice up` prints, read until it has printed them all."""
    exported: dict[str, str] = {}
    assert child.stdout is not None
    for line in child.stdout:
        name, _, value = line.removeprefix("export ").strip().partition("=")
        if line.startswith("export "):
            exported[name] = value
        elif exported:
            return exported
    raise CliError(f"the local cloud ended before it listened (exit {child.wait(_PATIENCE_SECONDS)})")


def _end(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
