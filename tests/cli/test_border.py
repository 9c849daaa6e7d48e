import os
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError
from click.testing import CliRunner

from cli.__main__ import sluice
from cli.border import guarded
from cli.errors import CliError, WrongUseError

ROOT = Path(__file__).parents[2]


def raising(error):
    """An action that fails."""

    def act():
        raise error

    return act


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (CliError("the outcome is bad"), 1, "sluice: the outcome is bad"),
        (WrongUseError("no such stage"), 2, "sluice: no such stage"),
        (KeyboardInterrupt(), 130, "sluice: interrupted"),
        (FileNotFoundError(2, "No such file or directory", "a.csv"), 1, "sluice: a.csv: No such file or directory"),
    ],
)
def test_every_error_is_a_sentence_and_an_exit_code(capfd, error, code, sentence):
    """Nobody reads a traceback."""
    assert guarded(raising(error)) == code
    assert capfd.readouterr().err == f"{sentence}\n"


def test_a_local_cloud_that_has_gone_is_thought_of(monkeypatch, capfd):
    """A call that finds nobody where a local cloud was asks whether it still runs."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:1")
    assert guarded(raising(EndpointConnectionError(endpoint_url="http://localhost:1"))) == 1
    assert "does `sluice up` still run?" in capfd.readouterr().err


def test_a_reader_that_has_read_enough_is_no_error():
    """`| head` ends a command without a word."""
    code = "import sys; from cli.border import guarded; sys.exit(guarded(lambda: print('x\\n' * 1_000_000)))"
    command = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    command.stdout.readline()
    command.stdout.close()
    assert command.stderr.read() == b""
    command.stderr.close()
    assert command.wait(20) == 1


@pytest.mark.parametrize(
    "options", [["--port", "65536"], ["--port", "-1"], ["--speed", "0"], ["--speed", "-1"], ["--speed", "nan"]]
)
def test_a_port_or_speed_that_cannot_be_is_wrong_use(options):
    """Refused before a local cloud is made."""
    answer = CliRunner().invoke(sluice, ["up", *options])
    assert answer.exit_code == 2
    assert options[0] in answer.output
