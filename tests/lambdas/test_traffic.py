import json
from fractions import Fraction
from math import comb
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.traffic import CONFIDENCE, chance, needed, real

GOLDEN = Path(__file__).parents[1] / "golden"


def exactly(minimum, requests, share):
    """P(X ≥ minimum) in fractions, as a textbook has it."""
    fewer = range(min(minimum, requests + 1))
    return 1 - sum(comb(requests, k) * share**k * (1 - share) ** (requests - k) for k in fewer)


SHARES = st.fractions(min_value=Fraction(1, 20), max_value=1, max_denominator=40)


@given(minimum=st.integers(0, 40), requests=st.integers(0, 200), share=SHARES)
def test_the_chance_is_the_binomial_one(minimum, requests, share):
    """The sum of logarithms agrees with exact fractions."""
    expected = float(exactly(minimum, requests, share))
    assert chance(minimum, requests=requests, share=float(share)) == pytest.approx(expected, abs=1e-9)


@given(minimum=st.integers(1, 60), share=SHARES)
def test_no_fewer_requests_would_do(minimum, share):
    """The answer reaches the confidence, and one request less does not."""
    found = needed(minimum=minimum, share=float(share))
    assert exactly(minimum, found, share) >= CONFIDENCE - 1e-9
    assert exactly(minimum, found - 1, share) < CONFIDENCE + 1e-9


@pytest.mark.parametrize(
    ("minimum", "share", "expected"),
    [(10, 1.0, 10), (10, 0.5, 38), (10, 1 / 3, 61), (1, 0.5, 10), (0, 0.5, 0)],
)
def test_a_canary_needs_more_than_its_share_says(minimum, share, expected):
    """Ten of twenty requests reach half of the fleet only on average; to be sure takes 38."""
    assert needed(minimum=minimum, share=share) == expected


@pytest.mark.parametrize(("share", "confidence"), [(0.0, 0.999), (-0.1, 0.999), (1.1, 0.999), (0.5, 1.0), (0.5, 0.0)])
def test_what_no_traffic_can_reach_is_refused(share, confidence):
    """A fleet without traffic gets no requests, however many are sent."""
    with pytest.raises(ValueError, match="cannot be reached"):
        needed(minimum=10, share=share, confidence=confidence)


@pytest.mark.parametrize(
    ("requests", "probes", "expected"),
    [
        ((60.0, 80.0), (0.0, 0.0), 60),
        ((60.0, 80.0), (38.0, 38.0), 22),
        ((38.0, 38.0), (38.0, 38.0), 0),
        ((30.0, 46.0), (38.0, 38.0), 0),
        ((), (), 0),
    ],
)
def test_probes_are_no_traffic(requests, probes, expected):
    """What we sent ourselves is taken off, and the quieter minute counts."""
    assert real(requests=requests, probes=probes) == expected


@pytest.mark.parametrize("case", json.loads((GOLDEN / "probes.json").read_text()))
def test_as_many_requests_are_probed_for_as_are_reckoned_with(case):
    """What fills a minute up is the same number here as in the planner's forecast."""
    assert case["requests"] == needed(minimum=case["minimum"], share=case["share"])
