import contextlib
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from local.errors import StartError, StateError
from local.state import State


@dataclass
class Thing:
    name: str
    more: dict = field(default_factory=dict)


@pytest.fixture
def reopened(tmp_path):
    """Opens the same folder again each time, ending the last process's hold on it."""
    opened = []

    def again(**options):
        if opened:
            opened[-1].close()
        opened.append(State.at(tmp_path / "state", **options))
        return opened[-1]

    yield again
    opened[-1].close()


def test_in_memory_a_table_is_a_dict():
    """Without a folder there is nothing to close and nothing is kept: two states know nothing of each other."""
    table = State.in_memory().table("events.rules")
    table["b"], table["a"] = Thing("b"), Thing("a")
    del table["b"]
    assert (dict(table), "a" in table, "b" in table) == ({"a": Thing("a")}, True, False)
    assert len(State.in_memory().table("events.rules")) == 0


def test_what_is_written_is_there_after_a_restart_in_its_order(reopened):
    """Replacing a value keeps its place; deleting and setting it again moves it to the end, as in a dict."""
    table = reopened().table("events.rules")
    for name in "cab":
        table[name] = Thing(name)
    table["c"] = Thing("c2")
    del table["a"]
    table["a"] = Thing("a2")
    assert list(reopened().table("events.rules").items()) == [("c", Thing("c2")), ("b", Thing("b")), ("a", Thing("a2"))]


def test_a_value_changed_in_place_is_kept_when_its_owner_says_so(reopened):
    """A table cannot see inside its values."""
    table = reopened().table("events.rules")
    table["a"] = Thing("a")
    table["a"].more["said"] = 1
    table.changed("a")
    table["a"].more["unsaid"] = 2
    assert reopened().table("events.rules")["a"].more == {"said": 1}


def test_tables_do_not_share_their_keys(reopened):
    """The name of the table is part of the key, and one name is one table."""
    state = reopened()
    state.table("one")["a"] = 1
    state.table("two")["a"] = 2
    assert state.table("one") is state.table("one")
    state = reopened()
    assert (state.table("one")["a"], state.table("two")["a"]) == (1, 2)


def test_a_key_that_is_not_there_is_a_key_error(reopened):
    """As with a dict, for a look, a deletion and a change."""
    table = reopened().table("one")
    for act in (table.__getitem__, table.__delitem__, table.changed):
        with pytest.raises(KeyError):
            act("nobody")


def test_a_value_that_cannot_be_kept_is_not_in_memory_either(reopened):
    """Written first, remembered then: memory never knows more than the file."""
    table = reopened().table("one")
    with pytest.raises(Exception, match="pickle"):
        table["a"] = lambda: None
    assert "a" not in table


def test_a_second_cloud_on_one_folder_is_refused(reopened, tmp_path):
    """The first goes on undisturbed."""
    table = reopened().table("one")
    with pytest.raises(StartError, match="another local cloud keeps its state in"):
        State.at(tmp_path / "state")
    table["a"] = 1
    assert reopened().table("one")["a"] == 1


def test_another_regions_state_is_refused(reopened, tmp_path):
    """The sentence names both, and the folder stays usable for its own region."""
    reopened(facts={"region": "eu-west-1"}).close()
    with pytest.raises(StartError, match="of region eu-west-1, not us-east-1"):
        State.at(tmp_path / "state", facts={"region": "us-east-1"})
    reopened(facts={"region": "eu-west-1"})


def test_what_is_no_state_is_refused(tmp_path):
    """A file of somebody else's is neither read nor overwritten."""
    file = tmp_path / "cloud.sqlite3"
    file.write_text("my notes, " * 200)
    with pytest.raises(StartError, match="is not a state of the local cloud"):
        State.at(tmp_path)
    assert file.read_text() == "my notes, " * 200


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    """A file in its way is named."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match=r"no state can be kept in .*file"):
        State.at(tmp_path / "file" / "state")


def test_a_class_that_is_no_longer_there_is_another_version(reopened):
    """Values of a version that has moved on are refused in words, not with a traceback of pickle's."""
    state = reopened()
    state.table("one")["a"] = 1
    with state.database.writing() as connection:
        connection.execute("UPDATE entries SET value = ?", (b"clocal.state\nGone\n.",))
    with pytest.raises(StartError, match="of another version: one cannot be read"):
        reopened().table("one")


