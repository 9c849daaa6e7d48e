import json
import os

import pytest

from cli.assembly import synthesize
from cli.errors import CliError
from cli.syntheses import Syntheses

APP = """
import pathlib, sys
folder = pathlib.Path(sys.argv[sys.argv.index("--output") + 1])
pathlib.Path("runs").open("a").write("run\\n")
if "broken" in pathlib.Path("env/local.toml").read_text():
    sys.exit("env/local.toml: broken")
folder.mkdir()
(folder / "manifest.json").write_text('{"artifacts": {}}')
(folder / "read").write_text(pathlib.Path("env/local.toml").read_text())
"""


@pytest.fixture
def kit(tmp_path):
    """A checkout whose `infra` counts how often it runs, and writes down what it has read."""
    for room in ("env", "infra", "lambdas", "pipelines"):
        (tmp_path / room).mkdir()
    (tmp_path / "infra" / "__init__.py").touch()
    (tmp_path / "infra" / "__main__.py").write_text(APP)
    (tmp_path / "env" / "local.toml").write_text("one")
    return tmp_path


def runs(kit):
    """How often `infra` has run."""
    return (kit / "runs").read_text().count("run")


def synthesized(kit, name, stage="local"):
    """What a synthesis into a folder of that name has read."""
    synthesize(stage, root=kit, output=kit / name)
    return (kit / name / "read").read_text()


def test_what_was_made_of_the_same_sources_is_not_made_again(kit):
    """A second deployment has the same assembly at once; another stage and changed sources make theirs."""
    assert [synthesized(kit, "a"), synthesized(kit, "b")] == ["one", "one"]
    assert runs(kit) == 1
    synthesized(kit, "c", stage="dev")
    assert runs(kit) == 2


@pytest.mark.parametrize("file", ["env/local.toml", "infra/new.py", "lambdas/a/b.py", "pipelines/m/lock/x", "uv.lock"])
def test_every_source_counts(kit, file):
    """Whatever a synthesis can read: the rooms that it is made of, and the versions that are installed."""
    synthesized(kit, "a")
    (kit / file).parent.mkdir(parents=True, exist_ok=True)
    (kit / file).write_text("two")
    synthesized(kit, "b")
    assert runs(kit) == 2


def test_what_failed_is_tried_again(kit):
    """Nothing is kept of it."""
    (kit / "env" / "local.toml").write_text("broken")
    for name in ("a", "b"):
        with pytest.raises(CliError, match="broken"):
            synthesized(kit, name)
    assert runs(kit) == 2


def test_what_has_not_been_used_for_longest_is_forgotten(kit):
    """The folder does not grow for ever."""
    made = kit / "made"
    made.mkdir()
    (made / "manifest.json").write_text(json.dumps({"artifacts": {}}))
    for number in range(20):
        Syntheses(kit).keep(f"local-{number}", made)
        os.utime(kit / ".cache" / "syntheses" / f"local-{number}", (number, number))
    kept = {folder.name for folder in (kit / ".cache" / "syntheses").iterdir()}
    assert kept == {f"local-{number}" for number in range(8, 20)}
