import pytest
from hypothesis import given
from hypothesis import strategies as st

from env import rhythm
from local.cron import Cron


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minute)",
        "rate(7 days)",
        "cron(0 6 ? * MON *)",
        "cron(0 6 ? * mon-fri *)",
        "cron(0/15 8-18 ? * 2,4 *)",
        "cron(30 5 L * ? *)",
        "cron(30 5 15W * ? 2027)",
        "cron(0 10 ? * 6#3 *)",
        "cron(0 10 ? * FRIL *)",
    ],
)
def test_what_scheduler_takes_is_without_fault(expression):
    """Rates, and cron with values, ranges, steps, names, L, W and #."""
    assert rhythm.fault(expression) is None


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("daily", "is neither rate"),
        ("at(2026-11-21T09:00:00)", "is neither rate"),
        ("rate(0 days)", "never comes"),
        ("rate(1 days)", "wrong number"),
        ("rate(5 minute)", "wrong number"),
        ("rate(5 weeks)", "is neither rate"),
        ("cron(0 6 * * *)", "has 5 fields"),
        ("cron(0 6 * * MON *)", "needs ? as day of month"),
        ("cron(0 6 ? * ? *)", "needs ? as day of month"),
        ("cron(61 6 ? * MON *)", "no meaning for minutes 61"),
        ("cron(0 24 ? * MOO *)", "no meaning for hours 24, day of week MOO"),
        ("cron(0 6-x * * ? *)", "no meaning for hours 6-X"),
    ],
)
def test_what_scheduler_refuses_has_a_fault(expression, fault):
    """A person reads which part is wrong."""
    assert fault in rhythm.fault(expression)


FIELD = st.sampled_from(
    ["*", "?", "0", "1", "5", "12", "31", "60", "MON", "JAN", "1-5", "*/5", "0/15", "L", "2026", "x"]
)


@given(st.lists(FIELD, min_size=5, max_size=7))
def test_what_passes_here_is_understood_by_the_clock(fields):
    """An expression without fault is one that the local cloud's clock can follow."""
    text = " ".join(fields)
    if rhythm.fault(f"cron({text})") is None:
        assert Cron.parse(text)


@pytest.mark.parametrize(
    ("zone", "known"), [("UTC", True), ("Europe/Zurich", True), ("Mars/Olympus", False), ("", False)]
)
def test_a_time_zone_is_one_of_the_database(zone, known):
    """Misspelt zones are found before AWS refuses them."""
    assert rhythm.is_zone(zone) == known


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("rate(15 minutes)", 900),
        ("rate(1 day)", 86_400),
        ("cron(0 * * * ? *)", 3600),
        ("cron(0/15 * * * ? *)", 900),
        ("cron(0 6 * * ? *)", 86_400),
        ("cron(0 6,18 * * ? *)", 43_200),
        ("cron(0 8-18/5 * * ? *)", 50_400),
        ("cron(0 6 ? * MON *)", 604_800),
        ("cron(0 6 1 * ? *)", 2_678_400),
    ],
)
def test_the_longest_pause_of_an_expression_is_known(expression, seconds):
    """An alarm on what recurs must look at no less."""
    assert rhythm.longest_pause_seconds(expression) == seconds
