"""Policies for tests, and a cloud with people in it."""

import itertools
import json

import pytest
from botocore.exceptions import ClientError

ACCOUNT, REGION = "123456789012", "eu-west-1"
_NUMBERS = itertools.count(1)


def document(*statements):
    """A policy as JSON."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions, resources="*", **conditions):
    """A statement that allows."""
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return statement | ({"Condition": conditions} if conditions else {})


def deny(actions, resources="*", **conditions):
    """A statement that denies."""
    return allow(actions, resources, **conditions) | {"Effect": "Deny"}


def refused(call, **arguments):
    """The code and words with which AWS says no."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] in (400, 403, 404)
    return error["Error"]["Code"], error["Error"].get("Message", "")


class Town:
    """A cloud, and the roles that are assumed in it."""

    def __init__(self, cloud):
        self.cloud = cloud
        self.admin = cloud.session()

    def client(self, name):
        """A client of the administrator's."""
        return self.cloud.services.client(name)

    def role(self, *statements, trust=None, **arguments):
        """The ARN of a new role that the account may assume."""
        name = f"role-{next(_NUMBERS)}"
        trusted = trust or {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
        trusting = {"Effect": "Allow", "Action": "sts:AssumeRole", **trusted}
        self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document(trusting), **arguments)
        if statements:
            self.client("iam").put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
        return f"arn:aws:iam::{ACCOUNT}:role/{name}"

    def as_role(self, *statements, session=None, **arguments):
        """Makes clients in a session of a new role, which `session` may limit further."""
        return self.assume(self.role(*statements, **arguments), session=session)

    def assume(self, arn, *, session=None):
        """Makes clients in a session of a role."""
        limited = {"Policy": document(*session)} if session else {}
        given = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="test", **limited)["Credentials"]
        return lambda name: self.admin.client(
            name,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )

    def bucket(self, **objects):
        """The name of a new bucket with objects, by their keys."""
        name, s3 = f"bucket-{next(_NUMBERS)}", self.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        for key, body in objects.items():
            s3.put_object(Bucket=name, Key=key, Body=body)
        return name
