from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from local.clock import Clock
from local.timetable import AlarmClock, timetable

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 minute)", NOW + timedelta(minutes=1)),
        ("rate(15 minutes)", NOW + timedelta(minutes=15)),
        ("rate(2 days)", NOW + timedelta(days=2)),
        ("cron(0 9 * * ? *)", NOW + timedelta(minutes=30)),
        ("at(2026-11-21T08:31:30)", NOW + timedelta(seconds=90)),
        ("at(2026-11-21T08:30:00)", None),
    ],
)
def test_the_next_turn_is_after_now(expression, expected):
    """Never now itself; a moment that is past has none."""
    assert timetable(expression, since=NOW).following(NOW) == expected


def test_a_rate_counts_from_its_beginning():
    """Whoever asks in between gets the next multiple, and whoever asks before it the beginning."""
    every = timetable("rate(5 minutes)", since=NOW)
    assert every.following(NOW + timedelta(minutes=7)) == NOW + timedelta(minutes=10)
    assert every.following(NOW - timedelta(days=1)) == NOW


@pytest.mark.parametrize(
    "expression",
    [
        "rate(0 minutes)",
        "rate(5 seconds)",
        "rate(5)",
        "rate(999999999999 days)",
        "rate(2900000 days)",
        "every day",
        "at(tomorrow)",
        "cron(* * *)",
        "",
    ],
)
def test_another_text_is_no_timetable(expression):
    """It is refused with a reason."""
    with pytest.raises(ValueError, match=r"\w"):
        timetable(expression, since=NOW)


def test_a_time_zone_is_kept_through_the_year():
    """Half past eight in New York is another hour of UTC in summer."""
    daily = timetable("cron(30 8 * * ? *)", since=NOW, zone=NEW_YORK)
    assert daily.following(datetime(2026, 1, 5, tzinfo=UTC)) == datetime(2026, 1, 5, 13, 30, tzinfo=UTC)
    assert daily.following(datetime(2026, 7, 5, tzinfo=UTC)) == datetime(2026, 7, 5, 12, 30, tzinfo=UTC)


def test_a_time_that_spring_skips_is_left_out():
    """On 8 March 2026 there is no 2:30 in New York."""
    nightly = timetable("cron(30 2 * * ? *)", since=NOW, zone=NEW_YORK)
    before = datetime(2026, 3, 7, 12, tzinfo=UTC)
    assert nightly.following(before) == datetime(2026, 3, 9, 6, 30, tzinfo=UTC)


def test_a_time_that_autumn_repeats_comes_once():
    """On 1 November 2026 there are two 1:30 in New York, and the first is taken."""
    nightly = timetable("cron(30 1 * * ? *)", since=NOW, zone=NEW_YORK)
    first = nightly.following(datetime(2026, 11, 1, 4, tzinfo=UTC))
    assert first == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert nightly.following(first) == datetime(2026, 11, 2, 6, 30, tzinfo=UTC)


@pytest.fixture
def rung():
    """What a stepped clock's alarm rang, and the two of them."""
    clock = Clock(speed=0, start=NOW)
    rings = []
    return clock, AlarmClock(clock, lambda name, turn: rings.append((name, turn))), rings


def test_it_rings_at_each_turn(rung):
    """With the moment of the turn, however long the step of the clock."""
    clock, alarm, rings = rung
    alarm.set("a", timetable("rate(1 minute)", since=NOW))
    clock.advance(timedelta(minutes=3))
    assert rings == [("a", NOW + timedelta(minutes=n)) for n in (1, 2, 3)]


def test_a_name_that_is_set_anew_forgets_its_last_timetable(rung):
    """Nothing rings twice."""
    clock, alarm, rings = rung
    alarm.set("a", timetable("rate(1 minute)", since=NOW))
    alarm.set("a", timetable("rate(2 minutes)", since=NOW))
    clock.advance(timedelta(minutes=4))
    assert [turn for _, turn in rings] == [NOW + timedelta(minutes=2), NOW + timedelta(minutes=4)]


def test_a_name_that_is_dropped_rings_no_more(rung):
    """Though the clock still holds its next turn."""
    clock, alarm, rings = rung
    alarm.set("a", timetable("rate(1 minute)", since=NOW))
    alarm.drop("a")
    clock.advance(timedelta(minutes=4))
    assert rings == []


class _Hurried:
    """A clock that is as late as a test makes it when it comes to what is due."""

    def __init__(self, *, speed=1.0) -> None:
        self.time, self.due, self.speed = NOW, [], speed

    def now(self):
        return self.time

    def after(self, delay, action):
        self.due.append(action)


def test_turns_that_were_missed_are_left_out():
    """After a day of a minute's rate there is one ring, not 1,440."""
    clock, rings = _Hurried(), []
    AlarmClock(clock, lambda name, turn: rings.append(turn)).set("a", timetable("rate(1 minute)", since=NOW))
    clock.time += timedelta(days=1)
    clock.due.pop()()
    assert rings == [NOW + timedelta(minutes=1)]
    clock.time += timedelta(minutes=1)
    clock.due.pop()()
    assert rings[1:] == [NOW + timedelta(days=1, minutes=1)]


@pytest.mark.parametrize(("speed", "minutes"), [(0, 1), (1, 1), (600, 1), (601, 2), (10_000, 17)])
def test_a_fast_clock_rings_ten_times_in_a_wall_second_at_most(speed, minutes):
    """Up to 600 simulated seconds per second, each minute is rung."""
    clock, rings = _Hurried(speed=speed), []
    AlarmClock(clock, lambda name, turn: rings.append(turn)).set("a", timetable("rate(1 minute)", since=NOW))
    clock.time = NOW + timedelta(minutes=1)
    clock.due.pop()()
    clock.time = NOW + timedelta(minutes=1 + minutes)
    clock.due.pop()()
    assert rings == [NOW + timedelta(minutes=1), NOW + timedelta(minutes=1 + minutes)]
