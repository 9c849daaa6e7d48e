import json

import pytest
from botocore.exceptions import ClientError

from local.bucket_policies import holds
from local.errors import UnsupportedLocally


def _deny(**condition):
    return {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::tls-only", "arn:aws:s3:::tls-only/*"],
        **({"Condition": condition} if condition else {}),
    }


def _policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def s3(small_cloud):
    """A client of S3 with one bucket."""
    client = small_cloud().client("s3")
    client.create_bucket(Bucket="tls-only", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return client


def test_requests_pass_a_policy_that_denies_what_is_not_encrypted(s3):
    """A policy that denies requests without TLS lets objects in, and stands in the bucket as it was put."""
    policy = _policy(_deny(Bool={"aws:SecureTransport": "false"}))
    s3.put_bucket_policy(Bucket="tls-only", Policy=policy)
    s3.put_object(Bucket="tls-only", Key="k", Body=b"x")
    assert s3.get_object(Bucket="tls-only", Key="k")["Body"].read() == b"x"
    assert json.loads(policy) == json.loads(s3.get_bucket_policy(Bucket="tls-only")["Policy"])


@pytest.mark.parametrize("condition", [{}, {"Bool": {"aws:SecureTransport": ["true"]}}])
def test_a_deny_that_applies_is_enforced(s3, condition):
    """A Deny without a condition, or with one that holds, refuses objects."""
    s3.put_bucket_policy(Bucket="tls-only", Policy=_policy(_deny(**condition)))
    with pytest.raises(ClientError, match="403"):
        s3.put_object(Bucket="tls-only", Key="k", Body=b"x")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"NumericLessThan": {"s3:TlsVersion": 1.2}}, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}, True),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}, True),
        ({"Null": {"aws:PrincipalOrgID": "true"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}, "StringLike": {"aws:Referer": "*"}}, False),
    ],
)
def test_a_condition_holds_as_iam_says(condition, expected):
    """Known keys are compared; unknown keys satisfy negated and IfExists operators only."""
    assert holds(condition) is expected


def test_an_unknown_operator_is_refused_by_name():
    """Nothing is waved through."""
    with pytest.raises(UnsupportedLocally, match="IpAddress"):
        holds({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
