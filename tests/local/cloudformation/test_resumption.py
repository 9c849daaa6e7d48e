import contextlib
import copy
import json
import threading

import pytest
from botocore.exceptions import ClientError

from local.cloudformation import CloudFormation
from local.errors import StateError
from local.state import State
from tests.local.cloudformation.account import Account
from tests.local.cloudformation.fakes import FakeSageMaker
from tests.local.cloudformation.samples import parameter, serving


@pytest.fixture
def cloud(small_cloud):
    """CloudFormation and a fake SageMaker."""
    return small_cloud(CloudFormation, FakeSageMaker)


@pytest.fixture
def account(cloud):
    """Stacks in that cloud."""
    return Account(cloud, cloud.parts[0])


@pytest.fixture
def killed(small_cloud):
    """Ends a cloud's CloudFormation in the midst of things, and gives an account in which it goes on."""

    def kill(account):
        sagemaker = account.cloud.parts[1]
        kept = account.cloud.services.state.dump()
        account.cloud.parts[0].close()
        sagemaker.slow = False
        return _resumed(small_cloud, kept, sagemaker)

    return kill


def _resumed(small_cloud, kept, sagemaker):
    state = State.in_memory()
    state.load(kept)
    cloud = small_cloud(CloudFormation, lambda services: sagemaker, state=state)
    cloud.parts[0].resume()
    return Account(cloud, cloud.parts[0])


