from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
import pytest

from monitor.judging import evidence


def exactly(hits, rows, before, rows_before):
    """The same chance by whole numbers."""
    marked, both = hits + before, rows + rows_before
    ways = (comb(marked, x) * comb(both - marked, rows - x) for x in range(hits, min(marked, rows) + 1))
    return float(Fraction(sum(ways), comb(both, rows)))


def splits(values, rows):
    """All ways in which a window of `rows` can be drawn of pooled values: pairs of counts by value."""
    kinds = sorted(set(values))
    for chosen in combinations(range(len(values)), rows):
        window = [values[each] for each in chosen]
        counts = np.array([window.count(kind) for kind in kinds])
        yield counts, np.array([values.count(kind) for kind in kinds]) - counts


@pytest.mark.parametrize("rows", [5, 40])
@pytest.mark.parametrize("rows_before", [7, 60])
def test_fishers_chance_is_exact(rows, rows_before):
    """Above what is expected, the chance of so many hits is that of counting all draws; below it is given as one."""
    for hits in range(1, rows + 1):
        for before in range(0, rows_before + 1, 3):
            said = evidence.more_often(hits, rows, before=before, rows_before=rows_before)
            if hits * (rows + rows_before) > (hits + before) * rows:
                assert said == pytest.approx(exactly(hits, rows, before, rows_before), rel=1e-9)
            else:
                assert said == 1.0


def test_large_samples_keep_their_chance():
    """At ten million rows the chance of a few hits that the baseline had none of is that of coin tosses."""
    said = evidence.beyond(12, 10_000_000, rows_before=10_000_000)
    assert said == pytest.approx(0.5**12, rel=1e-5)
    assert evidence.more_often(5_100_000, 10_000_000, before=5_000_000, rows_before=10_000_000) < 1e-300


@pytest.mark.parametrize("values", ["aabbcdefgh", "aaaabbbbcd", "abcdefghij"])
@pytest.mark.parametrize("rows", [4, 6])
def test_unseen_values_are_never_surer_than_chance_allows(values, rows):
    """Over all draws of a window, a chance of at most p is given in at most a share p of them."""
    said = [
        evidence.unseen(int(w[b == 0].sum()), w + b, rows=rows, rows_before=len(values) - rows)
        for w, b in splits(values, rows)
    ]
    assert_holds(said)


@pytest.mark.parametrize("values", ["aaaaabbbbccd", "abcdefghijkl", "aaaaaaaaabbb"])
@pytest.mark.parametrize("rows", [4, 6])
def test_a_categorys_share_is_never_surer_than_chance_allows(values, rows):
    """The same of the category that differs most surely, whatever their number."""
    assert_holds([evidence.largest_share(w, b) for w, b in splits(values, rows)])


@pytest.mark.parametrize("values", ["abcdefghijkl", "aaabbccddeef", "aaaaaaaabcde", "aaaaaaabbbbb"])
@pytest.mark.parametrize("rows", [4, 6])
def test_numbers_have_never_moved_more_surely_than_chance_allows(values, rows):
    """The same of numbers, with and without ties, and with one value that most rows have."""
    assert_holds([evidence.moved(w, b) for w, b in splits(values, rows)])


def test_a_real_shift_is_sure():
    """What has moved far is sure in every test; what is the same on both sides is chance."""
    low, high = np.array([90, 60, 30, 20]), np.array([20, 30, 60, 90])
    assert evidence.moved(high, low) < 1e-9
    assert evidence.rank_sum(high, low) < 1e-9
    assert evidence.largest_share(high, low) < 1e-6
    assert evidence.moved(low, low) == 1.0
    assert evidence.unseen(30, np.array([30, 100, 70]), rows=100, rows_before=100) < 1e-8


def assert_holds(said):
    """P(p ≤ a) ≤ a at every level that is given."""
    said = np.sort(said)
    shares = np.searchsorted(said, said, side="right") / len(said)
    assert np.all(shares <= np.minimum(1.0, said * (1 + 1e-9)))
