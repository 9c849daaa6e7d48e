import urllib.error
import urllib.request

import pytest

from local.cloudformation import CloudFormation
from local.cloudformation.mailbox import Mailbox
from tests.local.cloudformation.account import Account
from tests.local.cloudformation.fakes import FakeFunctions
from tests.local.cloudformation.samples import parameter

TOKEN = "arn:aws:lambda:eu-west-1:123456789012:function:provider"


@pytest.fixture
def cloud(small_cloud):
    """CloudFormation and a fake Lambda."""
    return small_cloud(CloudFormation, FakeFunctions)


@pytest.fixture
def account(cloud):
    """Stacks in that cloud."""
    return Account(cloud, cloud.parts[0])


@pytest.fixture
def provider(cloud):
    """The function behind the custom resources."""
    return cloud.parts[1]


def custom(**properties):
    """A stack of one custom resource."""
    return {"C": {"Type": "Custom::Thing", "Properties": {"ServiceToken": TOKEN, **properties}}}


def well(event, **more):
    """Success under the name that the properties give."""
    return {"Status": "SUCCESS", "PhysicalResourceId": event["ResourceProperties"].get("Name", "it"), **more}


def badly(event, **more):
    """Failure."""
    return {"Status": "FAILED", "Reason": "no luck", "PhysicalResourceId": event.get("PhysicalResourceId"), **more}


def test_a_function_makes_changes_and_removes_a_custom_resource(account, provider):
    """It gets properties as text, with those of before at an update, and its data is had by Fn::GetAtt."""
    provider.behave = lambda event: well(event, Data={"Size": event["ResourceProperties"]["Size"] + "!"})
    sections = {"Outputs": {"Size": {"Value": {"Fn::GetAtt": ["C", "Size"]}}, "Id": {"Value": {"Ref": "C"}}}}
    account.create(custom(Size=1, On=True), sections=sections)
    assert account.outputs() == {"Size": "1!", "Id": "it"}
    account.update(custom(Size=2, On=True), sections=sections)
    assert account.outputs() == {"Size": "2!", "Id": "it"}
    account.delete()
    one = {"ServiceToken": TOKEN, "Size": "1", "On": "true"}
    two = {**one, "Size": "2"}
    members = ("RequestType", "PhysicalResourceId", "ResourceProperties", "OldResourceProperties")
    assert provider.asked(*members) == [
        ("Create", None, one, None),
        ("Update", "it", two, one),
        ("Delete", "it", two, None),
    ]
    first = provider.events[0]
    assert (first["LogicalResourceId"], first["ResourceType"]) == ("C", "Custom::Thing")
    assert first["StackId"].startswith("arn:aws:cloudformation:eu-west-1:123456789012:stack/s/")


def test_another_id_after_an_update_is_a_replacement(account, provider):
    """What it stood for before is deleted when the update is done, with the properties it had."""
    provider.behave = well
    account.create(custom(Name="one"))
    account.update(custom(Name="two"))
    assert account.physical("C") == "two"
    assert provider.asked("RequestType", "PhysicalResourceId") == [
        ("Create", None),
        ("Update", "one"),
        ("Delete", "one"),
    ]
    assert provider.events[-1]["ResourceProperties"]["Name"] == "one"


def test_a_failed_update_takes_a_custom_resource_back(account, provider):
    """It is asked for the old properties again, and what the update had made is deleted."""
    provider.behave = well
    account.create({**custom(Name="one"), "P": parameter("v", name="p")})
    broken = {**custom(Name="two"), "P": {**parameter("v", name="other", type="Nonsense"), "DependsOn": "C"}}
    stack = account.update(broken)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert account.physical("C") == "one"
    assert provider.asked("RequestType", "PhysicalResourceId") == [
        ("Create", None),
        ("Update", "one"),
        ("Update", "two"),
        ("Delete", "two"),
    ]
    account.delete()
    assert provider.asked("RequestType", "PhysicalResourceId")[-1] == ("Delete", "one")


def test_a_failed_creation_says_why_and_is_deleted(account, provider):
    """As on AWS, which asks for the deletion of what may have been made, by an id of its own if there is none."""
    provider.behave = lambda event: badly(event) if event["RequestType"] == "Create" else well(event)
    stack = account.create(custom())
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    said = "Received response status [FAILED] from custom resource. Message returned: no luck (RequestId: "
    assert account.reasons("C")[-1].startswith(said)
    (create, _), (delete, deleted) = provider.asked("RequestType", "PhysicalResourceId")
    assert (create, delete) == ("Create", "Delete")
    assert deleted.startswith("s-C-")


