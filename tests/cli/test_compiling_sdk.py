from pathlib import Path

import pytest

from cli import compiling
from cli.compiling import environment

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "pipelines" / "credit_risk"

pytestmark = [
    pytest.mark.sdk,
    pytest.mark.skipif(
        not environment.location(ROOT).exists(),
        reason="the compile environment (0.7 GB) is not there; `sluice compile` makes it",
    ),
]


def test_the_committed_lock_is_what_the_sdk_gives():
    """Compiling the credit risk model gives the committed lock, byte for byte."""
    assert compiling.check(MODEL, root=ROOT, progress=[].append) == []


def test_an_authors_error_reaches_the_author(tmp_path):
    """An error in pipeline.py comes back from the compiling process as one sentence with file and line."""
    folder = tmp_path / "pipelines" / "churn"
    folder.mkdir(parents=True)
    (folder / "pipeline.py").write_text("def get_pipeline(**_):\n    raise ValueError('the rate is negative')\n")
    with pytest.raises(compiling.CompileError) as caught:
        compiling.compile_model(folder, root=ROOT, progress=[].append)
    assert str(caught.value) == "pipelines/churn: pipeline.py:2 raises ValueError: the rate is negative"
    assert not (folder / "lock").exists()
