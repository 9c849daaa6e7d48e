import json

import pytest

from local.cloudformation.conditions import check_rules, conditions
from local.cloudformation.errors import InvalidRequest
from local.cloudformation.intrinsics import Scope
from local.cloudformation.template import parse
from local.errors import UnsupportedLocally

SCOPE = Scope(parameters={"V": "3", "L": ["a", "b"]}, pseudo={"AWS::Region": "eu-west-1"})
V = {"Ref": "V"}
YES, NO = {"Fn::Equals": [V, "3"]}, {"Fn::Equals": [V, "4"]}


def _template(**sections):
    return parse(json.dumps({"Resources": {"B": {"Type": "AWS::S3::Bucket"}}, **sections}))


def _judge(**declared):
    return conditions(_template(Conditions=declared), SCOPE)


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        (YES, True),
        (NO, False),
        ({"Fn::Equals": [V, 3]}, True),
        ({"Fn::Equals": [True, "true"]}, True),
        ({"Fn::Not": [NO]}, True),
        ({"Fn::And": [YES, NO]}, False),
        ({"Fn::And": [YES, YES, YES]}, True),
        ({"Fn::Or": [NO, YES]}, True),
        ({"Fn::Or": [NO, NO]}, False),
        ({"Condition": "Other"}, False),
        ({"Fn::Not": [{"Condition": "Other"}]}, True),
    ],
)
def test_conditions_hold_or_not(expression, holds):
    """Comparison is of text, connectives connect, and conditions may refer to each other."""
    assert _judge(C=expression, Other=NO) == {"C": holds, "Other": False}


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ({"Condition": "Nobody"}, "Unresolved condition dependency Nobody in the Conditions block"),
        ({"Fn::Not": [{"Condition": "C"}]}, "Circular condition dependency: C, C"),
        ({"Fn::Equals": [V]}, "every Fn::Equals object requires a list of 2 parameters"),
        ({"Fn::And": [YES]}, "every Fn::And object requires a list of 2 to 10 parameters"),
        ({"Fn::Equals": [{"Ref": "B"}, "x"]}, r"Unresolved dependencies \[B\]. Cannot reference resources"),
        ({"a": 1, "b": 2}, "Every Condition member must be a condition function"),
    ],
)
def test_conditions_that_cannot_be_judged_are_refused(expression, message):
    """Unknown names, cycles, wrong arguments and resources are named."""
    with pytest.raises(InvalidRequest, match=message):
        _judge(C=expression)


def test_unknown_condition_functions_are_refused():
    """A function that is no condition function here is refused by name."""
    with pytest.raises(UnsupportedLocally, match="Fn::ValueOf"):
        _judge(C={"Fn::ValueOf": ["V", "x"]})


@pytest.mark.parametrize(
    ("rule", "passes"),
    [
        ({"Assertions": [{"Assert": YES}]}, True),
        ({"Assertions": [{"Assert": YES}, {"Assert": NO, "AssertDescription": "not good"}]}, False),
        ({"RuleCondition": NO, "Assertions": [{"Assert": NO, "AssertDescription": "not good"}]}, True),
        ({"Assertions": [{"Assert": {"Fn::Contains": [["1", "3"], V]}}]}, True),
        ({"Assertions": [{"Assert": {"Fn::Contains": [["1"], V]}, "AssertDescription": "not good"}]}, False),
        ({"Assertions": [{"Assert": {"Fn::EachMemberIn": [{"Ref": "L"}, ["a", "b", "c"]]}}]}, True),
        (
            {
                "Assertions": [
                    {"Assert": {"Fn::EachMemberEquals": [{"Ref": "L"}, "a"]}, "AssertDescription": "not good"}
                ]
            },
            False,
        ),
    ],
)
def test_rules_guard_parameters(rule, passes):
    """A rule whose condition holds needs all its assertions; the first that fails is described."""
    template = _template(Rules={"R": rule})
    if passes:
        check_rules(template, SCOPE)
    else:
        with pytest.raises(InvalidRequest, match=r"Rule R.*not good"):
            check_rules(template, SCOPE)
