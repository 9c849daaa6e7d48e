import json

import pytest

from cli.compiling import bundle
from cli.compiling.bundle import Bundle

COMPILED = Bundle(definition={"Steps": [], "Metadata": {}}, assets={"assets/ab/a.py": b"a", "assets/cd/e/f.py": b"f"})


@pytest.fixture
def lock(tmp_path):
    """A lock that holds the compiled bundle."""
    bundle.write(COMPILED, tmp_path / "lock")
    return tmp_path / "lock"


def told(lock):
    """The differences of the lock from the compiled bundle, as told."""
    return [str(difference) for difference in bundle.differences(COMPILED, lock)]


def test_what_is_written_is_up_to_date(lock):
    """A lock that was just written has no differences."""
    assert told(lock) == []
    assert json.loads((lock / "definition.json").read_text()) == COMPILED.definition


def test_writing_replaces_the_whole_lock(lock):
    """Files of an earlier bundle do not survive, and nothing but the lock is left in the folder."""
    bundle.write(Bundle(definition={}, assets={"assets/zz/z.py": b"z"}), lock)
    assert {path.relative_to(lock).as_posix() for path in lock.rglob("*.*")} == {"definition.json", "assets/zz/z.py"}
    assert [path.name for path in lock.parent.iterdir()] == ["lock"]


def test_each_difference_is_told_by_file(lock):
    """A check names each file, and says in which way it is not what compiling gives."""
    (lock / "definition.json").write_text("{}")
    (lock / "assets/ab/a.py").unlink()
    (lock / "assets/ab/old.py").write_text("old")
    assert told(lock) == ["assets/ab/a.py is missing", "assets/ab/old.py is left over", "definition.json is stale"]


def test_a_lock_that_is_not_there_misses_everything(tmp_path):
    """A model that was never compiled is told like one whose files were lost."""
    assert told(tmp_path / "lock") == [
        "assets/ab/a.py is missing",
        "assets/cd/e/f.py is missing",
        "definition.json is missing",
    ]
