"""What is stored, but not as one kind is like another: devices of fleets, contents of hubs, policies, a switch."""

import pytest

from local.clock import Clock
from local.errors import AwsError, UnsupportedLocally
from local.model import project, service, validate
from local.sagemaker.kinds import ENDPOINT
from local.sagemaker.plain import generated
from local.sagemaker.resources import Store
from local.state import State
from local.wire import Call


class Asked:
    """The generated handlers, asked by operation."""

    def __init__(self):
        state = State.in_memory()
        self.store = Store(clock=Clock(speed=0), account="123456789012", region="eu-west-1", state=state)
        self._handlers = generated(self.store, state)

    def __call__(self, name, **params):
        operation = service("sagemaker").operation_model(name)
        validate(operation, params)
        answer = self._handlers[name](params, Call(operation, params, "key", "eu-west-1", "localhost"))
        return project(operation.output_shape, answer) if operation.output_shape is not None else {}


@pytest.fixture
def ask():
    """An empty account."""
    return Asked()


@pytest.fixture
def fleet(ask):
    """A fleet of two devices."""
    ask("CreateDeviceFleet", DeviceFleetName="f", OutputConfig={"S3OutputLocation": "s3://work/out"})
    ask(
        "RegisterDevices", DeviceFleetName="f", Devices=[{"DeviceName": "a", "Description": "old"}, {"DeviceName": "b"}]
    )
    return ask


def test_devices_are_registered_changed_and_let_go(fleet):
    """One at a time or several at once."""
    fleet("UpdateDevices", DeviceFleetName="f", Devices=[{"DeviceName": "a", "Description": "new"}])
    shown = fleet("DescribeDevice", DeviceFleetName="f", DeviceName="a")
    assert (shown["Description"], shown["DeviceArn"]) == (
        "new",
        "arn:aws:sagemaker:eu-west-1:123456789012:device-fleet/f/device/a",
    )
    assert fleet("GetDeviceFleetReport", DeviceFleetName="f")["DeviceStats"] == {
        "ConnectedDeviceCount": 0,
        "RegisteredDeviceCount": 2,
    }
    fleet("DeregisterDevices", DeviceFleetName="f", DeviceNames=["a"])
    assert [device["DeviceName"] for device in fleet("ListDevices", DeviceFleetName="f")["DeviceSummaries"]] == ["b"]


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("RegisterDevices", {"Devices": [{"DeviceName": "c"}, {"DeviceName": "a"}]}),
        ("UpdateDevices", {"Devices": [{"DeviceName": "b", "Description": "x"}, {"DeviceName": "c"}]}),
        ("DeregisterDevices", {"DeviceNames": ["a", "c"]}),
    ],
)
def test_of_several_devices_all_are_changed_or_none(fleet, operation, more):
    """One that is there already, or is not, spoils it for the others."""
    before = fleet("ListDevices")
    with pytest.raises(AwsError):
        fleet(operation, DeviceFleetName="f", **more)
    assert fleet("ListDevices") == before


def test_a_fleet_with_devices_stays(fleet):
    """Its devices hang on it."""
    with pytest.raises(AwsError, match="ResourceInUse"):
        fleet("DeleteDeviceFleet", DeviceFleetName="f")


@pytest.fixture
def hub(ask):
    """A hub with two versions of one content."""
    ask("CreateHub", HubName="Hub", HubDescription="d")
    for version, schema in (("1.9.0", "1.0.0"), ("1.10.0", "2.0.0")):
        ask(
            "ImportHubContent",
            HubName="Hub",
            HubContentType="Model",
            HubContentName="Tree",
            HubContentVersion=version,
            DocumentSchemaVersion=schema,
            HubContentDocument="{}",
        )
    return ask


TREE = {"HubName": "Hub", "HubContentType": "Model", "HubContentName": "Tree"}


def test_the_newest_version_speaks_for_a_content(hub):
    """By its numbers, not as text; an older one is found by its version, and the hub by its ARN too."""
    newest = hub("DescribeHubContent", **TREE)
    assert newest["HubContentVersion"] == "1.10.0"
    assert newest["HubContentArn"].endswith(":hub-content/Hub/Model/Tree/1.10.0")
    assert hub("DescribeHubContent", **TREE, HubContentVersion="1.9.0")["DocumentSchemaVersion"] == "1.0.0"
    assert hub("DescribeHubContent", **{**TREE, "HubName": newest["HubArn"]}) == newest
    (listed,) = hub("ListHubContents", HubName="Hub", HubContentType="Model")["HubContentSummaries"]
    assert listed["HubContentVersion"] == "1.10.0"


