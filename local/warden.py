"""Ends what a process leaves behind: also a program, run with the mark of its owner, that waits for the owner's end.

It reads the process groups that run from its standard input, as `+123` and `-123`; at the end of that, which is the
owner's end too, it ends those that are left, and every process that has the mark in its environment.
"""

from __future__ import annotations

import os
import signal
import sys

MARK = "SLUICE_OWNER"
"""The variable that every process of an owner has inherited. A value is `<owner>.<number>`."""


def end_strays(mark: str) -> None:
    """End every process whose mark begins so, and whatever it starts meanwhile. Elsewhere than on Linux: nothing."""
    wanted = f"{MARK}={mark}".encode()
    while _found(wanted):
        continue


def _found(wanted: bytes) -> int:
    count = 0
    for name in os.listdir("/proc") if sys.platform == "linux" else ():  # noqa: PTH208 - read as often as the files
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb", buffering=0) as file:  # noqa: PTH123 - read for each process there is
                environment = file.read()
            if wanted in environment:
                os.kill(int(name), signal.SIGKILL)
                count += 1
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue  # it has ended, or is somebody else's
    return count


def main(mark: str) -> None:
    """Wait for the end of the owner."""
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    end_strays(mark)


if __name__ == "__main__":
    main(sys.argv[1])
