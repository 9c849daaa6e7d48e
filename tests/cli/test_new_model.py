"""A model from the template, in a copy of the checkout: its tests, its first run, its gate, its first edit."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.new import KINDS

ROOT = Path(__file__).parents[2]
ROOMS = ("cli", "env", "infra", "lambdas", "local", "monitor", "pipelines", "tests/pipelines")
"""What is copied: all rooms, and what tests of models share."""
PATIENCE_SECONDS = 300
NAMES = {"classification": "churn-risk", "regression": "house-price"}
LIMITS = {"classification": ("MinAuc", "0.999"), "regression": ("MaxRmse", "0.5")}
"""A gate of the template, and a limit that no model meets."""

pytestmark = pytest.mark.clients


class Checkout:
    """A copy of the rooms, and a terminal in it."""

    def __init__(self, folder):
        self.folder, self.environ = folder, plain_environ()
        for room in ROOMS:
            shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "uv.lock", "cdk.json"):
            shutil.copy(ROOT / name, folder)
        for name in (".venv", ".cache"):
            (folder / name).symlink_to(ROOT / name)

    def command(self, line):
        """`sluice …` or `pytest …` of this copy."""
        program, *arguments = shlex.split(line)
        return [sys.executable, "-m", {"sluice": "cli"}.get(program, program), *arguments]

    def type(self, line, *, expect=0):
        """Type a line and insist on its exit code."""
        done = subprocess.run(
            self.command(line),
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        assert done.returncode == expect, f"{line}\n{done.stdout}\n{done.stderr}"
        return done


def plain_environ():
    """The environment without AWS's or our own variables."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SLUICE_", "PYTEST_", "PYTHONDONT"))}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy with a local cloud of its own, which is ended afterwards."""
    made = Checkout(tmp_path_factory.mktemp("checkout"))
    child = subprocess.Popen(
        made.command("sluice up --port 0"), cwd=made.folder, env=made.environ, stdout=subprocess.PIPE, text=True
    )
    for line in child.stdout:
        if found := re.match(r"export (AWS_\w+)=(.*)", line):
            made.environ[found[1]] = found[2]
        elif "AWS_ENDPOINT_URL" in made.environ:
            break
    yield made
    child.send_signal(signal.SIGINT)
    assert child.wait(PATIENCE_SECONDS) == 0
    child.stdout.close()


@pytest.fixture(scope="module", params=KINDS)
def model(request, checkout):
    """The name of a model that was made from a template, and its kind."""
    checkout.type(f"sluice new {NAMES[request.param]} --kind {request.param}")
    return NAMES[request.param], request.param


@pytest.fixture
def folder(checkout, model, tmp_path):
    """The model's folder, as it was again afterwards: tests come in any order."""
    folder = checkout.folder / "pipelines" / model[0].replace("-", "_")
    shutil.copytree(folder, tmp_path / "kept")
    yield folder
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "kept", folder)


def test_its_own_tests_pass(checkout, model):
    """As the template brings them, in the folder of its name."""
    name, _ = model
    checkout.type(f"pytest -n 0 -q -p no:randomly pipelines/{name.replace('-', '_')}")


def test_it_runs_at_once_and_its_gate_holds_a_bad_model_back_by_name(checkout, model):
    """One command deploys it and registers version 1; with a limit that none meets the gate fails and says which."""
    name, kind = model
    done = checkout.type(f"sluice run {name}")
    assert f"registered {name}/1" in done.stdout
    gate, limit = LIMITS[kind]
    failed = checkout.type(f"sluice run {name} --param {gate}={limit}", expect=1)
    assert re.search(rf"step GateFailed: Not registered: .* {gate} {limit} by", failed.stderr)
    assert "Traceback" not in failed.stderr
    versions = json.loads(checkout.type(f"sluice models {name} --json").stdout)
    assert [version["version"] for version in versions] == [1]
    evidence = json.loads(checkout.type(f"sluice show {name}/1 --json").stdout)
    assert evidence["data_uri"].startswith("s3://")
    assert re.fullmatch("[0-9a-f]{64}", evidence["data_sha256"])


@pytest.mark.sdk
def test_its_lock_is_what_compiling_gives(checkout, model):
    """The template's lock was made of the template's sources, under whatever name."""
    name, _ = model
    checkout.type(f"sluice compile {name} --check --fresh")


@pytest.mark.sdk
def test_an_edit_is_compiled_and_deployed_by_the_next_run(checkout, model, folder):
    """Whoever raises a threshold in pipeline.py sees the gate fail by name, with no command between."""
    name, kind = model
    source = folder / "pipeline.py"
    gate, limit = LIMITS[kind]
    edited, count = re.subn(rf'("{gate}", )[\d.]+', rf"\g<1>{limit}", source.read_text())
    assert count == 1
    source.write_text(edited)
    failed = checkout.type(f"sluice run {name}", expect=1)
    assert f"pipelines/{folder.name} has changed: compiling" in failed.stderr
    assert re.search(rf"step GateFailed: Not registered: .* {gate} ", failed.stderr)
