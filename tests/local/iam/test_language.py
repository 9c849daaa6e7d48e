"""The policy language: elements, wildcards, variables, condition operators."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.errors import UnsupportedLocally
from local.iam.conditions import conditions
from local.iam.documents import policy, without
from local.iam.wildcards import any_like, arn_like, exactly, like

CONTEXT = {
    "aws:currenttime": ("2030-06-01T12:00:00+00:00",),
    "aws:securetransport": ("true",),
    "aws:sourceip": ("10.1.2.3",),
    "aws:tagkeys": ("team", "cost"),
    "aws:username": ("ann*",),
    "aws:sourcearn": ("arn:aws:s3:::bucket",),
    "s3:max-keys": ("10",),
    "s3:prefix": ("Home/Ann",),
}


def holds(operator, key, wanted):
    """Whether a condition of one operator, key and value holds for the context."""
    return all(each.holds(CONTEXT) for each in conditions({operator: {key: wanted}}, variables=True))


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "expected"),
    [
        ("StringEquals", "s3:prefix", "Home/Ann", True),
        ("StringEquals", "S3:PREFIX", ["x", "Home/Ann"], True),
        ("StringEquals", "s3:prefix", "home/ann", False),
        ("StringEquals", "s3:prefix", "Home/*", False),
        ("StringNotEquals", "s3:prefix", ["x", "Home/Ann"], False),
        ("StringNotEquals", "s3:prefix", ["x", "y"], True),
        ("StringEqualsIgnoreCase", "s3:prefix", "home/ann", True),
        ("StringNotEqualsIgnoreCase", "s3:prefix", "home/ann", False),
        ("StringLike", "s3:prefix", "H?me/*", True),
        ("StringLike", "s3:prefix", "h?me/*", False),
        ("StringNotLike", "s3:prefix", "Home/*", False),
        ("NumericEquals", "s3:max-keys", "10.0", True),
        ("NumericNotEquals", "s3:max-keys", 10, False),
        ("NumericLessThan", "s3:max-keys", 10, False),
        ("NumericLessThanEquals", "s3:max-keys", 10, True),
        ("NumericGreaterThan", "s3:max-keys", 9, True),
        ("NumericGreaterThanEquals", "s3:max-keys", 11, False),
        ("NumericEquals", "s3:prefix", 10, False),
        ("DateLessThan", "aws:CurrentTime", "2030-06-01T12:00:01Z", True),
        ("DateGreaterThan", "aws:CurrentTime", "2030-06-01", True),
        ("DateEquals", "aws:CurrentTime", "1906545600", True),
        ("DateNotEquals", "aws:CurrentTime", "2030-06-01T12:00:00Z", False),
        ("DateLessThanEquals", "aws:CurrentTime", "2030-06-01T11:59:59Z", False),
        ("DateGreaterThanEquals", "aws:CurrentTime", "no date", False),
        ("Bool", "aws:SecureTransport", True, True),
        ("Bool", "aws:SecureTransport", "False", False),
        ("BinaryEquals", "s3:prefix", "Home/Ann", True),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", True),
        ("IpAddress", "aws:SourceIp", "11.0.0.0/8", False),
        ("NotIpAddress", "aws:SourceIp", ["11.0.0.0/8", "10.1.2.3"], False),
        ("IpAddress", "s3:prefix", "10.0.0.0/8", False),
        ("ArnEquals", "aws:SourceArn", "arn:aws:s3:::b*", True),
        ("ArnLike", "aws:SourceArn", "arn:*:s3:::bucket", True),
        ("ArnLike", "aws:SourceArn", "arn:*", False),
        ("ArnNotLike", "aws:SourceArn", "arn:aws:s3:::bucket", False),
        ("ArnNotEquals", "aws:SourceArn", "arn:aws:sqs:::bucket", True),
        ("Null", "s3:prefix", "true", False),
        ("Null", "s3:delimiter", True, True),
        ("Null", "s3:prefix", "false", True),
        ("ForAnyValue:StringEquals", "aws:TagKeys", "team", True),
        ("ForAnyValue:StringEquals", "aws:TagKeys", "owner", False),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["team", "cost", "owner"], True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["team"], False),
        ("ForAllValues:StringNotEquals", "aws:TagKeys", ["team"], False),
        ("ForAnyValue:StringNotLike", "aws:TagKeys", "t*", True),
        ("StringNotEquals", "aws:TagKeys", "team", False),
        ("StringNotEquals", "aws:TagKeys", "owner", True),
    ],
)
def test_an_operator_compares_as_iam_does(operator, key, wanted, expected):
    """Each operator, with values that fit and values that do not."""
    assert holds(operator, key, wanted) is expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("StringNotEquals", True),
        ("StringEqualsIfExists", True),
        ("StringNotEqualsIfExists", True),
        ("ArnNotLike", True),
        ("Bool", False),
        ("ForAllValues:StringEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringEqualsIfExists", True),
        ("ForAnyValue:StringNotEquals", False),
    ],
)
def test_a_key_that_is_absent(operator, expected):
    """Satisfies negated operators, IfExists, and all of no values."""
    assert holds(operator, "aws:PrincipalOrgID", "o-1") is expected


def test_every_operator_and_key_must_hold():
    """They are joined by AND; the values of one key by OR."""
    block = {"StringLike": {"s3:prefix": "Home/*", "aws:username": "*"}, "Bool": {"aws:SecureTransport": "true"}}
    assert all(each.holds(CONTEXT) for each in conditions(block, variables=True))
    block["Bool"]["aws:SecureTransport"] = "false"
    assert not all(each.holds(CONTEXT) for each in conditions(block, variables=True))


@pytest.mark.parametrize("operator", ["StringMatches", "ForSomeValues:StringEquals", ""])
def test_an_operator_that_iam_has_not_is_refused_by_name(operator):
    """Nothing is waved through."""
    with pytest.raises(UnsupportedLocally, match=re.escape(f"operator {operator}")):
        conditions({operator: {"aws:SourceIp": "10.0.0.0/8"}}, variables=True)


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("home/${aws:username}", "home/ann*", True),
        ("home/${aws:username}", "home/anna", False),
        ("home/${aws:PrincipalTag/team}", "home/", False),
        ("home/${aws:PrincipalTag/team, 'all'}/*", "home/all/x", True),
        ("home/${*}", "home/*", True),
        ("home/${*}", "home/x", False),
        ("home/${aws:TagKeys}", "home/team", False),
        ("a${$}b", "a$b", True),
    ],
)
def test_a_variable_stands_for_what_the_request_brings(text, value, expected):
    """As it is, wildcards in it included; one without a value, or with several, fits nothing but its default."""
    assert like(text)(value, CONTEXT) is expected
    assert any_like((text,), variables=True)(value, CONTEXT) is expected


def test_policies_of_the_older_version_have_no_variables():
    """They take `${aws:username}` for text."""
    statement = {"Effect": "Allow", "Action": "*", "Resource": "home/${aws:username}"}
    for version, name, expected in [("2012-10-17", "ann*", True), ("2008-10-17", "ann*", False)]:
        [read] = policy(json.dumps({"Version": version, "Statement": statement})).statements
        assert read.covers(f"home/{name}", CONTEXT) is expected


def test_a_variable_in_an_arn():
    """Its own colons are not those of the ARN."""
    matches = arn_like("arn:aws:iam::*:user/${aws:username}")
    assert matches("arn:aws:iam::123456789012:user/ann*", CONTEXT)
    assert not matches("arn:aws:iam::123456789012:user/x", CONTEXT)


@pytest.mark.parametrize(
    ("element", "action", "expected"),
    [
        ({"Action": "s3:Get*"}, "s3:GetObject", True),
        ({"Action": ["sqs:*", "S3:getobject"]}, "s3:GetObject", True),
        ({"Action": "s3:Get"}, "s3:GetObject", False),
        ({"Action": "*"}, "s3:GetObject", True),
        ({"NotAction": "s3:*"}, "s3:GetObject", False),
        ({"NotAction": ["iam:*"]}, "s3:GetObject", True),
    ],
)
def test_actions_in_any_case(element, action, expected):
    """Wildcards and NotAction."""
    read = policy(json.dumps({"Statement": [{"Effect": "Allow", "Resource": "*", **element}]}))
    assert bool(read.speaking_of(action)) is expected


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({"Resource": "arn:aws:s3:::b/*"}, True),
        ({"Resource": "arn:aws:s3:::B/*"}, False),
        ({"Resource": ["arn:aws:s3:::a", "arn:aws:s3:::?/k"]}, True),
        ({"NotResource": "arn:aws:s3:::b/*"}, False),
        ({"NotResource": "arn:aws:s3:::c/*"}, True),
    ],
)
def test_resources_letter_by_letter(element, expected):
    """Wildcards and NotResource."""
    [statement] = policy(json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", **element}]})).statements
    assert statement.covers("arn:aws:s3:::b/k", {}) is expected


def test_a_document_can_lack_a_statement_or_an_action():
    """The rest stays; a statement without actions goes."""
    one, two = {"Action": ["a:A", "a:B"]}, {"Action": "b:C"}
    whole = json.dumps({"Version": "2012-10-17", "Statement": [one, two]})
    assert json.loads(without(whole, index=0))["Statement"] == [two]
    assert json.loads(without(whole, index=0, action="a:A"))["Statement"] == [{"Action": ["a:B"]}, two]
    assert json.loads(without(whole, index=1, action="b:C"))["Statement"] == [one]


def slow(pattern, text):
    """Wildcards as their definition says, without regular expressions."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return slow(pattern[1:], text) or (bool(text) and slow(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and slow(pattern[1:], text[1:])


@given(pattern=st.text("ab*?.[\n", max_size=7), text=st.text("ab*.[\n", max_size=7))
def test_wildcards_are_what_they_are_defined_to_be(pattern, text):
    """`*` is any text, `?` one character, and nothing else is special."""
    assert like(pattern)(text, {}) is slow(pattern, text)
    assert any_like((pattern, "never"), variables=True)(text, {}) is slow(pattern, text)


@given(st.text("ab*?.[${}", max_size=7))
def test_a_text_is_exactly_itself(text):
    """Whatever stands in it, when variables do not count."""
    assert exactly(text, variables=False)(text, {})
