"""The life of a stack of nothing but parameters: its statuses, events, refusals and exports. Costs nothing."""

import json
import secrets

import pytest
from botocore.exceptions import ClientError

from tests.contract.account import refused

pytestmark = [pytest.mark.clients, pytest.mark.aws_verified]


def template(value, *, taken=None, export=None):
    """A parameter of a value; another one whose name is taken, when there is such a name."""
    resources = {"Kept": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}}}
    if taken:
        resources["Taken"] = {
            "Type": "AWS::SSM::Parameter",
            "DependsOn": "Kept",
            "Properties": {"Type": "String", "Value": "ours", "Name": taken},
        }
    outputs = {"Name": {"Value": {"Ref": "Kept"}, **({"Export": {"Name": export}} if export else {})}}
    return json.dumps({"Resources": resources, "Outputs": outputs})


class Stacks:
    """What CloudFormation says of the stacks of this run."""

    def __init__(self, account) -> None:
        self.account, self.client = account, account.client("cloudformation")

    def create(self, name, body):
        """Create a stack and wait; gives its status."""
        self.client.create_stack(StackName=name, TemplateBody=body)
        self.account.later(self.client.delete_stack, StackName=name)
        return self.rested(name)

    def update(self, name, body, **more):
        """Update a stack and wait; gives its status."""
        self.client.update_stack(StackName=name, TemplateBody=body, **more)
        return self.rested(name)

    def rested(self, name):
        """The status at the end of what is under way; None when there is no such stack."""
        return self.account.until(
            lambda: self.status(name), lambda status: status is None or not status.endswith("IN_PROGRESS")
        )

    def status(self, name):
        """The status now."""
        try:
            return self.client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return None
            raise

    def outputs(self, name):
        """The outputs by name."""
        (stack,) = self.client.describe_stacks(StackName=name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def statuses(self, name, logical_id):
        """The statuses that a resource has had, oldest first."""
        pages = self.client.get_paginator("describe_stack_events").paginate(StackName=name)
        events = [event for page in pages for event in page["StackEvents"]]
        return [event["ResourceStatus"] for event in reversed(events) if event["LogicalResourceId"] == logical_id]


@pytest.fixture(scope="module")
def stacks(account):
    """CloudFormation."""
    return Stacks(account)


@pytest.fixture
def stack(account, stacks):
    """A stack of the value "one"."""
    name = account.name(f"stack-{secrets.token_hex(2)}")
    assert stacks.create(name, template("one")) == "CREATE_COMPLETE"
    return name


def value(account, stacks, stack):
    """The value of the stack's parameter."""
    return account.client("ssm").get_parameter(Name=stacks.outputs(stack)["Name"])["Parameter"]["Value"]


def test_a_stack_is_made_and_tells_it(account, stacks, stack):
    """Events of resource and stack begin and end the creation."""
    assert stacks.statuses(stack, stack)[:2] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    own = stacks.statuses(stack, "Kept")
    assert (own[0], own[-1]) == ("CREATE_IN_PROGRESS", "CREATE_COMPLETE")
    assert value(account, stacks, stack) == "one"


def test_an_update_without_a_change_is_refused(account, stacks, stack):
    """`No updates are to be performed.`, which release scripts match on."""
    body = template("one")
    said = refused(stacks.client.update_stack, StackName=stack, TemplateBody=body)
    assert said == ("ValidationError", "No updates are to be performed.")


def test_a_failed_update_is_rolled_back(account, stacks, stack):
    """What had been changed is as it was; the stack's own events tell the way back."""
    taken = account.name("taken")
    ssm = account.client("ssm")
    ssm.put_parameter(Name=taken, Value="theirs", Type="String")
    account.later(ssm.delete_parameter, Name=taken)
    body = template("two", taken=taken)
    assert stacks.update(stack, body) == "UPDATE_ROLLBACK_COMPLETE"
    assert value(account, stacks, stack) == "one"
    assert ssm.get_parameter(Name=taken)["Parameter"]["Value"] == "theirs"
    assert "CREATE_FAILED" in stacks.statuses(stack, "Taken")
    told = [status for status in stacks.statuses(stack, stack) if status.startswith("UPDATE_ROLLBACK")]
    assert told == [
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]


def test_a_token_is_good_for_one_update(account, stacks, stack):
    """The same request with the same token is the same update, and no error; releases are retried by it."""
    body = template("three")
    assert stacks.update(stack, body, ClientRequestToken="r3") == "UPDATE_COMPLETE"
    assert refused(stacks.client.update_stack, StackName=stack, TemplateBody=body, ClientRequestToken="r3") is None
    assert stacks.rested(stack) == "UPDATE_COMPLETE"
    assert value(account, stacks, stack) == "three"


def test_an_export_in_use_holds_its_stack(account, stacks):
    """The importing stack has to go first; then both can."""
    exporting, importing, export = account.name("exporting"), account.name("importing"), account.name("export")
    assert stacks.create(exporting, template("one", export=export)) == "CREATE_COMPLETE"
    resource = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Fn::ImportValue": export}}}
    assert stacks.create(importing, json.dumps({"Resources": {"P": resource}})) == "CREATE_COMPLETE"
    stacks.client.delete_stack(StackName=exporting)
    assert stacks.rested(exporting) == "DELETE_FAILED"
    for name in (importing, exporting):
        stacks.client.delete_stack(StackName=name)
        assert stacks.rested(name) is None


def test_a_creation_that_fails_leaves_a_stack_to_be_deleted(account, stacks):
    """ROLLBACK_COMPLETE, which no update is taken for."""
    name = account.name("stillborn")
    taken = account.name("taken-too")
    ssm = account.client("ssm")
    ssm.put_parameter(Name=taken, Value="theirs", Type="String")
    account.later(ssm.delete_parameter, Name=taken)
    assert stacks.create(name, template("one", taken=taken)) == "ROLLBACK_COMPLETE"
    code, words = refused(stacks.client.update_stack, StackName=name, TemplateBody=template("two"))
    assert code == "ValidationError"
    assert "is in ROLLBACK_COMPLETE state and can not be updated" in words
