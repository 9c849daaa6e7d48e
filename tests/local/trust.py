"""Roles for tests: what acts in a role here must be trusted by it, as on AWS."""

import json

ACCOUNT = "123456789012"


def role(iam, name, *services, allowed=()):
    """The ARN of a new role that trusts services such as `lambda`, without any its account; it may what is `allowed`.

    `allowed` are actions, on everything, or whole statements.
    """
    principal = {"Service": [f"{service}.amazonaws.com" for service in services]} if services else {"AWS": ACCOUNT}
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document([trust]))
    if allowed:
        statements = [each if isinstance(each, dict) else _anywhere(each) for each in allowed]
        iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=_document(statements))
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def _anywhere(action):
    return {"Effect": "Allow", "Action": action, "Resource": "*"}


def _document(statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
