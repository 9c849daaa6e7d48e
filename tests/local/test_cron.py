from datetime import date, datetime
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cron import Cron

START = date(2026, 11, 1)  # a Sunday


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 10 * * ? *", ["2026-11-01 10:00", "2026-11-02 10:00", "2026-11-03 10:00"]),
        ("15 12 * * ? *", ["2026-11-01 12:15", "2026-11-02 12:15", "2026-11-03 12:15"]),
        ("0 18 ? * MON-FRI *", ["2026-11-02 18:00", "2026-11-03 18:00", "2026-11-04 18:00"]),
        ("0 8 1 * ? *", ["2026-11-01 08:00", "2026-12-01 08:00", "2027-01-01 08:00"]),
        ("0/25 * ? * 1 *", ["2026-11-01 00:00", "2026-11-01 00:25", "2026-11-01 00:50"]),
        ("5,35 14 * * ? *", ["2026-11-01 14:05", "2026-11-01 14:35", "2026-11-02 14:05"]),
        ("15 10 ? * 6L 2026-2027", ["2026-11-27 10:15", "2026-12-25 10:15", "2027-01-29 10:15"]),
        ("0 9 ? * 2#1 *", ["2026-11-02 09:00", "2026-12-07 09:00", "2027-01-04 09:00"]),
        ("0 9 L * ? *", ["2026-11-30 09:00", "2026-12-31 09:00", "2027-01-31 09:00"]),
        ("0 9 1W * ? *", ["2026-11-02 09:00", "2026-12-01 09:00", "2027-01-01 09:00"]),
        ("0 9 LW * ? *", ["2026-11-30 09:00", "2026-12-31 09:00", "2027-01-29 09:00"]),
        ("0 0 31 * ? *", ["2026-12-31 00:00", "2027-01-31 00:00", "2027-03-31 00:00"]),
        ("0 0 29 FEB ? *", ["2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00"]),
        ("0 12 ? * L *", ["2026-11-07 12:00", "2026-11-14 12:00", "2026-11-21 12:00"]),
    ],
)
def test_expressions_mean_what_aws_documents(text, expected):
    """Days count from Sunday as 1; L is the last, W the nearest working day of the same month, # the nth."""
    found = [moment.strftime("%Y-%m-%d %H:%M") for moment in islice(Cron.parse(text).times(START), 3)]
    assert expected == found


def test_the_years_end():
    """An expression whose years are over has no more times."""
    assert list(Cron.parse("0 0 1 JAN ? 2025").times(START)) == []


@pytest.mark.parametrize(
    "text",
    [
        "0 10 * * *",
        "0 10 * * * *",
        "0 10 ? * ? *",
        "60 10 * * ? *",
        "0 24 * * ? *",
        "0 10 32 * ? *",
        "0 10 ? * 8 *",
        "0 10 ? * 3#6 *",
        "0 10 ? * 3#1,6#3 *",
        "0 10 * FOO ? *",
        "0 10 * * ? 1969",
        "5-3 * * * ? *",
        "0/0 * * * ? *",
        "a b c d e f",
    ],
)
def test_what_means_nothing_is_refused(text):
    """Five fields, both days given or none, numbers out of range, empty ranges."""
    with pytest.raises(ValueError, match=r"\w"):
        Cron.parse(text)


@given(st.integers(0, 59), st.integers(0, 23), st.integers(1, 28), st.integers(1, 12))
def test_a_day_of_the_year_comes_once_a_year(minute, hour, day, month):
    """Whatever the day, its next times are one in each year, in order."""
    found = list(islice(Cron.parse(f"{minute} {hour} {day} {month} ? *").times(date(2026, 1, 1)), 3))
    assert found == [datetime(year, month, day, hour, minute) for year in (2026, 2027, 2028)]
