import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from env import chances
from env.chances import Counts

PROBABILITIES = st.floats(0.001, 0.999)


@given(mean=st.floats(0, 3000))
def test_a_poisson_number_is_complete(mean):
    """The chances of all numbers are one together, and their mean is the one asked for."""
    counts = chances.poisson(mean)

    assert (1.0, mean) == (pytest.approx(sum(counts.chances)), pytest.approx(counts.mean))


@given(trials=st.integers(0, 3000), chance=st.floats(0, 1))
def test_a_binomial_number_is_complete(trials, chance):
    """The chances of all numbers are one together, and their mean is trials times chance."""
    counts = chances.binomial(trials, chance)

    assert (1.0, trials * chance) == (
        pytest.approx(sum(counts.chances)),
        pytest.approx(counts.mean, rel=1e-8, abs=1e-9),
    )


@given(of=st.integers(0, 40), hits=st.integers(-1, 42), chance=PROBABILITIES)
def test_a_tail_is_the_sum_of_its_terms(of, hits, chance):
    """The chance of so many or more is the sum of the binomial's terms from there on."""
    terms = [math.comb(of, k) * chance**k * (1 - chance) ** (of - k) for k in range(of + 1)]

    assert pytest.approx(math.fsum(terms[max(0, hits) :]), rel=1e-9, abs=1e-15) == chances.at_least(
        hits, of=of, chance=chance
    )


def test_a_small_tail_keeps_its_digits():
    """All of thirty rare events: the chance is the thirtieth power, not zero."""
    assert pytest.approx(1e-60, rel=1e-9) == chances.at_least(30, of=30, chance=0.01)


@given(first=st.integers(0, 30), second=st.integers(0, 30), chance=PROBABILITIES)
def test_numbers_add_up(first, second, chance):
    """Two independent binomial numbers of one chance are together one of all trials."""
    together, whole = (
        chances.binomial(first, chance) + chances.binomial(second, chance),
        dict(chances.binomial(first + second, chance)),
    )

    assert {n: pytest.approx(whole.get(n, 0.0), abs=1e-12) for n, _ in together} == dict(together)


def test_a_mixture_is_one_of_its_numbers():
    """A number that is 2 with chance 1/4 and else 5."""
    mixed = chances.mixture((0.25, Counts(2, (1.0,))), (0.75, Counts(5, (1.0,))), (0.0, Counts(9, (1.0,))))

    assert {n: chance for n, chance in mixed if chance} == {2: 0.25, 5: 0.75}


@pytest.mark.parametrize(
    ("sigma", "milliseconds", "expected"),
    [
        (0.5, 100, 0.5),
        (0.5, 100 * math.exp(0.5 * 1.2815515655446004), 0.1),
        (0.0, 100, 1.0),
        (0.0, 101, 0.0),
    ],
)
def test_half_of_the_answers_are_slower_than_the_median(sigma, milliseconds, expected):
    """Of a log-normal latency half lies above the median, a tenth above its 90th percentile."""
    assert pytest.approx(expected) == chances.slower_than(milliseconds, median_ms=100, sigma=sigma)
