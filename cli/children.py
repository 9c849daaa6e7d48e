"""The child processes of commands: neither they nor what they start outlive the command."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

_GRACE_SECONDS = 3.0


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    hear: Callable[[str], None] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and capture what it says; ``hear`` gets each line of its standard error at once.

    It runs in a process group of its own, which is ended as a whole when this process is interrupted.
    """
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as child:
        try:
            output, errors = _heard(child, hear) if hear else child.communicate()
        except BaseException:
            _end(child)
            raise
    return subprocess.CompletedProcess(child.args, child.returncode, output, errors)


def _heard(child: subprocess.Popen[str], hear: Callable[[str], None]) -> tuple[str, str]:
    """What a child says; its standard output must be small, since it is read at the end."""
    errors = []
    for line in child.stderr or ():
        errors.append(line)
        hear(line.rstrip("\n"))
    output, _ = child.communicate()
    return output, "".join(errors)


def heed_signals() -> None:
    """Let a request to end unwind this process as Ctrl-C does; one that was told to ignore it (nohup) goes on."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _unwind)


def _unwind(number: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def _end(child: subprocess.Popen[str]) -> None:
    _signal_group(child, signal.SIGTERM)
    try:
        child.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        # Its own children may take longer than it did.
        _signal_group(child, signal.SIGKILL)


def _signal_group(child: subprocess.Popen[str], number: signal.Signals) -> None:
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return
