from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.autoscaling.tracking import IN_MINUTES, Capacity, Policy

POLICY = Policy(target=100.0, out_cooldown=timedelta(seconds=60), in_cooldown=timedelta(seconds=300), scales_in=True)
CAPACITY = Capacity(now=4, least=2, most=8)
NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ([101.0] * 3, 5),
        ([150.0] * 3, 6),
        ([900.0] * 3, 8),
        ([101.0] * 2, 4),
        ([101.0, 100.0, 101.0], 4),
        ([101.0, None, 101.0], 4),
        ([None] * IN_MINUTES, 4),
        ([89.0] * IN_MINUTES, 4),
        ([60.0] * IN_MINUTES, 3),
        ([1.0] * IN_MINUTES, 2),
        ([60.0] * (IN_MINUTES - 1), 4),
        ([60.0] * 7 + [91.0] + [60.0] * 7, 4),
        ([10.0] * 14 + [70.0], 3),
    ],
)
def test_a_policy_wants_the_instances_that_meet_its_target(minutes, expected):
    """Out after three minutes over it, in after fifteen clearly under it, within limits; silence changes nothing."""
    assert expected == POLICY.wanted(minutes, CAPACITY)


def test_a_policy_need_not_scale_in():
    """With scale-in disabled the instances stay."""
    policy = Policy.of({"TargetValue": 100.0, "DisableScaleIn": True})
    assert policy.wanted([1.0] * IN_MINUTES, CAPACITY) == 4


@given(st.lists(st.none() | st.floats(0, 1e6), max_size=20), st.integers(1, 20))
def test_what_is_wanted_is_within_the_limits(minutes, now):
    """Whatever the traffic."""
    assert 2 <= POLICY.wanted(minutes, Capacity(now, 2, 8)) <= 8


@pytest.mark.parametrize(
    ("out", "ended_out", "ended_in", "rests"),
    [
        (True, 59, None, True),
        (True, 60, None, False),
        (True, None, 1, False),
        (False, None, 299, True),
        (False, None, 300, False),
        (False, 59, None, True),
        (False, None, None, False),
    ],
)
def test_cooldowns_count_from_the_end_of_an_activity(out, ended_out, ended_in, rests):
    """Scaling out waits for the last scaling out; scaling in for either."""
    ago = {None: None} | {seconds: NOW - timedelta(seconds=seconds) for seconds in (1, 59, 60, 299, 300)}
    assert rests == POLICY.rests(out=out, ended_out=ago[ended_out], ended_in=ago[ended_in], now=NOW)
