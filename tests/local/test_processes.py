import os
import signal
import subprocess
import sys

import pytest

from local.processes import Processes, ends_within

FOREVER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {FOREVER}"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {STUBBORN!r}])"


@pytest.fixture
def processes():
    """Ended after the test."""
    keeper = Processes()
    yield keeper
    keeper.close()


def started(processes, folder, program):
    """A child, once it has written its first line, and that line."""
    child = processes.start(
        [sys.executable, "-c", program], env={"PATH": os.environ["PATH"]}, cwd=folder, output=subprocess.PIPE
    )
    with child.stdout as output:
        return child, output.readline().decode().strip()


def test_a_child_gets_the_environment_it_is_given_and_no_more(processes, tmp_path):
    """Nothing of this process's own environment goes along; the mark of its owner comes besides."""
    program = "import os; print(sorted(set(os.environ) - {'LC_CTYPE', 'SLUICE_OWNER'}), os.getcwd())"
    child, line = started(processes, tmp_path, program)
    child.wait()
    processes.forget(child)
    assert line == f"['PATH'] {tmp_path}"


def test_a_child_that_ends_on_a_signal_is_stopped_by_sigterm(processes, tmp_path):
    """Its exit code says so."""
    child, _ = started(processes, tmp_path, FOREVER)
    assert processes.stop(child) == -signal.SIGTERM


def test_a_child_that_ignores_the_signal_is_killed(processes, tmp_path):
    """After the grace."""
    child, _ = started(processes, tmp_path, STUBBORN)
    assert processes.stop(child, grace_seconds=0.01) == -signal.SIGKILL


def test_a_grandchild_ends_with_its_parent(processes, tmp_path):
    """Even one that ignores SIGTERM: the pipe they share ends only when the whole group has."""
    child = processes.start(
        [sys.executable, "-c", PARENT], env={"PATH": os.environ["PATH"]}, cwd=tmp_path, output=subprocess.PIPE
    )
    with child.stdout as output:
        assert output.readline() == b"up\n"
        processes.stop(child)
        assert output.read() == b""


def test_closing_ends_every_child_and_refuses_new_ones(tmp_path):
    """A cloud that stops leaves none behind and starts none."""
    keeper = Processes()
    children = [started(keeper, tmp_path, FOREVER)[0] for _ in range(3)]
    keeper.close()
    assert [child.returncode for child in children] == [-signal.SIGTERM] * 3
    with pytest.raises(RuntimeError, match="stopping"):
        started(keeper, tmp_path, FOREVER)


def test_stopping_twice_gives_the_same_exit_code(processes, tmp_path):
    """Two threads may stop the same child."""
    child, _ = started(processes, tmp_path, FOREVER)
    assert processes.stop(child) == processes.stop(child)


def test_an_end_is_told_when_it_comes_and_not_before(processes, tmp_path):
    """A child that runs on has not ended; one that is ended is seen to have, also by who asks a second time."""
    child, _ = started(processes, tmp_path, FOREVER)
    assert not ends_within(child, 0.01)
    child.kill()
    assert ends_within(child, 60)
    assert ends_within(child, 0)


def test_children_end_even_when_the_keeper_is_killed(tmp_path):
    """No child is left behind by a process that had no time to end it."""
    program = f"""
import subprocess, sys, time
from pathlib import Path
from local.processes import Processes
child = Processes().start([sys.executable, "-c", {FOREVER!r}], env={{}}, cwd=Path("."), output=1)
time.sleep(600)
"""
    keeper = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert keeper.stdout.readline() == b"up\n"
    keeper.kill()
    # The pipe ends when the last process that holds it has.
    assert keeper.communicate(timeout=30) == (b"", None)


def test_another_warden_takes_the_place_of_one_that_is_killed(tmp_path):
    """Whoever kills it neither keeps children from being started nor lets one outlive a keeper that is killed."""
    program = f"""
import contextlib, subprocess, sys, time
from pathlib import Path
from local.processes import Processes

def start():
    return keeper.start([sys.executable, "-c", {FOREVER!r}], env={{}}, cwd=Path("."), output=1)

def lose():
    keeper._warden.kill()
    keeper._warden.wait()

with contextlib.closing(Processes()) as keeper:
    first = start()
    lose()
    start()
    lose()
    keeper.stop(first)
    start()
    print("all", flush=True)
    time.sleep(600)
"""
    keeper = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    lines = iter(keeper.stdout.readline, b"")
    assert b"all\n" in lines
    keeper.kill()
    keeper.communicate(timeout=30)  # the pipe ends when the last process that holds it has


DAEMON = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {STUBBORN!r}], start_new_session=True)"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the environment of processes")
def test_what_has_left_the_group_of_a_child_ends_with_it(processes, tmp_path):
    """A daemon in a session of its own, after the child has ended well; the child of another lives on."""
    other, _ = started(processes, tmp_path, FOREVER)
    child = processes.start(
        [sys.executable, "-c", DAEMON], env={"PATH": os.environ["PATH"]}, cwd=tmp_path, output=subprocess.PIPE
    )
    with child.stdout as output:
        assert output.readline() == b"up\n"
        assert child.wait() == 0
        processes.forget(child)
        assert output.read() == b""
    assert other.poll() is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the environment of processes")
def test_daemons_end_even_when_the_keeper_is_killed(tmp_path):
    """The warden looks for what has left its group."""
    program = f"""
import subprocess, sys, time
from pathlib import Path
from local.processes import Processes
child = Processes().start([sys.executable, "-c", {DAEMON!r}], env={{}}, cwd=Path("."), output=1)
time.sleep(600)
"""
    keeper = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert keeper.stdout.readline() == b"up\n"
    keeper.kill()
    assert keeper.communicate(timeout=30) == (b"", None)
