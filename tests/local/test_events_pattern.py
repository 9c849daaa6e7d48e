import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.errors import AwsError
from local.events.pattern import Pattern

APPROVED = {
    "source": "aws.sagemaker",
    "detail-type": "SageMaker Model Package State Change",
    "resources": ["arn:aws:sagemaker:eu-west-1:123456789012:model-package/credit-risk/7"],
    "detail": {"ModelPackageGroupName": "credit-risk", "ModelPackageVersion": 7, "ModelApprovalStatus": "Approved"},
}


def matches(pattern):
    """Whether the approval of a model package fits."""
    return Pattern(json.dumps(pattern)).matches(APPROVED)


@pytest.mark.parametrize(
    "detail",
    [
        {"ModelApprovalStatus": ["Rejected", "Approved"]},
        {"ModelApprovalStatus": [{"prefix": "App"}]},
        {"ModelApprovalStatus": [{"suffix": "ved"}]},
        {"ModelApprovalStatus": [{"equals-ignore-case": "APPROVED"}]},
        {"ModelApprovalStatus": [{"wildcard": "A*d"}]},
        {"ModelApprovalStatus": [{"anything-but": "Rejected"}]},
        {"ModelApprovalStatus": [{"anything-but": ["Rejected", "Pending"]}]},
        {"ModelPackageVersion": [{"numeric": [">", 0, "<=", 7]}]},
        {"ModelPackageVersion": [{"exists": True}]},
        {"Unknown": [{"exists": False}]},
        {"$or": [{"ModelPackageVersion": [1]}, {"ModelApprovalStatus": ["Approved"]}]},
    ],
)
def test_a_pattern_that_fits(detail):
    """Every operator of the language, on what it is made for."""
    assert matches({"source": ["aws.sagemaker"], "detail": detail})


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["aws.s3"]},
        {"source": ["aws.sagemaker"], "account": ["1"]},
        {"detail": {"ModelApprovalStatus": ["approved"]}},
        {"detail": {"ModelPackageVersion": [{"numeric": ["<", 7]}]}},
        {"detail": {"ModelPackageVersion": ["7"]}},
        {"detail": {"Unknown": [{"exists": True}]}},
        {"detail": {"ModelApprovalStatus": [{"anything-but": {"prefix": "App"}}]}},
    ],
)
def test_a_pattern_that_does_not_fit(pattern):
    """Case, type and every member count."""
    assert not matches(pattern)


def test_one_resource_among_several_is_enough():
    """A list of the event fits when one of its items does."""
    assert matches({"resources": [{"prefix": "arn:aws:sagemaker:"}]})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "it is not JSON"),
        ("[]", "Filter is not an object"),
        ("{}", "Empty pattern"),
        ('{"source": "x"}', '"source" must be an object or an array'),
        ('{"source": []}', "Empty arrays"),
        ('{"detail": {}}', "Empty objects"),
        ('{"detail": {"a": 1}}', '"detail.a" must be'),
        ('{"source": [["x"]]}', "Nested arrays"),
        ('{"source": [{"like": "x"}]}', "Unrecognized match type like"),
        ('{"source": [{"prefix": "x", "suffix": "y"}]}', "Only one key"),
        ('{"source": [{"exists": "yes"}]}', "either true or false"),
        ('{"detail": {"a": [{"numeric": [">"]}]}}', "Value of numeric must be an array"),
        ('{"detail": {"a": [{"numeric": ["~", 1]}]}}', "Unrecognized numeric range operator: ~"),
        ('{"detail": {"a": [{"numeric": [">", "1"]}]}}', "must be numeric"),
        ('{"$or": [{"source": ["x"]}]}', "at least two"),
        ('{"$or": [{"source": ["x"]}, {"source": []}]}', "Empty arrays"),
    ],
)
def test_a_pattern_that_aws_refuses(text, reason):
    """When the rule is put, with the reason."""
    with pytest.raises(AwsError, match=reason) as caught:
        Pattern(text)
    assert caught.value.code == "InvalidEventPatternException"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_any_json_is_a_pattern_or_refused(value):
    """Never an error of another kind."""
    with contextlib.suppress(AwsError):
        assert Pattern(json.dumps(value)).matches(APPROVED) in (True, False)


@given(st.dictionaries(st.sampled_from(["a", "b"]), st.integers() | st.text(), min_size=1))
def test_an_event_fits_the_pattern_of_its_own_values(detail):
    """Whatever they are."""
    pattern = {"detail": {name: [value] for name, value in detail.items()}}
    assert Pattern(json.dumps(pattern)).matches({"detail": detail})
