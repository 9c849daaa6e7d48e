import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.errors import ValidationError
from local.sagemaker.tuning.ranges import space


def whole(name="n", low="1", high="10", **more):
    """An integer range."""
    return {"IntegerParameterRanges": [{"Name": name, "MinValue": low, "MaxValue": high, **more}]}


def real(low, high, **more):
    """A continuous range."""
    return {"ContinuousParameterRanges": [{"Name": "x", "MinValue": low, "MaxValue": high, **more}]}


def one_of(*values, name="c"):
    """A categorical range."""
    return {"CategoricalParameterRanges": [{"Name": name, "Values": list(values)}]}


def test_whole_numbers_have_equal_shares_up_to_the_last():
    """As texts, both ends included."""
    (each,) = space(whole(high="4")).ranges
    assert [each.text(place) for place in (0, 0.24, 0.26, 0.51, 0.76, 1)] == ["1", "1", "2", "3", "4", "4"]


def test_scales():
    """The middle of a scale is the geometric mean, or that of the distances to 1; Auto takes the first from 100 on."""
    middles = {
        scale: float(space(real("0.0001", "1", ScalingType=scale)).ranges[0].text(0.5))
        for scale in ("Linear", "Logarithmic", "Auto")
    }
    assert middles == {"Linear": 0.50005, "Logarithmic": pytest.approx(0.01), "Auto": pytest.approx(0.01)}
    assert float(space(real("0", "0.99", ScalingType="ReverseLogarithmic")).ranges[0].text(0.5)) == pytest.approx(0.9)
    assert float(space(real("0.1", "0.9")).ranges[0].text(0.5)) == pytest.approx(0.5)


_SCALED = st.sampled_from(
    [
        whole(high="3"),
        whole(low="-5", high="90"),
        whole(high="5000", ScalingType="Logarithmic"),
        real("0.001", "0.5"),
        real("1e-6", "10", ScalingType="Logarithmic"),
        real("0", "0.999", ScalingType="ReverseLogarithmic"),
        one_of("a", "b", "c"),
    ]
)


@given(_SCALED, st.floats(0, 1))
def test_every_place_is_a_value_within_the_range_that_is_found_again(ranges, place):
    """From place to text and back to the same text."""
    found = space(ranges)
    point = found.point({name: place for name in found.names})
    places = found.places(point)
    assert places is not None
    assert all(0 <= value <= 1 for value in places.values())
    again = found.point(places)
    assert again == point or math.isclose(float(again["x"]), float(point["x"]), rel_tol=1e-6)


def test_a_point_outside_has_no_place():
    """So trials of other ranges are left out."""
    found = space({**whole(), **one_of("a")})
    assert found.places({"n": "11", "c": "a"}) is None
    assert found.places({"n": "2", "c": "z"}) is None
    assert found.places({"n": "much", "c": "a"}) is None
    assert found.places({"n": "2"}) is None


def test_a_grid_has_each_combination_once():
    """The last hyperparameter changes fastest."""
    ranges = {"CategoricalParameterRanges": [{"Name": n, "Values": ["1", "2"]} for n in ("a", "b")]}
    assert list(space(ranges).grid()) == [{"a": a, "b": b} for a in "12" for b in "12"]
    assert space(ranges).size == 4
    assert space({**ranges, **whole()}).size == 40
    assert space(real("0", "1")).size == math.inf


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        ({}, "searches 1 to 30"),
        (whole(low="1.5"), "must be whole numbers"),
        (real("much", "1"), "must be numbers"),
        (real("2", "1"), "must be less than"),
        (real("nan", "1"), "must be less than"),
        (real("0", "1", ScalingType="Logarithmic"), "greater than 0"),
        (real("0", "1", ScalingType="ReverseLogarithmic"), r"range in \[0, 1\)"),
        (whole(ScalingType="ReverseLogarithmic"), "continuous"),
        ({**whole("c"), **one_of("a")}, "must be unique: c, c"),
        (one_of("a", "a"), "values of categorical hyperparameter c must be unique"),
    ],
)
def test_ranges_that_cannot_be_are_refused(ranges, said):
    """With the name of the hyperparameter."""
    with pytest.raises(ValidationError, match=said):
        space(ranges)
