import json

import pytest
from botocore.exceptions import ClientError

from tests.local.cloudformation.samples import READ, TRUST

WRITE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}


@pytest.fixture
def iam(account):
    """A client of IAM."""
    return account.cloud.client("iam")


def _role(**properties):
    return {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r", "AssumeRolePolicyDocument": TRUST, **properties}}


def _inline(iam, role="r"):
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}


def _attached(iam, role="r"):
    return {policy["PolicyArn"] for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]}


def test_a_role_is_as_its_template_says(account, iam):
    """Trust, description, duration, policies and tags follow the template both ways."""
    managed, other = (
        iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(READ))["Policy"]["Arn"] for name in ("m", "n")
    )
    account.create(
        {
            "R": _role(
                Description="one",
                MaxSessionDuration="7200",
                ManagedPolicyArns=[managed],
                Policies=[{"PolicyName": "a", "PolicyDocument": READ}, {"PolicyName": "b", "PolicyDocument": READ}],
                Tags=[{"Key": "k", "Value": "v"}],
            )
        },
        sections={"Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["R", "Arn"]}}}},
    )
    role = iam.get_role(RoleName="r")["Role"]
    assert (role["Arn"], role["Description"], role["MaxSessionDuration"]) == (account.outputs()["Arn"], "one", 7200)
    assert role["AssumeRolePolicyDocument"] == TRUST
    assert (_attached(iam), _inline(iam)) == ({managed}, {"a": READ, "b": READ})
    trust = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": {"Service": "lambda.amazonaws.com"}}]}
    changed = _role(
        AssumeRolePolicyDocument=trust,
        ManagedPolicyArns=[other],
        Policies=[{"PolicyName": "b", "PolicyDocument": WRITE}],
        Tags=[{"Key": "l", "Value": "w"}],
    )
    assert account.update({"R": changed})["StackStatus"] == "UPDATE_COMPLETE"
    role = iam.get_role(RoleName="r")["Role"]
    assert (role["AssumeRolePolicyDocument"], role["MaxSessionDuration"]) == (trust, 3600)
    assert iam.list_role_tags(RoleName="r")["Tags"] == [{"Key": "l", "Value": "w"}]
    assert (_attached(iam), _inline(iam)) == ({other}, {"b": WRITE})
    account.delete()
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_role(RoleName="r")


@pytest.mark.parametrize("version", [{}, {"Version": "2008-10-17"}])
def test_a_trust_policy_may_be_of_the_old_version(account, iam, version):
    """The version of a trust policy may be left out or be the older one, in creation and in change."""
    old = {**version, "Statement": TRUST["Statement"]}
    account.create({"R": _role(AssumeRolePolicyDocument=old)})
    assert iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"] == old
    account.update({"R": _role()})
    assert account.update({"R": _role(AssumeRolePolicyDocument=old)})["StackStatus"] == "UPDATE_COMPLETE"
    assert iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"] == old


def test_a_role_with_a_foreign_policy_is_not_deleted(account, iam):
    """What somebody else put into a role keeps it, as on AWS."""
    account.create({"R": _role(Policies=[{"PolicyName": "a", "PolicyDocument": READ}])})
    iam.put_role_policy(RoleName="r", PolicyName="foreign", PolicyDocument=json.dumps(READ))
    assert account.delete()["StackStatus"] == "DELETE_FAILED"
    assert "DeleteConflict" in account.reasons("R")[-1]


def test_an_inline_policy_follows_its_roles(account, iam):
    """A policy is put into the roles it names and taken from those it no longer does."""

    def resources(document, *roles):
        properties = {"PolicyName": "p", "PolicyDocument": document, "Roles": [{"Ref": role} for role in roles]}
        named = {name: _role(RoleName=name.lower()) for name in ("R", "Q")}
        return {**named, "P": {"Type": "AWS::IAM::Policy", "Properties": properties}}

    account.create(resources(READ, "R"))
    assert (_inline(iam), _inline(iam, "q")) == ({"p": READ}, {})
    account.update(resources(WRITE, "R", "Q"))
    assert (_inline(iam), _inline(iam, "q")) == ({"p": WRITE}, {"p": WRITE})
    account.update(resources(WRITE, "Q"))
    assert (_inline(iam), _inline(iam, "q")) == ({}, {"p": WRITE})
    assert account.delete()["StackStatus"] == "DELETE_COMPLETE"


def test_a_renamed_inline_policy_leaves_no_trace(account, iam):
    """Under its new name the policy is in the same roles, and the old name is gone."""

    def resources(name):
        properties = {"PolicyName": name, "PolicyDocument": READ, "Roles": [{"Ref": "R"}]}
        return {"R": _role(), "P": {"Type": "AWS::IAM::Policy", "Properties": properties}}

    account.create(resources("old"))
    account.update(resources("new"))
    assert _inline(iam) == {"new": READ}


def test_a_managed_policy_changes_by_version(account, iam):
    """Each new document is the default version, old ones go, and attachments follow the template."""

    def resources(document, *roles):
        properties = {
            "ManagedPolicyName": "m",
            "PolicyDocument": document,
            "Roles": [{"Ref": role} for role in roles],
        }
        return {"R": _role(), "M": {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}}

    account.create(resources(READ, "R"))
    arn = account.physical("M")
    assert _attached(iam) == {arn}
    for document in (WRITE, READ, WRITE, READ, WRITE, READ, WRITE):
        assert account.update(resources(document, "R"))["StackStatus"] == "UPDATE_COMPLETE"
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    assert iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"] == WRITE
    account.update(resources(WRITE))
    assert _attached(iam) == set()
    account.delete()
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_a_role_that_could_not_be_finished_does_not_stay(account, iam):
    """A policy that does not exist fails the role; creation and update are undone to the last piece."""
    missing = _role(ManagedPolicyArns=["arn:aws:iam::123456789012:policy/nowhere"])
    assert account.create({"R": missing})["StackStatus"] == "ROLLBACK_COMPLETE"
    assert iam.list_roles()["Roles"] == []
    account.create({"R": _role()}, name="t")
    assert account.update({"R": missing}, name="t")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert _attached(iam) == set()
