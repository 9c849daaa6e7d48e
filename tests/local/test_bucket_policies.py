import json

import pytest
from botocore.exceptions import ClientError


def _deny(**condition):
    return {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
        **({"Condition": condition} if condition else {}),
    }


def _policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def s3(small_cloud):
    """A client of S3 with one bucket, b."""
    client = small_cloud().client("s3")
    client.create_bucket(Bucket="b", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return client


def test_requests_pass_a_policy_that_denies_what_is_not_encrypted(s3):
    """A policy that denies requests without TLS lets objects in, and stands in the bucket as it was put."""
    policy = _policy(_deny(Bool={"aws:SecureTransport": "false"}))
    s3.put_bucket_policy(Bucket="b", Policy=policy)
    s3.put_object(Bucket="b", Key="k", Body=b"x")
    assert s3.get_object(Bucket="b", Key="k")["Body"].read() == b"x"
    assert json.loads(policy) == json.loads(s3.get_bucket_policy(Bucket="b")["Policy"])


@pytest.mark.parametrize("condition", [{}, {"Bool": {"aws:SecureTransport": ["true"]}}])
def test_a_deny_that_applies_is_enforced(s3, condition):
    """A Deny without a condition, or with one that holds, refuses objects."""
    s3.put_bucket_policy(Bucket="b", Policy=_policy(_deny(**condition)))
    with pytest.raises(ClientError, match="403"):
        s3.put_object(Bucket="b", Key="k", Body=b"x")