def _without_metadata(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _all(account):
    """What can be asked about the stack s."""
    client, name = account.client, {"StackName": "s"}
    answers = [client.describe_stacks(**name), client.describe_stack_events(**name), client.get_template(**name)]
    answers += [client.list_stack_resources(**name), client.list_change_sets(**name), client.get_stack_policy(**name)]
    return [_without_metadata(answer) for answer in [*answers, client.list_exports()]]


def test_a_stack_at_rest_outlives_the_process(account, killed):
    """Status, outputs, events, template, change sets, policy and exports are those of before."""
    sections = {
        "Parameters": {"V": {"Type": "String", "Default": "one"}},
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
        "Outputs": {"Id": {"Value": {"Ref": "P"}, "Export": {"Name": "exported"}}},
    }
    value = {"Fn::If": ["Never", {"Ref": "AWS::NoValue"}, {"Ref": "V"}]}
    resources = {"P": parameter(value, name="p", description={"Ref": "AWS::NoValue"})}
    policy = {"Statement": {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}}
    account.create(resources, sections=sections, StackPolicyBody=json.dumps(policy), Tags=[{"Key": "k", "Value": "v"}])
    change = {"ChangeSetName": "c", "UsePreviousTemplate": True}
    changed = [{"ParameterKey": "V", "ParameterValue": "two"}]
    account.client.create_change_set(StackName="s", **change, Parameters=changed)
    reader = {"P": parameter({"Fn::ImportValue": "exported"}, name="q")}
    account.client.create_change_set(
        StackName="reader",
        ChangeSetName="r",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps({"Resources": reader}),
    )
    before = _all(account)
    after = killed(account)
    assert _all(after) == before
    after.client.execute_change_set(StackName="s", ChangeSetName="c")
    after.client.execute_change_set(StackName="reader", ChangeSetName="r")
    assert (after.ended()["StackStatus"], after.stack("reader")["StackStatus"]) == (
        "UPDATE_COMPLETE",
        "CREATE_COMPLETE",
    )
    parameters = after.cloud.client("ssm").get_parameters(Names=["p", "q"])["Parameters"]
    assert {each["Name"]: each["Value"] for each in parameters} == {"p": "two", "q": "p"}


def test_a_creation_that_was_under_way_is_undone(account, killed, cloud):
    """What it had made is removed, and the reason says why."""
    cloud.parts[1].slow = True
    account.create(serving("1"), wait=False)
    account.reach("Endpoint", "CREATE_IN_PROGRESS", times=2)  # the second time with its physical id
    after = killed(account)
    assert after.ended()["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "was stopped while the operation was under way" in after.reasons("s")[-1]
    assert cloud.parts[1].kept == {"Model": {}, "EndpointConfig": {}, "Endpoint": {}}


def test_an_update_that_was_under_way_is_rolled_back(account, killed, cloud):
    """The endpoint serves what it served, by its old configuration."""
    sagemaker = cloud.parts[1]
    account.create(serving("1"))
    before = sagemaker.kept["Endpoint"]["live"]["EndpointConfigName"]
    sagemaker.slow = True
    account.update({**serving("2"), "P": parameter("v", name="p")}, wait=False)
    account.reach("Endpoint", "UPDATE_IN_PROGRESS")
    after = killed(account)
    assert after.ended()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert sagemaker.kept["Endpoint"]["live"]["EndpointConfigName"] == before
    assert list(sagemaker.kept["EndpointConfig"]) == [before]


def test_a_deletion_that_was_under_way_goes_on(account, killed, cloud):
    """Until nothing is left."""
    account.create(serving("1"))
    stack_id = account.stack()["StackId"]
    cloud.parts[1].undeletable.add("live")
    assert account.delete()["StackStatus"] == "DELETE_FAILED"
    cloud.parts[1].undeletable.clear()
    account.cloud.services.state.table("cloudformation.stacks")[stack_id]["status"] = "DELETE_IN_PROGRESS"
    assert killed(account).ended(stack_id)["StackStatus"] == "DELETE_COMPLETE"
    assert cloud.parts[1].kept["Endpoint"] == {}


class Moments:
    """Keeps nothing, and what there was before each change: the moments at which a process may be killed."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.moments = []
        self.take = lambda: None

    def read(self, table):
        return {}

    def write(self, table, key, value):
        """Memory is all there is."""

    def drop(self, table, key):
        """Memory is all there is."""

    def clear(self):
        """Nothing is kept."""

    @contextlib.contextmanager
    def together(self):
        """All that is written inside is one change."""
        with self.lock:
            self.moments.append(self.take())
            yield

    def undo_by(self, undo):
        """Nothing was written."""


def _fresh(sagemaker, kept):
    made = FakeSageMaker(None)
    made.kept, made.tags = copy.deepcopy(kept)
    return made


def test_at_whichever_moment_it_ends_a_stack_comes_to_rest(small_cloud):
    """Killed before any write of a creation, an update and a deletion, it ends well, and an endpoint has its parts.

    What a service had been asked to make, and had not told its id of, is nobody's.
    """
    keeper = Moments()
    state = State(keeper)
    cloud = small_cloud(CloudFormation, FakeSageMaker, state=state)
    account, sagemaker = Account(cloud, cloud.parts[0]), cloud.parts[1]
    keeper.take = lambda: (state.dump(), copy.deepcopy((sagemaker.kept, sagemaker.tags)))
    account.create(serving("1"))
    account.update(serving("2"))
    account.delete()
    moments = keeper.moments
    assert len(moments) > 30
    for kept, fleet in moments:
        after = _resumed(small_cloud, kept, _fresh(sagemaker, fleet))
        assert after._part.settled(30)
        for stack in after.client.list_stacks()["StackSummaries"]:
            assert not stack["StackStatus"].endswith(("IN_PROGRESS", "FAILED")) or "REVIEW" in stack["StackStatus"]
            left = after.cloud.parts[1].kept
            if stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"):
                assert left["Endpoint"]["live"]["EndpointConfigName"] in left["EndpointConfig"]
                assert left["Endpoint"]["live"]["EndpointStatus"] == "InService"


def test_a_token_of_before_is_known(account, killed):
    """Whoever repeats a request after a restart is answered as before."""
    made = account.create({"P": parameter("v", name="p")}, ClientRequestToken="once")
    after = killed(account)
    again = after.create({"P": parameter("v", name="p")}, ClientRequestToken="once")
    assert again["StackId"] == made["StackId"]
    with pytest.raises(ClientError, match="AlreadyExistsException"):
        after.create({"P": parameter("v", name="p")})


class Full(Moments):
    """Keeps what it is told until the disk is full."""

    full = False

    def write(self, table, key, value):
        if self.full:
            raise StateError("the disk is full")


def test_what_cannot_be_kept_is_not_begun(small_cloud):
    """A full disk is an error of the request; once there is room again, the same requests work."""
    keeper = Full()
    cloud = small_cloud(CloudFormation, FakeSageMaker, state=State(keeper))
    account = Account(cloud, cloud.parts[0])
    resources = {"P": parameter("one", name="p")}
    keeper.full = True
    with pytest.raises(ClientError, match="InternalFailure"):
        account.create(resources)
    keeper.full = False
    assert account.create(resources)["StackStatus"] == "CREATE_COMPLETE"
    changed = {"P": parameter("two", name="p")}
    for call in (
        lambda: account.update(changed),
        lambda: account.delete(),
        lambda: account.client.update_termination_protection(StackName="s", EnableTerminationProtection=True),
        lambda: account.client.create_change_set(StackName="s", ChangeSetName="c", TemplateBody=_body(changed)),
    ):
        keeper.full = True
        with pytest.raises(ClientError, match="InternalFailure"):
            call()
        keeper.full = False
        stack = account.stack()
        assert (stack["StackStatus"], stack["EnableTerminationProtection"]) == ("CREATE_COMPLETE", False)
    assert account.client.list_change_sets(StackName="s")["Summaries"] == []
    assert account.update(changed)["StackStatus"] == "UPDATE_COMPLETE"
    assert account.delete()["StackStatus"] == "DELETE_COMPLETE"


def _body(resources):
    return json.dumps({"Resources": resources})
