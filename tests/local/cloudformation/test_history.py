import json

from tests.local.cloudformation.samples import bucket, parameter


def _told(account, detail_type):
    return [
        detail
        for source, kind, detail in account.cloud.emitted
        if (source, kind) == ("aws.cloudformation", detail_type)
    ]


def test_every_status_of_a_stack_is_an_event(account):
    """EventBridge hears each status in AWS's shape, with the token of the request."""
    stack_id = account.create({"P": parameter("a")}, ClientRequestToken="tok")["StackId"]
    account.update({"P": parameter("b")}, ClientRequestToken="tak")
    told = _told(account, "CloudFormation Stack Status Change")
    assert {"stack-id", "status-details", "client-request-token"} == set(told[0])
    assert {stack_id} == {detail["stack-id"] for detail in told}
    assert [(detail["status-details"]["status"], detail["client-request-token"]) for detail in told] == [
        ("CREATE_IN_PROGRESS", "tok"),
        ("CREATE_COMPLETE", "tok"),
        ("UPDATE_IN_PROGRESS", "tak"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "tak"),
        ("UPDATE_COMPLETE", "tak"),
    ]


def test_every_status_of_a_resource_is_an_event(account):
    """A resource's turns are told with its ids, type and reason."""
    account.create({"B": bucket(BucketName="x")})
    told = _told(account, "CloudFormation Resource Status Change")
    assert [detail["status-details"]["status"] for detail in told] == ["CREATE_IN_PROGRESS", "CREATE_FAILED"]
    assert (told[-1]["logical-resource-id"], told[-1]["resource-type"]) == ("B", "AWS::S3::Bucket")
    assert "InvalidBucketName" in told[-1]["status-details"]["status-reason"]


def test_events_carry_the_token_and_the_properties(account):
    """DescribeStackEvents shows whose request an event belongs to, and what the resource was given."""
    account.create({"P": parameter("a", name="p")}, ClientRequestToken="tok")
    events = account.client.describe_stack_events(StackName="s")["StackEvents"]
    assert {"tok"} == {event["ClientRequestToken"] for event in events}
    assert len(events) == len({event["EventId"] for event in events})
    (done,) = [e for e in events if (e["LogicalResourceId"], e["ResourceStatus"]) == ("P", "CREATE_COMPLETE")]
    assert (done["PhysicalResourceId"], done["ResourceProperties"]) == (
        "p",
        '{"Type": "String", "Value": "a", "Name": "p"}',
    )


def test_secrets_are_not_in_the_history(account):
    """The value of a NoEcho parameter is masked wherever a resource got it."""
    sections = {"Parameters": {"Secret": {"Type": "String", "NoEcho": True}}}
    text = {"Fn::Sub": "<${Secret}>"}
    account.create({"P": parameter(text, name="p")}, sections=sections, parameters={"Secret": 'hu"sh'})
    assert account.cloud.client("ssm").get_parameter(Name="p")["Parameter"]["Value"] == '<hu"sh>'
    events = account.client.describe_stack_events(StackName="s")["StackEvents"]
    shown = [event["ResourceProperties"] for event in events if event.get("ResourceProperties")]
    assert {json.loads(text)["Value"] for text in shown} == {"<****>"}
