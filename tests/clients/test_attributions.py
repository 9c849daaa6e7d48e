"""Attributions by shap, which a model may install, and by our own estimate: the same features count."""

import json
import subprocess

import pytest

from tests.clients import environments
from tests.clients.terminals import PROGRAMS

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def told():
    """Mean absolute attributions of every feature, by every way."""
    command = [environments.python("shap"), "-W", "ignore", PROGRAMS / "attributions_by_shap.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(("way", "tolerance"), [("shap", 0.02), ("ours", 0.05)])
def test_each_way_comes_near_the_definition(told, way, tolerance):
    """Of a model whose features act together, texts among them; one that does nothing has no part."""
    for name, value in told["exact"].items():
        assert told[way][name] == pytest.approx(value, rel=tolerance, abs=1e-9)


def test_where_the_library_is_installed_it_is_asked(told):
    """What a job writes is then what shap says."""
    assert told["analysis"] == told["shap"]
