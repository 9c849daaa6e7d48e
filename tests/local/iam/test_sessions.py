"""Whose keys open what: sessions, users, trust, and keys that are good no more."""

from datetime import timedelta

import pytest

from local.iam.issued import Issued, UnknownKey
from local.iam.refusals import bad_key
from tests.local.iam.town import ACCOUNT, allow, deny, document, refused


def test_a_users_own_and_its_groups_policies(town):
    """Count for the user's keys until they are made inactive, and deleted keys open nothing."""
    iam = town.client("iam")
    iam.create_user(UserName="ann")
    iam.create_group(GroupName="folk")
    iam.add_user_to_group(GroupName="folk", UserName="ann")
    iam.put_group_policy(GroupName="folk", PolicyName="p", PolicyDocument=document(allow("sqs:ListQueues")))
    own = document(allow("iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"))
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=own)
    key = iam.create_access_key(UserName="ann")["AccessKey"]

    def client(name):
        return town.admin.client(
            name, aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
        )

    client("sqs").list_queues()
    assert client("iam").get_user(UserName="ann")["User"]["UserName"] == "ann"
    assert f"User: arn:aws:iam::{ACCOUNT}:user/ann is not" in refused(client("sns").list_topics)[1]
    iam.update_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert refused(client("sqs").list_queues)[0] == "InvalidClientTokenId"
    iam.delete_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"])
    assert refused(client("sqs").list_queues)[0] == "InvalidClientTokenId"


def test_a_session_ends_with_its_role(town):
    """Its keys open nothing any more."""
    role = town.role(allow("*"))
    client, name = town.assume(role), role.rpartition("/")[2]
    client("ssm").describe_parameters()
    town.client("iam").delete_role_policy(RoleName=name, PolicyName="own")
    town.client("iam").delete_role(RoleName=name)
    assert refused(client("ssm").describe_parameters)[0] == "UnrecognizedClientException"
    assert refused(client("s3").list_buckets)[0] == "InvalidAccessKeyId"


def test_a_session_ends_after_its_time(town):
    """An hour, or what was asked for."""
    arn, sts = town.role(), town.client("sts")
    given = sts.assume_role(RoleArn=arn, RoleSessionName="test", DurationSeconds=900)["Credentials"]
    before, after = (given["Expiration"] + timedelta(seconds=seconds) for seconds in (-1, 1))
    assert Issued(account=ACCOUNT, now=lambda: before).caller(given["AccessKeyId"]).role == arn
    with pytest.raises(UnknownKey, match="expired"):
        Issued(account=ACCOUNT, now=lambda: after).caller(given["AccessKeyId"])


@pytest.mark.parametrize(
    ("service", "expired", "code"),
    [
        ("sagemaker", True, "ExpiredTokenException"),
        ("sagemaker", False, "UnrecognizedClientException"),
        ("lambda", True, "ExpiredTokenException"),
        ("sqs", True, "ExpiredToken"),
        ("s3", True, "ExpiredToken"),
        ("s3", False, "InvalidAccessKeyId"),
        ("iam", False, "InvalidClientTokenId"),
    ],
)
def test_what_a_key_is_told_that_is_good_no_more(service, expired, code):
    """Each service has its own word for it."""
    assert bad_key(service, expired=expired).code == code


def test_only_who_is_trusted_assumes_a_role(town):
    """An account that a role trusts leaves it to its policies; a role that trusts services lets no person in."""
    lambdas = town.role(trust={"Principal": {"Service": "lambda.amazonaws.com"}})
    missing = f"arn:aws:iam::{ACCOUNT}:role/missing"
    for arn in (lambdas, missing):
        said = refused(town.client("sts").assume_role, RoleArn=arn, RoleSessionName="test")[1]
        assert said.endswith("because no role trust policy allows the sts:AssumeRole action")
    named = town.role()
    refused(town.as_role()("sts").assume_role, RoleArn=named, RoleSessionName="test")
    town.as_role(allow("sts:AssumeRole", named))("sts").assume_role(RoleArn=named, RoleSessionName="test")
    friend = town.role()
    trusting = town.role(trust={"Principal": {"AWS": friend}, "Condition": {"StringEquals": {"sts:ExternalId": "42"}}})
    sts = town.assume(friend)("sts")
    sts.assume_role(RoleArn=trusting, RoleSessionName="test", ExternalId="42")
    refused(sts.assume_role, RoleArn=trusting, RoleSessionName="test", ExternalId="43")


def test_tokens_that_would_know_no_policies_are_refused(town):
    """moto's session tokens are nobody's, and it forgets the managed policies and tags of sessions."""
    sts = town.as_role(allow("*"))("sts")
    assert "session credentials" in refused(sts.get_session_token)[1]
    arn = town.role()
    for limits in (
        {"PolicyArns": [{"arn": f"arn:aws:iam::{ACCOUNT}:policy/p"}]},
        {"Tags": [{"Key": "k", "Value": "v"}]},
    ):
        assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="test", **limits)[0] == "UnsupportedLocally"


def test_who_one_is_everybody_may_ask(town):
    """Even a role that is denied everything."""
    identity = town.as_role(deny("*"))("sts").get_caller_identity()
    assert identity["Arn"].startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/")


def test_the_administrator_is_the_accounts_root(town):
    """Whatever key is used that nobody was given here."""
    identity = town.client("sts").get_caller_identity()
    assert (identity["Arn"], identity["UserId"]) == (f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT)


def test_boundary_and_session_policies_limit(town):
    """They give nothing, and nothing passes that they do not allow."""
    policy = town.client("iam").create_policy(PolicyName="boundary", PolicyDocument=document(allow("sqs:*")))
    client = town.as_role(allow("*"), PermissionsBoundary=policy["Policy"]["Arn"])
    client("sqs").list_queues()
    assert refused(client("sns").list_topics)[1].endswith("no permissions boundary allows the sns:ListTopics action")
    client = town.as_role(allow("*"), session=[allow("sqs:*")])
    client("sqs").list_queues()
    assert refused(client("sns").list_topics)[1].endswith("no session policy allows the sns:ListTopics action")


def test_roles_can_be_made_under_a_boundary_only(town):
    """Whoever makes or changes one must give it, or leave it, the boundary that the maker's policy asks for."""
    boundary = town.client("iam").create_policy(PolicyName="fence", PolicyDocument=document(allow("sqs:*")))
    arn = boundary["Policy"]["Arn"]
    actions = ["iam:CreateRole", "iam:PutRolePolicy"]
    iam = town.as_role(allow(actions, StringEquals={"iam:PermissionsBoundary": arn}))("iam")
    trust = document({"Effect": "Allow", "Principal": {"Service": "x.amazonaws.com"}, "Action": "sts:AssumeRole"})
    refused(iam.create_role, RoleName="free", AssumeRolePolicyDocument=trust)
    iam.create_role(RoleName="fenced", AssumeRolePolicyDocument=trust, PermissionsBoundary=arn)
    iam.put_role_policy(RoleName="fenced", PolicyName="p", PolicyDocument=document(allow("*")))
    free = town.role().rpartition("/")[2]
    refused(iam.put_role_policy, RoleName=free, PolicyName="p", PolicyDocument=document(allow("*")))