def test_the_time_of_the_last_write_is_remembered(reopened):
    """The cloud's time, which may be ahead of the machine's: the next start begins no earlier."""
    state, moment = reopened(), datetime(2031, 1, 2, tzinfo=UTC)
    state.tell_time_by(lambda: moment)
    state.table("one")["a"] = 1
    moment += timedelta(hours=5)
    del state.table("one")["a"]
    assert reopened().last_time() == moment
    assert State.in_memory().last_time() is None


def test_a_full_disk_leaves_memory_and_file_as_they_were(reopened):
    """The change is refused as AWS's InternalFailure; when there is room again, all goes on."""
    table = reopened().table("one")
    table["a"] = "old"
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, unlimited[1]))
    try:
        with pytest.raises(StateError, match="nothing more can be kept in") as refused:
            table["a"] = "x" * 5_000_000
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert (refused.value.code, refused.value.status, table["a"]) == ("InternalFailure", 500, "old")
    table["b"] = "new"
    assert dict(reopened().table("one")) == {"a": "old", "b": "new"}


def test_nothing_written_is_lost_when_the_process_is_killed(tmp_path):
    """A child says each key after its write returned; whenever it is killed, every key that it said is there."""
    program = textwrap.dedent("""
        import sys
        from pathlib import Path
        from local.state import State
        table = State.at(Path(sys.argv[1])).table("one")
        for number in range(len(table), 10**9):
            table[str(number)] = number
            print(number, flush=True)
    """)
    said = []
    for wanted in (3, 40, 150):
        child = subprocess.Popen([sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE, text=True)
        said += [int(next(child.stdout)) for _ in range(wanted)]
        os.kill(child.pid, signal.SIGKILL)
        said += [int(line) for line in child.stdout if line.endswith("\n")]
        child.wait()
        child.stdout.close()
    state = State.at(tmp_path)
    kept = dict(state.table("one"))
    state.close()
    assert sorted(said) == said
    assert [kept[str(number)] for number in said] == said


def test_changes_made_together_are_kept_together_or_not_at_all(reopened):
    """Neither file nor memory ever shows a part of them."""
    state = reopened()
    one, two = state.table("one"), state.table("two")
    one["a"], two["old"] = 1, 1
    with state.together():
        one["b"] = 2
        with state.together():
            del two["old"]

    def fail():
        with state.together():
            one["a"], one["c"] = 9, 9
            del one["b"]
            two["new"] = 9
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail()
    one["d"] = 4
    assert (dict(one), dict(two)) == ({"a": 1, "b": 2, "d": 4}, {})
    state = reopened()
    assert (dict(state.table("one")), dict(state.table("two"))) == ({"a": 1, "b": 2, "d": 4}, {})


def test_in_memory_too_changes_are_made_together_or_not_at_all():
    """What a test sees without a folder is what a person sees with one."""
    state = State.in_memory()
    one, other = state.table("one"), state.table("other")
    one["a"] = 1
    with contextlib.suppress(KeyError), state.together():
        one["a"], other["b"] = 2, 3
        del one["a"]
        raise KeyError
    assert (dict(one), dict(other)) == ({"a": 1}, {})


def test_changes_that_do_not_fit_on_the_disk_together_are_not_made(reopened):
    """The first of them fitted, and is undone with the second."""
    state = reopened()
    one, two = state.table("one"), state.table("two")

    def put():
        with state.together():
            one["a"] = 1
            two["b"] = "x" * 5_000_000

    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, unlimited[1]))
    try:
        with pytest.raises(StateError):
            put()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert (dict(one), dict(two)) == ({}, {})
    one["c"] = 3
    assert dict(reopened().table("one")) == {"c": 3}


def test_threads_that_write_at_once_do_not_undo_each_other(reopened):
    """A block holds the others off until it has ended; none of their changes is lost."""
    state = reopened()
    table, other = state.table("one"), state.table("two")

    def write(name):
        for number in range(60):
            with contextlib.suppress(RuntimeError), state.together():
                table[f"{name}{number}"] = number
                if number % 2:
                    raise RuntimeError
            other[f"{name}{number}"] = number

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {f"{name}{number}" for name in "abc" for number in range(0, 60, 2)}
    assert (set(table), len(other)) == (expected, 180)
    assert set(reopened().table("one")) == expected
