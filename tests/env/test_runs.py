import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from env import runs


def rung_by_enumeration(breaching, *, datapoints, periods):
    """The same by walking through every course that the minutes can take."""
    found = [0.0] * len(breaching)
    for course in itertools.product((False, True), repeat=len(breaching)):
        weight = math.prod(p if bad else 1 - p for bad, p in zip(course, breaching, strict=True))
        windows = (sum(course[max(0, end - periods) : end]) >= datapoints for end in range(1, len(course) + 1))
        for minute, rings in enumerate(itertools.accumulate(windows, bool.__or__)):
            found[minute] += weight * rings
    return found


@given(breaching=st.lists(st.floats(0, 1), max_size=9), periods=st.integers(1, 5), data=st.data())
def test_an_alarm_rings_as_often_as_its_courses_say(breaching, periods, data):
    """The chain of states gives what all courses of the minutes give together, for any M of N."""
    datapoints = data.draw(st.integers(1, periods))

    expected = rung_by_enumeration(breaching, datapoints=datapoints, periods=periods)

    assert [pytest.approx(chance, abs=1e-12) for chance in expected] == list(
        runs.rung(breaching, datapoints=datapoints, periods=periods)
    )


@pytest.mark.parametrize(("datapoints", "periods"), [(0, 1), (3, 2)])
def test_more_minutes_than_there_are_cannot_be_bad(datapoints, periods):
    """An alarm of three bad minutes in two is refused."""
    with pytest.raises(ValueError, match=f"{datapoints} of {periods} minutes"):
        list(runs.rung([0.5], datapoints=datapoints, periods=periods))
