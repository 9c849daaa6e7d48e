import pytest

from local.sagemaker.errors import StepFailed
from local.sagemaker.pipelines.conditions import condition_problems, holds


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
        ("Equals", True, "true", True),
        ("NotEquals", "a", 1, True),
        ("GreaterThan", "NaN", 0.5, False),
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


def test_what_is_looked_for_in_a_list_may_be_text():
    """As parameters and JSON files mix them."""
    assert holds({"Type": "In", "QueryValue": "2", "Values": [1, 2]}, same)
    assert not holds({"Type": "In", "QueryValue": 3, "Values": ["1", "b"]}, same)


def test_what_cannot_be_compared_fails():
    """Text against a number, or nothing against one."""
    with pytest.raises(StepFailed, match="cannot be compared"):
        holds(compare("LessThan", "much", 1), same)
    with pytest.raises(StepFailed, match="cannot be compared"):
        holds(compare("LessThan", None, 1), same)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"Type": "Between"}, "type 'Between', which is not one of Equals, NotEquals"),
        ("Equals", "type 'Equals'"),
        ({"Type": "Equals", "LeftValue": 1}, "Equals without RightValue"),
        ({"Type": "In", "QueryValue": 1}, "In without Values"),
        ({"Type": "In", "QueryValue": 1, "Values": 1}, "In without a list of Values"),
        ({"Type": "Or", "Conditions": []}, "Or without a list"),
        ({"Type": "Or", "Conditions": [{"Type": "Not"}]}, "Not without Condition"),
        ({"Type": "Not", "Condition": {"Type": "LessThan"}}, "LessThan without LeftValue and RightValue"),
    ],
)
def test_conditions_of_another_form_are_told(condition, said):
    """Also those inside others; each in a sentence with the step."""
    (problem,) = condition_problems("Step 'S'", condition)
    assert problem.startswith("Step 'S' has")
    assert said in problem
    assert not list(condition_problems("", {"Type": "Not", "Expression": compare("Equals", 1, 2)}))
