import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli import children

ROOT = Path(__file__).parents[2]
FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(sys.argv[1], "w").write(str(child.pid) + "\\n")
time.sleep(60)
"""
COMMAND = """
import sys
from pathlib import Path
from cli import border, children
family = [sys.executable, "-c", sys.argv[1], sys.argv[2]]
children.heed_signals()
sys.exit(border.guarded(lambda: children.run(family, cwd=Path("."))))
"""


def lives(pid):
    """Whether a process runs; a zombie nobody has asked for does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def eventually(condition):
    """Wait until something holds, with patience."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_a_command_says_is_captured():
    """Output, errors and exit code come back as text."""
    done = children.run([sys.executable, "-c", "import sys; print(1); sys.exit('two')"], cwd=ROOT)
    assert (done.stdout, done.stderr, done.returncode) == ("1\n", "two\n", 1)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGHUP, 129)]
)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks for processes in /proc")
def test_no_grandchild_outlives_an_interrupted_command(tmp_path, number, code):
    """A signal to the command alone ends its children and theirs."""
    told = tmp_path / "pid"
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    # A shell has what it runs in the background ignore Ctrl-C, and these tests may be run there.
    command = subprocess.Popen(
        [sys.executable, "-c", COMMAND, FAMILY, str(told)],
        cwd=ROOT,
        env=environ,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    )
    eventually(lambda: told.exists() and told.read_text().endswith("\n"))
    grandchild = int(told.read_text())
    assert lives(grandchild)
    command.send_signal(number)
    assert command.wait(20) == code
    eventually(lambda: not lives(grandchild))


def test_what_a_command_tells_is_heard_line_by_line(tmp_path):
    """Its standard error is passed on as it comes, and is in the result as well; so is its standard output."""
    heard = []
    program = "import sys; print('first', 'second', sep='\\n', file=sys.stderr); print('answer')"
    done = children.run([sys.executable, "-c", program], cwd=tmp_path, hear=heard.append)
    assert (heard, done.stderr, done.stdout) == (["first", "second"], "first\nsecond\n", "answer\n")
