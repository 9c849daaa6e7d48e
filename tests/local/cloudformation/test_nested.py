import json

import pytest

from tests.local.cloudformation.samples import parameter

URL = "https://templates.s3.eu-west-1.amazonaws.com"


@pytest.fixture
def put(account):
    """Puts a template into S3 and gives its URL."""
    s3 = account.cloud.client("s3")
    s3.create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    def put(name, resources, **sections):
        s3.put_object(Bucket="templates", Key=name, Body=json.dumps({"Resources": resources, **sections}).encode())
        return f"{URL}/{name}"

    return put


def nested(url, **parameters):
    """A stack in a stack."""
    return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url, "Parameters": parameters}}


INSIDE = {
    "Parameters": {"V": {"Type": "String"}},
    "Outputs": {"Name": {"Value": {"Ref": "P"}}, "Value": {"Value": {"Fn::GetAtt": ["P", "Value"]}}},
}


def _value(account, name):
    return account.cloud.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]


def test_a_stack_in_a_stack_follows_it(account, put):
    """It is made, changed and removed with its parent, which reads its outputs."""
    url = put("inside", {"P": parameter({"Ref": "V"}, name="p")}, **INSIDE)
    outputs = {"Outputs": {"Value": {"Value": {"Fn::GetAtt": ["Inside", "Outputs.Value"]}}}}
    account.create({"Inside": nested(url, V="one")}, sections=outputs)
    inside = account.physical("Inside")
    assert (account.outputs(), account.outputs(inside)) == ({"Value": "one"}, {"Name": "p", "Value": "one"})
    shown, parent = account.stack(inside), account.stack()
    assert (shown["ParentId"], shown["RootId"]) == (parent["StackId"], parent["StackId"])
    assert shown["StackName"].startswith("s-Inside-")
    account.update({"Inside": nested(url, V="two")}, sections=outputs)
    assert (account.outputs(), _value(account, "p")) == ({"Value": "two"}, "two")
    assert account.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert account.stack(inside)["StackStatus"] == "DELETE_COMPLETE"


def test_a_failure_inside_fails_and_undoes_all(account, put):
    """The parent says which stack failed, and nothing is left of either."""
    url = put("inside", {"P": parameter("v", name="p"), "Q": parameter("w", name="q", type="Nonsense")})
    stack = account.create({"Inside": nested(url), "R": parameter("x", name="r")})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any("was not successfully created" in reason for reason in account.reasons("Inside"))
    assert account.cloud.client("ssm").describe_parameters()["Parameters"] == []


def test_a_failed_update_takes_the_stack_inside_back(account, put):
    """What another resource breaks is undone inside as well."""
    url = put("inside", {"P": parameter({"Ref": "V"}, name="p")}, **INSIDE)
    account.create({"Inside": nested(url, V="one")})
    broken = {**parameter("w", name="q", type="Nonsense"), "DependsOn": "Inside"}
    stack = account.update({"Inside": nested(url, V="two"), "Q": broken})
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert _value(account, "p") == "one"


def test_what_a_stack_inside_needs_consent_for_its_parent_must_have(account, put):
    """A role in it takes the capability of the request."""
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}}
    url = put("inside", {"R": role})
    template = json.dumps({"Resources": {"Inside": nested(url)}})
    account.client.create_stack(StackName="s", TemplateBody=template)
    assert account.ended()["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any("Requires capabilities : [CAPABILITY_IAM]" in reason for reason in account.reasons("Inside"))
