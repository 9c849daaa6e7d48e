import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import measures, significance
from monitor.profile import Categories, Numbers

FINITE = st.floats(min_value=-1e6, max_value=1e6)


def numbers(values):
    """The profile of some numbers."""
    made = Numbers()
    made.add(np.asarray(values, np.float64))
    return made


def plain_ks(first, second):
    """The largest difference of two distribution functions, as its definition says."""
    at = np.concatenate((first, second))
    return max(abs((first <= each).mean() - (second <= each).mean()) for each in at)


@settings(max_examples=40)
@given(st.lists(FINITE, min_size=1, max_size=30), st.lists(FINITE, min_size=1, max_size=30))
def test_ks_is_the_largest_difference_of_the_distribution_functions(first, second):
    """Exact for samples that are known number by number."""
    found, error = measures.ks(numbers(first), numbers(second))
    assert found == pytest.approx(plain_ks(np.array(first), np.array(second)))
    assert error == 0


def test_ks_of_bins_is_within_the_stated_error():
    """Of samples too large to be kept: one in bins, or both, at bins of different widths."""
    random = np.random.default_rng(3)
    normal, moved, few = random.normal(0, 1, 60_000), random.normal(1000, 1, 60_000), random.normal(0.1, 1, 500)
    for first, second in (
        (normal, random.normal(0.05, 1, 60_000)),
        (normal, few),
        (normal, moved),
        (moved, moved + 0.1),
    ):
        found, error = measures.ks(numbers(first), numbers(second))
        ordered, other, at = np.sort(first), np.sort(second), np.concatenate((first, second))
        true = np.abs(
            np.searchsorted(ordered, at, "right") / len(first) - np.searchsorted(other, at, "right") / len(second)
        ).max()
        assert abs(found - true) <= error + 1e-12
        assert error < 0.005


def test_nothing_cannot_be_compared():
    """No numbers, no texts: NaN, and nothing is significant."""
    assert math.isnan(measures.ks(Numbers(), numbers([1]))[0])
    assert math.isnan(measures.l_infinity(Categories(), Categories.of({"a": 1}))[0])
    none, some = np.zeros(3, np.int64), np.ones(3, np.int64)
    assert math.isnan(measures.psi(none, some))
    assert math.isnan(measures.jensen_shannon(some, none))
    assert measures.ks_p_value(math.nan, 0, 10) == 1.0


@pytest.mark.parametrize(
    ("distance", "sizes", "expected"),
    [(1.0, (3, 3), 0.1), (2 / 3, (3, 3), 0.6), (1.0, (2, 3), 0.2), (1.0, (5, 5), 2 / 252), (0.8, (5, 5), 20 / 252)],
)
def test_small_samples_have_exact_p_values(distance, sizes, expected):
    """Counted by hand: of all orders of the pooled samples, those at least as far apart."""
    found = measures.ks_p_value(distance, *sizes)
    asymptotic_is_clear = expected > 0.5
    assert found == pytest.approx(expected, rel=0.6 if asymptotic_is_clear else 1e-9)


@pytest.mark.parametrize(("distance", "sizes"), [(0.07, (3892, 962)), (0.07, (962, 3892)), (0.05, (5000, 750))])
def test_exact_p_values_are_near_the_asymptotic_ones(distance, sizes):
    """In samples of thousands, of very different sizes too: 2 exp(-2 d² nm / (n + m)), a little less."""
    first, second = sizes
    asymptotic = 2 * math.exp(-2 * distance**2 * first * second / (first + second))
    assert 0.8 * asymptotic < measures.ks_p_value(distance, first, second) < asymptotic


def test_p_values_hold_their_rate():
    """Of 400 pairs of samples from the same distribution, about 5 % are significant at 5 %."""
    random = np.random.default_rng(11)
    significant = 0
    for _ in range(400):
        first, second = random.normal(size=150), random.normal(size=100)
        significant += measures.ks_p_value(measures.ks(numbers(first), numbers(second))[0], 150, 100) <= 0.05
    assert 8 <= significant <= 30


def test_l_infinity_is_the_largest_difference_of_shares():
    """Categories that only one side knows included."""
    found = measures.l_infinity(Categories.of({"a": 6, "b": 4}), Categories.of({"a": 3, "c": 7}))
    assert found == (pytest.approx(0.7), 0.0)


def test_stability_index_and_jensen_shannon_by_hand():
    """By their formulas: (0.5 - 0.25) ln 2 and (0.75 - 0.5) ln 1.5; the root of the mean divergence from the middle."""
    before, now = np.array([50, 50]), np.array([25, 75])
    assert measures.psi(before, now) == pytest.approx(0.25 * math.log(2) + 0.25 * math.log(1.5))
    middle = 0.5 * (0.5 * math.log(0.5 / 0.375) + 0.5 * math.log(0.5 / 0.625))
    middle += 0.5 * (0.25 * math.log(0.25 / 0.375) + 0.75 * math.log(0.75 / 0.625))
    assert measures.jensen_shannon(before, now) == pytest.approx(math.sqrt(middle))
    assert measures.jensen_shannon(before, before) == 0
    assert measures.jensen_shannon(np.array([1, 0]), np.array([0, 1])) == pytest.approx(math.sqrt(math.log(2)))


def test_an_empty_bin_does_not_make_the_index_infinite():
    """It has the share 1e-4, or less where others have less."""
    assert measures.psi(np.array([50, 50, 0]), np.array([50, 25, 25])) == pytest.approx(
        0.25 * math.log(2) + (0.25 - 1e-4) * math.log(0.25 / 1e-4)
    )


@settings(max_examples=40)
@given(st.lists(st.floats(min_value=0, max_value=1), min_size=1, max_size=12))
def test_holm_is_between_nothing_and_bonferroni(p_values):
    """Never below the p value, never above it times their number, in the same order."""
    adjusted = significance.holm(p_values)
    for p_value, found in zip(p_values, adjusted, strict=True):
        assert p_value <= found <= min(1.0, p_value * len(p_values)) + 1e-12
    assert [adjusted[place] for place in np.argsort(p_values, kind="stable")] == sorted(adjusted)
