"""Roles for tests: what acts in a role here must be trusted by it, as on AWS."""

import json

ACCOUNT = "123456789012"


def role(iam, name, *services, allowed=(), **policies):
    """The ARN of a new role that trusts services such as `lambda`; with `allowed` actions on everything.

    `policies` are documents by name, for rights that are narrower.
    """
    principals = [f"{service}.amazonaws.com" for service in services]
    trust = {"Effect": "Allow", "Principal": {"Service": principals}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trust))
    if allowed:
        policies["allowed"] = [{"Effect": "Allow", "Action": list(allowed), "Resource": "*"}]
    for policy, statements in policies.items():
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=_document(*statements))
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def _document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
