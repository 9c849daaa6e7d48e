"""The models that `sluice new` copies."""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.compiling.sources import fingerprint

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "cli" / "templates"


@pytest.fixture(params=["classification", "regression"])
def template(request):
    """The folder of a kind."""
    return TEMPLATES / request.param


@pytest.fixture
def example(models, template):
    """The template as a model."""
    return models(template)


def test_the_lock_holds_the_files(template):
    """The lock of a template is what its files and those that models share compile to: a new model runs at once."""
    shared = [path for name in ("evidence", "serving") for path in (ROOT / "pipelines" / name).glob("*.py")]
    own = [*(template / "steps").glob("*.py"), template / "inference.py", template / "contract.json"]
    for source in (*own, *shared):
        assert source.read_bytes() in (path.read_bytes() for path in (template / "lock").rglob(source.name)), source


def test_the_lock_is_known_to_be_that_of_its_sources(template, tmp_path):
    """As `sluice new` finds it beside what models share: the first run of a new model needs no SDK."""
    for shared in (path for path in (ROOT / "pipelines").iterdir() if not (path / "pipeline.py").exists()):
        (tmp_path / shared.name).symlink_to(shared)
    shutil.copytree(template, tmp_path / "example_model")
    told = (template / "lock" / "sources.sha256").read_text().strip()
    assert told == fingerprint(tmp_path / "example_model")


def test_the_name_of_a_new_model_changes_no_source(template):
    """The name that is replaced stands in no file whose hash the lock has."""
    lock = template / "lock"
    sources = [path for path in template.rglob("*.py") if lock not in path.parents]
    found = [path for path in (*sources, template / "contract.json", lock / "definition.json") if _named(path)]
    assert found == []


def _named(path):
    return re.search(r"example.model", path.read_text(), re.IGNORECASE)


def test_the_data_are_made_again_byte_for_byte(template, tmp_path):
    """The program beside the data makes the very file, whose hash DATA.md has."""
    (data,) = (template / "data").glob("*.csv")
    program = tmp_path / "generate.py"
    program.write_bytes((template / "data" / "generate.py").read_bytes())
    subprocess.run([sys.executable, str(program)], check=True)
    assert (tmp_path / data.name).read_bytes() == data.read_bytes()
    assert hashlib.sha256(data.read_bytes()).hexdigest() in (template / "DATA.md").read_text()


def test_it_passes_its_gates(example):
    """A new model is registered by its first run."""
    assert example.trained.json("evaluation/summary.json")["gates"] == "All gates pass."
