import threading
from datetime import UTC, datetime, timedelta

import pytest

from local.clock import Clock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_stepped_clock_stands_still():
    """Between two looks nothing passes."""
    clock = Clock(speed=0, start=NOON)
    assert (clock.now(), clock.now()) == (NOON, NOON)


def test_actions_run_in_the_order_of_their_time():
    """Not in the order in which they were asked for; those of one moment keep that order."""
    clock, ran = Clock(speed=0, start=NOON), []
    for seconds, name in ((3, "c"), (1, "a"), (2, "b"), (1, "a again")):
        clock.after(timedelta(seconds=seconds), lambda name=name: ran.append(name))
    clock.advance(timedelta(seconds=2))
    assert ran == ["a", "a again", "b"]


def test_an_action_sees_the_moment_it_was_due():
    """The clock stands at each due moment while its action runs, and at the end afterwards."""
    clock, seen = Clock(speed=0, start=NOON), []
    clock.after(SECOND, lambda: seen.append(clock.now()))
    clock.advance(timedelta(minutes=1))
    assert [*seen, clock.now()] == [NOON + SECOND, NOON + timedelta(minutes=1)]


def test_an_action_may_ask_for_another():
    """A chain of actions within one step all runs."""
    clock, ran = Clock(speed=0, start=NOON), []

    def again():
        ran.append(clock.now())
        clock.after(SECOND, again)

    clock.after(SECOND, again)
    clock.advance(timedelta(seconds=3))
    assert ran == [NOON + SECOND * number for number in (1, 2, 3)]


def test_an_accelerated_clock_runs_ahead_of_the_wall():
    """At speed one million, a day passes before a second does."""
    clock, done = Clock(speed=1_000_000), threading.Event()
    clock.after(timedelta(days=1), done.set)
    assert done.wait(10)
    clock.close()


def test_a_failed_action_does_not_stop_the_time(caplog):
    """The error is logged and the next action runs."""
    clock, done = Clock(speed=1_000_000), threading.Event()
    clock.after(timedelta(0), lambda: 1 / 0)
    clock.after(SECOND, done.set)
    assert done.wait(10)
    clock.close()
    assert "an action of the clock failed" in caplog.text


def test_nothing_runs_after_close():
    """What was due is forgotten, what is asked for later too, and the thread has ended."""
    clock, ran = Clock(speed=1_000_000), []
    clock.after(timedelta(days=365_000), lambda: ran.append("before"))
    clock.close()
    clock.after(timedelta(0), lambda: ran.append("after"))
    assert ran == []
    assert "clock" not in [thread.name for thread in threading.enumerate()]


def test_time_does_not_go_back():
    """Neither by a negative speed nor by a negative step."""
    with pytest.raises(ValueError, match="cannot be negative"):
        Clock(speed=-1)
    with pytest.raises(ValueError, match="does not go back"):
        Clock(speed=0).advance(-SECOND)


def test_a_running_clock_cannot_be_advanced():
    """Only a stepped one can."""
    with pytest.raises(ValueError, match="speed 0"):
        Clock(speed=1).advance(SECOND)


def test_what_is_due_in_centuries_does_not_stop_the_clock():
    """It is longer than a lock can wait for; what is due soon still runs."""
    clock, ran = Clock(speed=1, start=NOON), threading.Event()
    clock.after(timedelta(days=2_900_000), lambda: None)
    clock.after(timedelta(milliseconds=50), ran.set)
    assert ran.wait(5)
    clock.after(timedelta(milliseconds=50), (again := threading.Event()).set)
    assert again.wait(5)
    clock.close()
