"""Starts a job in a container that has Python and pip: installs the analyzer's libraries, then does what it is told.

Runs as a file, before any of the analyzer can be imported.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(arguments: list[str]) -> int:
    """Install ``requirements.txt`` beside this file and run the job in ``monitor.zip``; gives its exit code."""
    libraries = tempfile.mkdtemp()
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", libraries]
    installed = subprocess.run([*pip, "-r", str(HERE / "requirements.txt")], check=False)
    if installed.returncode:
        return installed.returncode
    path = os.pathsep.join([libraries, str(HERE / "monitor.zip"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "monitor.running", *arguments]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
