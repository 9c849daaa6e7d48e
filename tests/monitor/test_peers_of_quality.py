"""The numbers of model quality, bias and explainability beside those of libraries that many trust."""

import json
import os
import subprocess

import pytest

from tests.clients import environments

pytestmark = pytest.mark.clients
PATIENCE_SECONDS = 300


def test_numbers_are_those_of_scikit_learn_and_of_clarify():
    """200 samples: every metric equals to 1e-9 what scikit-learn, SciPy or smclarify say of the same rows."""
    program = environments.ROOT / "tests" / "clients" / "programs" / "peers_of_quality.py"
    ended = subprocess.run(
        [environments.python("clarify"), "-W", "ignore", program],
        env={**os.environ, "PYTHONPATH": str(environments.ROOT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == {"differences": [], "samples": 200}
