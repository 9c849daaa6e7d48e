import json

import pytest

from tests.local.cloudformation.samples import TRUST, parameter, serving


def test_a_stack_is_described_as_it_was_asked_for(account):
    """Description, parameters, outputs, tags and capabilities come back."""
    sections = {
        "Description": "what it is",
        "Parameters": {"V": {"Type": "String"}, "Secret": {"Type": "String", "NoEcho": True}},
        "Outputs": {"O": {"Value": {"Ref": "P"}, "Description": "its name"}},
    }
    tags = [{"Key": "k", "Value": "v"}]
    parameters = {"V": "a", "Secret": "hush"}
    stack = account.create({"P": parameter("a", name="p")}, sections=sections, parameters=parameters, Tags=tags)
    assert stack["Description"] == "what it is"
    assert {p["ParameterKey"]: p["ParameterValue"] for p in stack["Parameters"]} == {"V": "a", "Secret": "****"}
    assert stack["Outputs"] == [{"OutputKey": "O", "OutputValue": "p", "Description": "its name"}]
    assert (tags, ["CAPABILITY_NAMED_IAM"]) == (stack["Tags"], stack["Capabilities"])
    assert stack == account.stack(stack["StackId"])


def test_stacks_are_listed_with_the_deleted(account):
    """ListStacks filters by status and shows deleted stacks; DescribeStacks those that live."""
    for name in ("a", "b"):
        account.create({"P": parameter("a")}, name=name)
    account.delete(name="a")
    assert [stack["StackName"] for stack in account.client.describe_stacks()["Stacks"]] == ["b"]
    summaries = account.client.list_stacks()["StackSummaries"]
    assert {s["StackName"]: s["StackStatus"] for s in summaries} == {"a": "DELETE_COMPLETE", "b": "CREATE_COMPLETE"}
    deleted = account.client.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert [summary["StackName"] for summary in deleted] == ["a"]


def test_resources_are_found_from_either_side(account):
    """Resources are described by stack, by logical id and by physical id, and carry their metadata."""
    account.create({"P": parameter("a", name="p") | {"Metadata": {"m": 1}}, "Q": parameter("q", name="q")})
    client = account.client
    by_physical = client.describe_stack_resources(PhysicalResourceId="q")["StackResources"]
    assert {"P", "Q"} == {resource["LogicalResourceId"] for resource in by_physical}
    (mine,) = client.describe_stack_resources(StackName="s", LogicalResourceId="Q")["StackResources"]
    assert (mine["PhysicalResourceId"], mine["ResourceType"]) == ("q", "AWS::SSM::Parameter")
    detail = client.describe_stack_resource(StackName="s", LogicalResourceId="P")["StackResourceDetail"]
    assert json.loads(detail["Metadata"]) == {"m": 1}
    summaries = client.list_stack_resources(StackName="s")["StackResourceSummaries"]
    assert {s["LogicalResourceId"]: s["PhysicalResourceId"] for s in summaries} == {"P": "p", "Q": "q"}


def test_events_come_in_pages_the_newest_first(account):
    """A long history is paged, and nothing of it is lost or doubled."""
    account.create({f"P{number}": parameter("a") for number in range(40)})
    first = account.client.describe_stack_events(StackName="s")
    assert (
        first["StackEvents"][0]["LogicalResourceId"],
        first["StackEvents"][0]["ResourceStatus"],
    ) == ("s", "CREATE_COMPLETE")
    assert first["NextToken"]
    assert len(account.events()) == 2 + 3 * 40


def test_a_templates_summary_tells_what_it_needs(account):
    """Parameters with their constraints and the resource types, of a body and of a stack."""
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {"V": {"Type": "Number", "Default": 3, "AllowedValues": [3, 4], "Description": "d"}},
        "Resources": {
            "P": parameter("a"),
            "R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
        },
    }
    summary = account.client.get_template_summary(TemplateBody=json.dumps(template))
    (declared,) = summary["Parameters"]
    assert (
        declared["ParameterKey"],
        declared["DefaultValue"],
        declared["ParameterType"],
        declared["ParameterConstraints"]["AllowedValues"],
    ) == ("V", "3", "Number", ["3", "4"])
    assert (summary["ResourceTypes"], summary["Version"]) == (["AWS::IAM::Role", "AWS::SSM::Parameter"], "2010-09-09")
    account.create({"P": parameter("a")})
    assert account.client.get_template_summary(StackName="s")["ResourceTypes"] == ["AWS::SSM::Parameter"]
    validated = account.client.validate_template(TemplateBody=json.dumps(template))
    assert [found["ParameterKey"] for found in validated["Parameters"]] == ["V"]


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:4566/templates/a/t.json",
        "https://s3.eu-west-1.amazonaws.com/templates/a/t.json",
        "https://templates.s3.eu-west-1.amazonaws.com/a/t.json",
        "https://templates.s3.amazonaws.com/a/t.json",
    ],
)
def test_a_template_is_read_from_s3(account, url):
    """Every form of an object's URL leads to the template."""
    s3 = account.cloud.client("s3")
    s3.create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="templates", Key="a/t.json", Body=json.dumps({"Resources": {"P": parameter("a")}}).encode())
    account.client.create_stack(StackName="s", TemplateURL=url)
    assert account.ended()["StackStatus"] == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://example.com/a/t.json", "TemplateURL must be a supported URL"),
        ("https://s3.amazonaws.com/nobody/t.json", "S3 error: The specified bucket does not exist"),
    ],
)
def test_a_template_that_is_not_there_is_refused(account, url, message):
    """A URL that is not S3's, or leads nowhere, is refused."""
    with pytest.raises(account.client.exceptions.ClientError, match=message):
        account.client.create_stack(StackName="s", TemplateURL=url)


def test_the_waiters_of_boto3_see_the_end(account, sagemaker):
    """stack_create_complete, stack_update_complete and stack_delete_complete return when they should."""

    def wait(name, stack="s"):
        account.client.get_waiter(name).wait(StackName=stack, WaiterConfig={"Delay": 0.01, "MaxAttempts": 3000})

    stack_id = account.create(serving("1"), wait=False)
    wait("stack_create_complete")
    account.update(serving("2"), wait=False)
    wait("stack_update_complete")
    account.client.delete_stack(StackName="s")
    wait("stack_delete_complete", stack_id)