def test_a_failed_deletion_keeps_the_stack(account, provider):
    """Until the function can."""
    account.create(custom())
    provider.behave = badly
    assert account.delete()["StackStatus"] == "DELETE_FAILED"
    provider.behave = well
    assert account.delete()["StackStatus"] == "DELETE_COMPLETE"


def test_silence_fails_when_time_is_up(account, provider):
    """ServiceTimeout is how long CloudFormation waits."""
    provider.behave = lambda event: None if event["RequestType"] == "Create" else well(event)
    stack = account.create(custom(ServiceTimeout="1"))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "CloudFormation did not receive a response from your Custom Resource" in account.reasons("C")[-1]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"nonsense", "Invalid Response object"),
        (b'{"Status": "SUCCESS"}', "Invalid PhysicalResourceId"),
        ({"Status": "SUCCESS", "PhysicalResourceId": "x" * 1025}, "Invalid PhysicalResourceId"),
        ({"Status": "SUCCESS", "PhysicalResourceId": "x", "Data": {"k": "v" * 4096}}, "Response object is too long."),
    ],
)
def test_an_answer_must_be_one(account, provider, said, reason):
    """What is no answer, names nothing or is too long fails the resource."""
    provider.behave = lambda event: said if event["RequestType"] == "Create" else well(event)
    account.create(custom())
    assert reason in account.reasons("C")[-1]


def test_a_secret_answer_is_not_shown(account, provider):
    """With NoEcho, others use the value and no event holds it."""
    provider.behave = lambda event: well(event, NoEcho=True, Data={"Password": "hunter2"})
    reading = parameter({"Fn::Sub": "pw=${C.Password}"}, name="p")
    account.create({**custom(), "P": reading})
    assert account.cloud.client("ssm").get_parameter(Name="p")["Parameter"]["Value"] == "pw=hunter2"
    events = account.client.describe_stack_events(StackName="s")["StackEvents"]
    shown = [event["ResourceProperties"] for event in events if event["LogicalResourceId"] == "P"]
    assert shown
    assert all("hunter2" not in properties and "pw=****" in properties for properties in shown)


def test_what_the_answer_lacks_cannot_be_had(account):
    """Fn::GetAtt of it fails who asks."""
    stack = account.create({**custom(), "P": parameter({"Fn::GetAtt": ["C", "Nothing"]}, name="p")})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Vendor response doesn't contain Nothing attribute" in account.reasons("P")[-1]


def test_another_provider_is_refused(account):
    """The service token of a resource stays."""
    account.create(custom())
    other = custom()
    other["C"]["Properties"]["ServiceToken"] = f"{TOKEN}2"
    assert account.update(other)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "ServiceToken" in account.reasons("C")[1]


def test_a_token_must_name_somebody(account):
    """A text that is no ARN of a function or topic is told at once."""
    resources = custom()
    resources["C"]["Properties"]["ServiceToken"] = "nobody"
    assert account.create(resources)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Invalid service token: nobody" in account.reasons("C")[0]


def test_a_topic_passes_requests_on(account, provider):
    """With a topic's ARN the request is published."""
    sns, sqs = account.cloud.client("sns"), account.cloud.client("sqs")
    topic = sns.create_topic(Name="t")["TopicArn"]
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:123456789012:q")
    resources = custom(ServiceTimeout=1)
    resources["C"]["Properties"]["ServiceToken"] = topic
    account.create(resources, OnFailure="DO_NOTHING")
    message = sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"]
    assert '\\"RequestType\\": \\"Create\\"' in message


def test_an_address_is_good_for_one_answer():
    """The first answer counts, and an address that nobody gave is not known."""
    mailbox = Mailbox()
    letter = mailbox.open()
    assert mailbox.receive(letter.url, b"one")
    assert mailbox.receive(letter.url, b"two")
    assert letter.body == b"one"
    mailbox.shut(letter)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(urllib.request.Request(letter.url, data=b"late", method="PUT"), timeout=5)
    mailbox.close()