@pytest.mark.parametrize(
    ("more", "versions"),
    [
        ({}, {"1.9.0", "1.10.0"}),
        ({"MinVersion": "1.10.0"}, {"1.10.0"}),
        ({"MaxSchemaVersion": "1.5.0"}, {"1.9.0"}),
        ({"HubContentName": "Other"}, set()),
    ],
)
def test_versions_are_listed_from_a_lowest_and_up_to_a_schema(hub, more, versions):
    """And those of one content only."""
    found = hub("ListHubContentVersions", **{**TREE, **more})["HubContentSummaries"]
    assert {content["HubContentVersion"] for content in found} == versions


def test_a_version_is_changed_and_deleted_by_itself(hub):
    """The others stay."""
    hub("UpdateHubContent", **TREE, HubContentVersion="1.9.0", HubContentDescription="old")
    assert hub("DescribeHubContent", **TREE, HubContentVersion="1.9.0")["HubContentDescription"] == "old"
    assert "HubContentDescription" not in hub("DescribeHubContent", **TREE)
    hub("DeleteHubContent", **TREE, HubContentVersion="1.10.0")
    assert hub("DescribeHubContent", **TREE)["HubContentVersion"] == "1.9.0"
    with pytest.raises(AwsError, match="ResourceNotFound"):
        hub("DeleteHubContent", **TREE, HubContentVersion="1.10.0")


def test_an_endpoint_has_one_policy(ask):
    """Put, shown and deleted, without the endpoint counting as modified; it must be JSON."""
    before = ask.store.add(ENDPOINT, "e", {"EndpointStatus": "InService"})
    with pytest.raises(AwsError, match="ResourceNotFound"):
        ask("GetEndpointPolicy", EndpointName="e")
    with pytest.raises(AwsError, match="not valid JSON"):
        ask("PutEndpointPolicy", EndpointName="e", ResourcePolicy="{")
    ask("PutEndpointPolicy", EndpointName="e", ResourcePolicy='{"Statement": []}')
    assert ask("GetEndpointPolicy", EndpointName="e")["ResourcePolicy"] == '{"Statement": []}'
    ask("DeleteEndpointPolicy", EndpointName="e")
    assert ask.store.get(ENDPOINT, "e") == before


def test_the_portfolio_is_a_switch(ask):
    """Off until it is switched on."""
    name = "SagemakerServicecatalogPortfolio"
    told = []
    for operation in (None, f"Enable{name}", f"Disable{name}"):
        if operation:
            ask(operation)
        told.append(ask(f"Get{name}Status")["Status"])
    assert told == ["Disabled", "Enabled", "Disabled"]


def test_what_would_have_to_run_is_refused_and_then_not_there(ask):
    """Its Create says why; the others tell the truth: not found, and an empty list."""
    with pytest.raises(UnsupportedLocally, match="no notebook server is started here"):
        ask(
            "CreateNotebookInstance",
            NotebookInstanceName="n",
            InstanceType="ml.t3.medium",
            RoleArn="arn:aws:iam::123456789012:role/r",
        )
    with pytest.raises(AwsError, match="ValidationException"):
        ask("StopNotebookInstance", NotebookInstanceName="n")
    with pytest.raises(AwsError, match="ResourceNotFound"):
        ask("ListClusterNodes", ClusterName="c")
    assert ask("ListNotebookInstances") == {"NotebookInstances": []}


def test_tags_of_any_resource_are_added_listed_and_taken_away(ask):
    """A kind that shows its tags shows those of now."""
    arn = ask("CreateAIWorkloadConfig", AIWorkloadConfigName="c", Tags=[{"Key": "a", "Value": "1"}])[
        "AIWorkloadConfigArn"
    ]
    ask("AddTags", ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}])
    ask("DeleteTags", ResourceArn=arn, TagKeys=["b"])
    expected = [{"Key": "a", "Value": "2"}]
    assert ask("ListTags", ResourceArn=arn)["Tags"] == expected
    assert ask("DescribeAIWorkloadConfig", AIWorkloadConfigName="c")["Tags"] == expected
