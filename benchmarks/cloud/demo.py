"""How much memory the local cloud takes while the demo runs."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from cloud.servers import ROOT, Server

_LOOK_EVERY_SECONDS = 0.2


def peak_megabytes() -> float:
    """The most memory that the demo's cloud ever took, in MB, without its children: models, jobs and functions."""
    demo = subprocess.Popen([sys.executable, "-m", "cli.demo"], cwd=ROOT, stdout=subprocess.DEVNULL)
    peak = 0.0
    while demo.poll() is None:
        for child in _children(demo.pid):
            if b"up" in _words(child):
                peak = max(peak, _peak(child))
        time.sleep(_LOOK_EVERY_SECONDS)
    if demo.returncode:
        raise SystemExit(f"the demo failed (exit {demo.returncode})")
    return peak


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _words(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def _peak(pid: int) -> float:
    try:
        return Server(0, pid).memory("VmHWM")
    except (OSError, StopIteration):  # it has just ended
        return 0.0
