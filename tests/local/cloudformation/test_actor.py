"""In whose name CloudFormation works: its service role's, else that of whoever has asked."""

import json

import pytest
from botocore.exceptions import ClientError

from local.roles import Principal
from tests.local import trust
from tests.local.cloudformation.samples import parameter


def _as_role(account, name, **more):
    """An account whose stacks are asked for by a person in a role."""
    services = account.cloud.services
    arn = trust.role(account.cloud.client("iam"), name, "people")
    person = Principal(arn, "people.amazonaws.com", "ada")
    account.client = services.roles.acting(person).client("cloudformation")
    return account


@pytest.fixture
def narrow(account):
    """The ARN of a service role."""
    return trust.role(account.cloud.client("iam"), "narrow", "cloudformation")


def test_every_call_for_a_resource_is_made_in_the_service_role(account, narrow):
    """Making, changing and removing: all is asked for in the role, and nothing in the caller's own."""
    _as_role(account, "person")
    account.create({"P": parameter("a")}, RoleARN=narrow)
    account.update({"P": parameter("b")})
    account.delete()
    assert {"ssm:PutParameter", "ssm:DeleteParameter"} <= set(account.cloud.asked_as("narrow"))
    assert {what.partition(":")[0] for what in account.cloud.asked_as("person")} == {"cloudformation"}


def test_without_a_role_the_caller_does_what_the_stack_needs(account):
    """The credentials of whoever asked last make, change and remove."""
    _as_role(account, "person")
    account.create({"P": parameter("a")})
    account.client = account.cloud.client("cloudformation")
    account.update({"P": parameter("b")})
    assert account.cloud.asked_as("person").count("ssm:PutParameter") == 1


def test_a_role_that_cannot_be_assumed_is_refused_at_once(account):
    """One that trusts somebody else, and one that does not exist: no stack is begun."""
    other = trust.role(account.cloud.client("iam"), "other", "lambda")
    for role in (other, f"{other}-that-is-not-there"):
        with pytest.raises(ClientError, match=f"Role {role} is invalid or cannot be assumed"):
            account.create({"P": parameter("a")}, RoleARN=role)
    with pytest.raises(ClientError, match="does not exist"):
        account.stack()


def test_a_role_that_is_gone_is_refused_at_the_next_request(account, narrow):
    """The stack keeps its role, whoever deletes it, and can do nothing until it is given another."""
    account.create({"P": parameter("a")}, RoleARN=narrow)
    account.cloud.client("iam").delete_role(RoleName="narrow")
    with pytest.raises(ClientError, match="cannot be assumed"):
        account.update({"P": parameter("b")})


def test_templates_are_fetched_by_the_caller_and_parameters_read_by_who_acts(account, narrow):
    """The caller reads S3; SSM is asked in the role."""
    s3, ssm = account.cloud.client("s3"), account.cloud.client("ssm")
    s3.create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    ssm.put_parameter(Name="given", Value="a", Type="String")
    kind = "AWS::SSM::Parameter::Value<String>"
    body = {"Parameters": {"P": {"Type": kind, "Default": "given"}}, "Resources": {"P2": parameter({"Ref": "P"})}}
    s3.put_object(Bucket="templates", Key="t.json", Body=json.dumps(body))
    _as_role(account, "person")
    url = "https://templates.s3.eu-west-1.amazonaws.com/t.json"
    account.client.create_stack(StackName="s", TemplateURL=url, RoleARN=narrow)
    assert account.ended()["StackStatus"] == "CREATE_COMPLETE"
    assert "s3:GetObject" in account.cloud.asked_as("person")
    assert account.cloud.asked_as("narrow")[:2] == ["ssm:GetParameter", "ssm:PutParameter"]
