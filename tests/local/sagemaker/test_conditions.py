import pytest

from local.sagemaker.errors import StepFailed
from local.sagemaker.pipelines.conditions import holds


def compare(kind, left, right):
    """A comparison of two values."""
    return {"Type": kind, "LeftValue": left, "RightValue": right}


def same(value):
    """Values that need no resolving."""
    return value


@pytest.mark.parametrize(
    ("kind", "left", "right", "outcome"),
    [
        ("Equals", 1, 1.0, True),
        ("NotEquals", "a", "a", False),
        ("GreaterThan", 2, 2, False),
        ("GreaterThanOrEqualTo", 2, 2, True),
        ("LessThan", "0.1", 0.2, True),
        ("LessThanOrEqualTo", 0.3, "0.2", False),
    ],
)
def test_comparisons(kind, left, right, outcome):
    """A number in text compares as a number."""
    assert holds(compare(kind, left, right), same) is outcome


def test_combinations():
    """In, Or and Not, the latter also as old SDKs wrote it."""
    inside = {"Type": "In", "QueryValue": "a", "Values": ["a", "b"]}
    assert holds(inside, same)
    assert not holds({"Type": "Not", "Condition": inside}, same)
    assert not holds({"Type": "Not", "Expression": inside}, same)
    assert holds({"Type": "Or", "Conditions": [compare("Equals", 1, 2), inside]}, same)


def test_what_cannot_be_compared_fails():
    """Text against a number, or a condition that does not exist."""
    with pytest.raises(StepFailed, match="cannot be compared"):
        holds(compare("LessThan", "much", 1), same)
    with pytest.raises(StepFailed, match="'Between' does not exist"):
        holds(compare("Between", 1, 2), same)
