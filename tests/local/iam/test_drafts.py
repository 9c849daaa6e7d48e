"""Policies are read when they are put: what IAM could not evaluate, or would have to guess, never becomes one."""

import json

import pytest

from tests.local.iam.town import document, refused

ANYBODY = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}


def lacking(statement, *elements):
    """A statement without some of its elements."""
    return {name: value for name, value in statement.items() if name not in elements}


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (lacking(ANYBODY, "Principal"), "Missing required field Principal"),
        (lacking(ANYBODY, "Resource"), "Missing required field Resource"),
        (ANYBODY | {"Action": 1}, "Missing required field Action"),
        (ANYBODY | {"Principal": {"AWS": None}}, "Missing required field Principal"),
        (ANYBODY | {"Effect": "allow"}, "Invalid effect: allow"),
        ("Allow", "a statement is a JSON object"),
    ],
)
def test_a_buckets_policy_says_who_and_what(town, statement, said):
    """Each element must be there, and be text."""
    code, words = refused(town.client("s3").put_bucket_policy, Bucket=town.bucket(), Policy=document(statement))
    assert (code, said in words) == ("MalformedPolicy", True)


def test_a_policy_has_statements(town):
    """A document without any is none."""
    s3, empty = town.client("s3"), json.dumps({"Version": "2012-10-17"})
    code, words = refused(s3.put_bucket_policy, Bucket=town.bucket(), Policy=empty)
    assert (code, "Missing required field Statement" in words) == ("MalformedPolicy", True)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (lacking(TRUST, "Principal"), "Missing required field Principal"),
        (TRUST | {"Resource": "*"}, "Has prohibited field Resource"),
        (TRUST | {"Condition": {"Nope": {"aws:username": "x"}}}, "condition operator Nope"),
    ],
)
def test_a_roles_trust_says_whom(town, statement, said):
    """It is about the role itself; what could not be evaluated would shut everybody out, or fail, later."""
    iam, arn = town.client("iam"), town.role()
    code, words = refused(iam.create_role, RoleName="refused", AssumeRolePolicyDocument=document(statement))
    assert (code, said in words) == ("MalformedPolicyDocument", True)
    name = arn.rpartition("/")[2]
    code, _ = refused(iam.update_assume_role_policy, RoleName=name, PolicyDocument=document(statement))
    assert code == "MalformedPolicyDocument"


def test_a_policy_of_an_identity_names_no_principal(town):
    """Whose it is says who is meant."""
    iam, name = town.client("iam"), town.role().rpartition("/")[2]
    code, words = refused(iam.put_role_policy, RoleName=name, PolicyName="p", PolicyDocument=document(ANYBODY))
    assert (code, "Has prohibited field Principal" in words) == ("MalformedPolicyDocument", True)
    assert refused(iam.create_policy, PolicyName="p", PolicyDocument=document(ANYBODY))[0] == code
