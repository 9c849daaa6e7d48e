import json

import pytest
from botocore.exceptions import ClientError

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:fn"
RULE = "arn:aws:events:eu-west-1:123456789012:rule/approved"


def allow(cloud, principal="events.amazonaws.com", *, name="one", **more):
    """Add a permission and give its statement."""
    answer = cloud.functions.add_permission(
        FunctionName="fn", StatementId=name, Action="lambda:InvokeFunction", Principal=principal, **more
    )
    return json.loads(answer["Statement"])


def code(call, **params):
    """The code of a refusal."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response["Error"]["Code"]


def test_a_permission_becomes_a_statement(cloud):
    """In the shape that AWS gives it."""
    cloud.create()
    statement = {
        "Sid": "one",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": ARN,
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": "123456789012"},
            "ArnLike": {"AWS:SourceArn": RULE},
        },
    }
    assert allow(cloud, SourceArn=RULE, SourceAccount="123456789012") == statement
    policy = json.loads(cloud.functions.get_policy(FunctionName="fn")["Policy"])
    assert policy == {"Version": "2012-10-17", "Id": "default", "Statement": [statement]}


@pytest.mark.parametrize(
    ("given", "principal"),
    [
        ("*", "*"),
        ("210987654321", {"AWS": "arn:aws:iam::210987654321:root"}),
        ("arn:aws:iam::210987654321:role/r", {"AWS": "arn:aws:iam::210987654321:role/r"}),
        ("s3.amazonaws.com", {"Service": "s3.amazonaws.com"}),
    ],
)
def test_a_principal_is_a_service_an_account_or_anybody(cloud, given, principal):
    """Told by its form."""
    cloud.create()
    assert allow(cloud, given)["Principal"] == principal


def test_a_statement_has_a_name_of_its_own(cloud):
    """It is added once and removed once; without statements there is no policy."""
    cloud.create()
    allow(cloud)
    again = {"StatementId": "one", "Action": "lambda:InvokeFunction", "Principal": "*"}
    assert code(cloud.functions.add_permission, FunctionName="fn", **again) == "ResourceConflictException"
    cloud.functions.remove_permission(FunctionName="fn", StatementId="one")
    remove = cloud.functions.remove_permission
    assert code(remove, FunctionName="fn", StatementId="one") == "ResourceNotFoundException"
    assert code(cloud.functions.get_policy, FunctionName="fn") == "ResourceNotFoundException"


def test_a_change_of_another_revision_is_refused(cloud):
    """The policy has a revision of its own."""
    cloud.create()
    allow(cloud)
    stale = cloud.functions.get_policy(FunctionName="fn")["RevisionId"]
    allow(cloud, name="two", RevisionId=stale)
    three = {"StatementId": "three", "Action": "lambda:InvokeFunction", "Principal": "*", "RevisionId": stale}
    assert code(cloud.functions.add_permission, FunctionName="fn", **three) == "PreconditionFailedException"


def test_a_version_has_permissions_of_its_own(cloud):
    """A statement on a version is not the function's, and its id is free there."""
    cloud.create(Publish=True)
    allow(cloud)
    statement = {"Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    cloud.functions.add_permission(FunctionName="fn", Qualifier="1", StatementId="one", **statement)
    cloud.functions.remove_permission(FunctionName="fn", StatementId="one")
    assert code(cloud.functions.get_policy, FunctionName="fn") == "ResourceNotFoundException"
    [kept] = json.loads(cloud.functions.get_policy(FunctionName="fn:1")["Policy"])["Statement"]
    assert kept["Resource"].endswith(":function:fn:1")
    assert code(cloud.functions.get_policy, FunctionName="fn", Qualifier="2") == "ResourceNotFoundException"
