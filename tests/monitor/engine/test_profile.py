import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.profile import Categories, Numbers, Profile, categories

RANDOM = np.random.default_rng(5)
SHAPES = {
    "normal": RANDOM.normal(0, 1, 60_000),
    "far from zero": RANDOM.normal(1000, 1, 60_000),
    "negative": -RANDOM.gamma(2, 1, 60_000),
    "half zero": np.where(RANDOM.random(60_000) < 0.5, 0, RANDOM.normal(0, 1e-3, 60_000)),
    "large and tiny": np.concatenate([RANDOM.normal(0, 1e10, 30_000), RANDOM.normal(0, 1e-10, 30_000)]),
    "all magnitudes": RANDOM.normal(0, 1, 60_000) * 10.0 ** RANDOM.integers(-300, 300, 60_000),
    "amounts": np.round(RANDOM.lognormal(7, 1, 60_000), 2),
    "whole": RANDOM.integers(-500, 500, 60_000).astype(float),
    "few": RANDOM.normal(0, 1, 300),
}


def profile(values, *, parts=1):
    """The profile of one column, in so many batches."""
    return Profile.of([pa.record_batch({"x": part}) for part in np.array_split(values, parts)])


def parted(values):
    """The profiles of two halves, joined."""
    joined = profile(values[: len(values) // 3])
    joined.merge(profile(values[len(values) // 3 :]))
    return joined


def written(values):
    """A profile that has been a document."""
    return Profile.from_json(profile(values).to_json())


@pytest.mark.parametrize("made", [profile, lambda values: profile(values, parts=7), parted, written])
@pytest.mark.parametrize("shape", SHAPES)
def test_numbers_are_what_numpy_says(shape, made):
    """Counts and moments to 1e-9; the distribution within the error that the profile states, and that is small."""
    values = SHAPES[shape]
    found = made(values).columns["x"].numbers
    assert (found.count, found.min, found.max) == (len(values), values.min(), values.max())
    scale = float(np.abs(values).max())
    assert found.mean == pytest.approx(values.mean(), rel=1e-9, abs=1e-12 * scale)
    assert found.total == pytest.approx(values.sum(), rel=1e-9, abs=1e-9 * scale)
    with np.errstate(over="ignore"):  # of the widest shape the variance is no float
        assert found.std == pytest.approx(values.std(), rel=1e-9)
    at = np.quantile(values, np.linspace(0, 1, 51))
    away = np.abs(found.cdf(at) - np.searchsorted(np.sort(values), at, side="right") / len(values)).max()
    assert away <= found.error + 1e-12
    assert found.error < 0.002
    assert found.points()[1].sum() == len(values)


@pytest.mark.parametrize("shape", ["whole", "few"])
def test_whole_numbers_and_small_samples_are_exact(shape):
    """Every number is known, hence every quantile and histogram."""
    values = SHAPES[shape]
    found = parted(values).columns["x"].numbers
    assert found.exact
    assert found.error == 0
    edges = np.linspace(values.min(), values.max(), 14)
    assert found.histogram(edges).tolist() == np.histogram(values, edges)[0].tolist()
    shares = np.array([0.01, 0.5, 0.99])
    assert found.quantiles(shares).tolist() == np.quantile(values, shares, method="inverted_cdf").tolist()


@settings(max_examples=30)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50), st.integers(0, 50))
def test_no_number_is_lost_by_merging(values, cut):
    """Whatever numbers there are, however they are split: the same counts."""
    one, first, second = Numbers(), Numbers(), Numbers()
    one.add(np.array(values))
    first.add(np.array(values[:cut]))
    second.add(np.array(values[cut:]))
    first.merge(second)
    assert (first.count, first.min, first.max, first.whole) == (one.count, one.min, one.max, one.whole)
    assert first.values.tolist() == one.values.tolist()
    assert first.counts.tolist() == one.counts.tolist()


@settings(max_examples=30)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
def test_no_number_is_lost_in_bins(values):
    """Of any magnitude, down to the smallest float: each is in a bin that is not above it in magnitude."""
    found = Numbers()
    found.add(np.sort(np.array(values)))
    found._begin_bins(found.min, found.max)
    points, counts = found.points()
    assert counts.sum() == len(values)
    assert (points[1:] > points[:-1]).all()
    assert found.error <= 1


def test_nan_and_infinity_are_counted_apart():
    """They make no statistic useless; NaN counts against completeness, infinity does not."""
    column = profile(np.array([1.0, math.nan, math.inf, -math.inf, 3.0])).columns["x"]
    assert (column.numbers.nan, column.numbers.infinite, column.numbers.mean) == (1, 2, 2.0)
    assert (column.missing, column.completeness) == (0, 0.8)


@pytest.mark.parametrize("values", [pa.nulls(4), pa.array([None] * 4, pa.float64()), pa.array([None] * 4, pa.string())])
def test_an_all_missing_column_is_of_unknown_type(values):
    """It has no statistics and is not there at all; and that is no error."""
    column = Profile.of([pa.record_batch({"x": values})]).columns["x"]
    assert (column.missing, column.present, column.completeness, column.inferred_type) == (4, 0, 0.0, "Unknown")
    assert math.isnan(column.numbers.mean)
    assert math.isnan(column.numbers.std)


@pytest.mark.parametrize("rows", [0, 1])
def test_no_row_and_one_row_have_a_profile(rows):
    """And it survives being written."""
    found = Profile.from_json(Profile.of([pa.record_batch({"x": [2.5] * rows, "y": ["a"] * rows})]).to_json())
    assert found.rows == rows
    assert found.columns["x"].numbers.count == rows
    assert found.columns["y"].texts.counts == dict.fromkeys(["a"] * rows, 1)


def test_types_are_counted_value_by_value():
    """A whole number is one however it is stored; booleans and times are texts, lists are unknown."""
    batch = pa.record_batch(
        {
            "stored as floats": pa.array([1.0, 2.0, 2.5]),
            "flags": pa.array([True, False, True]),
            "lists": pa.array([[1], [2], None]),
            "decimals": pa.array([1, 2, 3], pa.int32()).cast(pa.decimal128(12, 2)),
            "codes": pa.array(["a", "b", "a"]).dictionary_encode(),
        }
    )
    found = {name: column.types for name, column in Profile.of([batch]).columns.items()}
    assert found["stored as floats"] == {"Integral": 2, "Fractional": 1, "String": 0, "Unknown": 0}
    assert (found["flags"]["String"], found["lists"]["Unknown"], found["decimals"]["Integral"]) == (3, 2, 3)
    assert found["codes"]["String"] == 3


def test_a_column_that_comes_later_was_absent_before():
    """Batches need not have the same columns; those that the reader adds itself are none."""
    found = Profile.of([pa.record_batch({"x": [1, 2], "_id": ["a", "b"]}), pa.record_batch({"y": ["a"]})])
    assert list(found.columns) == ["x", "y"]
    assert (found.rows, found.absent("x"), found.absent("y"), found.absent("z")) == (3, 1, 2, 3)


def test_millions_of_categories_take_bounded_memory():
    """Frequent ones are found, with an error that is stated; how many there are is estimated; also by merging."""
    found, other = Categories(), Categories()
    for start in range(0, 400_000, 50_000):
        rare = pa.array([f"order {number}" for number in range(start, start + 50_000)])
        (found if start < 200_000 else other).add(pa.concat_arrays([rare, pa.array(["often"] * 5_000)]))
    found.merge(other)
    assert found.total == 440_000
    assert len(found.counts) <= categories.FREQUENT
    assert found.counts["often"] <= 40_000 <= found.counts["often"] + found.missed
    assert found.error < 0.001
    assert found.distinct == pytest.approx(400_001, rel=0.15)
    assert not found.exact


def test_as_many_categories_as_are_counted_are_exact():
    """Up to twenty thousand, each with its count, also by merging."""
    names = [f"name {number}" for number in range(categories.EXACT_DISTINCT)]
    found, other = Categories(), Categories()
    found.add(pa.array(names))
    other.add(pa.array(names[:10]).dictionary_encode())
    found.merge(other)
    assert (found.exact, found.distinct, found.counts["name 3"], found.missed) == (True, len(names), 2, 0)
    found.add(pa.array(["one more"]))
    assert not found.exact


def test_long_texts_do_not_fill_the_memory():
    """They are told apart by their first characters."""
    found = Categories()
    found.add(pa.array(["x" * 10_000 + "1", "x" * 10_000 + "2"]))
    assert found.counts == {"x" * categories.LONGEST: 2}


def test_a_profile_can_be_written_and_read(tmp_path):
    """The same bytes for the same profile, whenever it is written; a version that is not ours is refused."""
    found = parted(SHAPES["amounts"])
    found.add(pa.record_batch({"y": [f"{number}" for number in range(30_000)]}))
    path = tmp_path / "profile.json.gz"
    found.write(path)
    first = path.read_bytes()
    again = Profile.read(path)
    again.write(path)
    assert path.read_bytes() == first
    assert again.to_json() == found.to_json()
    with pytest.raises(ValueError, match="version 2"):
        Profile.from_json({"version": 2})
