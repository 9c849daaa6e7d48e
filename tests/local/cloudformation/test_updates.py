import pytest
from botocore.exceptions import ClientError

from tests.local import trust
from tests.local.cloudformation.samples import bucket, parameter, serving

SECTIONS = {"Parameters": {"Text": {"Type": "String", "Default": "a"}}}


def _value(account, logical_id="P"):
    ssm = account.cloud.client("ssm")
    return ssm.get_parameter(Name=account.physical(logical_id))["Parameter"]["Value"]


def test_a_change_is_made_in_place(account):
    """A property that can change changes on the same resource, and nothing else is touched."""
    account.create({"P": parameter("a"), "Q": parameter("q")})
    before = account.physical("P")
    stack = account.update({"P": parameter("b"), "Q": parameter("q")})
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert (before, "b") == (account.physical("P"), _value(account))
    assert ("Q", "UPDATE_IN_PROGRESS") not in account.events()


def test_parameters_keep_their_values_only_when_asked_to(account):
    """UsePreviousValue keeps a value; a parameter that is left out falls back to its default."""
    resources = {"P": parameter({"Ref": "Text"})}
    account.create(resources, sections=SECTIONS, parameters={"Text": "b"})
    account.update(parameters={"Text": "c"})
    assert _value(account) == "c"
    account.update(resources | {"Q": parameter("q")}, sections=SECTIONS, parameters={"Text": None})
    assert _value(account) == "c"
    account.update(parameters={})
    assert _value(account) == "a"


def test_an_update_without_changes_is_refused(account):
    """AWS's own words say that there is nothing to do, and the stack stays as it was."""
    account.create({"P": parameter("a")})
    with pytest.raises(ClientError, match=r"ValidationError.*No updates are to be performed\.$"):
        account.update({"P": parameter("a")})
    assert account.stack()["StackStatus"] == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    "changed",
    [
        {"sections": {"Outputs": {"O": {"Value": "o"}}}},
        {"Tags": [{"Key": "k", "Value": "v"}]},
    ],
)
def test_outputs_and_tags_alone_are_an_update(account, changed):
    """A stack whose outputs or tags change is updated although its resources stay."""
    account.create({"P": parameter("a")})
    assert account.update({"P": parameter("a")}, **changed)["StackStatus"] == "UPDATE_COMPLETE"


def test_stack_tags_reach_the_resources(account):
    """The stack's tags are on resources beside their own, which win; they change and go with the stack's."""
    ssm = account.cloud.client("ssm")
    own = parameter("a", tags={"own": "1", "both": "mine"})
    account.create({"P": own}, Tags=[{"Key": "both", "Value": "stack"}, {"Key": "team", "Value": "ml"}])

    def found():
        listed = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=account.physical("P"))
        return {tag["Key"]: tag["Value"] for tag in listed["TagList"]}

    assert found() == {"own": "1", "both": "mine", "team": "ml"}
    account.update(Tags=[])
    assert found() == {"own": "1", "both": "mine"}


def test_a_create_only_change_replaces_and_cleans_up(account, sagemaker):
    """Model and configuration are made anew, the endpoint follows in place, then the old ones go."""
    account.create(serving("1"))
    old = {kind: set(sagemaker.kept[kind]) for kind in sagemaker.kept}
    stack = account.update(serving("2"))
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert {"live"} == set(sagemaker.kept["Endpoint"])
    for kind in ("Model", "EndpointConfig"):
        assert len(sagemaker.kept[kind]) == 1
        assert not old[kind] & set(sagemaker.kept[kind])
    (config,) = sagemaker.kept["EndpointConfig"]
    (model,) = sagemaker.kept["Model"]
    assert config == sagemaker.kept["Endpoint"]["live"]["EndpointConfigName"]
    assert model == sagemaker.kept["EndpointConfig"][config]["ProductionVariants"][0]["ModelName"]
    assert account.physical("Config").endswith(config.lower())


def test_the_endpoint_moves_before_the_old_configuration_goes(account):
    """Clean-up comes after every update, in the reverse order of needs."""
    account.create(serving("1"))
    account.update(serving("2"))
    events = account.events()
    moved = events.index(("Endpoint", "UPDATE_COMPLETE"))
    cleaning = events.index(("s", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"))
    config, model = events.index(("Config", "DELETE_COMPLETE")), events.index(("Model", "DELETE_IN_PROGRESS"))
    assert moved < cleaning < config < model


def test_update_replace_policy_keeps_what_is_replaced(account, sagemaker):
    """With UpdateReplacePolicy Retain the old copy stays where it is, and the stack lists the new one."""
    retained = {name: what | {"UpdateReplacePolicy": "Retain"} for name, what in serving("1").items()}
    account.create(retained)
    old = set(sagemaker.kept["EndpointConfig"])
    retained["Model"] = serving("2")["Model"] | {"UpdateReplacePolicy": "Retain"}
    account.update(retained)
    assert (len(sagemaker.kept["Model"]), len(sagemaker.kept["EndpointConfig"])) == (2, 2)
    assert ("Config", "DELETE_SKIPPED") in account.events()
    assert account.physical("Config").rpartition("/")[2] not in {name.lower() for name in old}


def test_deployment_settings_go_with_the_update_alone(account, sagemaker):
    """Settings of the roll-out are given to UpdateEndpoint and not to CreateEndpoint, in the API's types."""
    settings = {
        "RetainAllVariantProperties": "true",
        "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DataCaptureConfig"}],
    }
    account.create(serving("1", **settings))
    assert not {"RetainAllVariantProperties", "ExcludeRetainedVariantProperties"} & set(
        sagemaker.kept["Endpoint"]["live"]
    )
    account.update(serving("2", **settings))
    (update,) = sagemaker.updates
    assert update["RetainAllVariantProperties"] is True
    assert settings["ExcludeRetainedVariantProperties"] == update["ExcludeRetainedVariantProperties"]


def test_a_named_resource_cannot_be_replaced_under_its_name(account, sagemaker):
    """Replacing what has a fixed name fails with AWS's reason, and everything is as it was."""
    named = serving("1")
    named["Model"]["Properties"]["ModelName"] = "fixed"
    account.create(named)
    named = serving("2")
    named["Model"]["Properties"]["ModelName"] = "fixed"
    stack = account.update(named)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "when a custom-named resource requires replacing" in account.reasons("Model")[-1]
    assert sagemaker.kept["Model"]["fixed"]["PrimaryContainer"]["Environment"]["VERSION"] == "1"


def test_a_condition_takes_a_resource_in_and_out(account):
    """A resource comes and goes with its condition, and outputs with it."""
    sections = {
        "Parameters": {"On": {"Type": "String", "Default": "no"}},
        "Conditions": {"IsOn": {"Fn::Equals": [{"Ref": "On"}, "yes"]}},
        "Outputs": {"Name": {"Condition": "IsOn", "Value": {"Ref": "Extra"}}},
    }
    resources = {"P": parameter("a"), "Extra": parameter("x", name="extra") | {"Condition": "IsOn"}}
    account.create(resources, sections=sections)
    assert account.resources() == {"P": "CREATE_COMPLETE"}
    account.update(parameters={"On": "yes"})
    assert account.outputs() == {"Name": "extra"}
    account.update(parameters={"On": "no"})
    assert {"P"} == set(account.resources())
    assert "Outputs" not in account.stack() or not account.stack()["Outputs"]
    with pytest.raises(ClientError, match="ParameterNotFound"):
        account.cloud.client("ssm").get_parameter(Name="extra")


def test_a_removed_resource_may_be_retained(account):
    """A resource that leaves the template with DeletionPolicy Retain stays in its service."""
    kept = bucket(BucketName="kept") | {"DeletionPolicy": "Retain"}
    account.create({"P": parameter("a"), "B": kept})
    account.update({"P": parameter("a")})
    assert ("B", "DELETE_SKIPPED") in account.events()
    account.cloud.client("s3").head_bucket(Bucket="kept")


def test_a_clean_up_that_fails_leaves_the_update_complete(account):
    """What cannot be removed is left with its reason in the events; the update has worked."""
    account.create({"P": parameter("a"), "B": bucket(BucketName="full")})
    account.cloud.client("s3").put_object(Bucket="full", Key="k", Body=b"x")
    stack = account.update({"P": parameter("a")})
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert "BucketNotEmpty" in account.reasons("B")[-1]
    assert {"P"} == set(account.resources())


def test_dependents_follow_a_changed_attribute(account):
    """A resource that uses an attribute is updated when a change in place gives that another value."""

    def resources(value):
        return {"A": parameter(value), "B": parameter({"Fn::GetAtt": ["A", "Value"]})}

    account.create(resources("1"))
    account.update(resources("2"))
    assert _value(account, "B") == "2"


def test_one_update_at_a_time(account, sagemaker):
    """While an update runs another is refused with AWS's words, and so is deleting the stack."""
    account.create(serving("1"))
    sagemaker.slow = True
    account.update(serving("2"), wait=False)
    arn = account.stack()["StackId"]
    with pytest.raises(ClientError, match=f"Stack:{arn} is in UPDATE_IN_PROGRESS state and can not be updated."):
        account.update(serving("3"))
    with pytest.raises(ClientError, match="cannot be deleted while in status UPDATE_IN_PROGRESS"):
        account.delete()
    sagemaker.go.set()
    assert account.ended()["StackStatus"] == "UPDATE_COMPLETE"


def test_a_repeated_request_is_done_once(account):
    """A second UpdateStack with the token of the first does nothing; another request may not use it."""
    account.create({"P": parameter("a")})
    account.update({"P": parameter("b")}, ClientRequestToken="once")
    events = len(account.events())
    account.update({"P": parameter("b")}, ClientRequestToken="once")
    assert events == len(account.events())
    with pytest.raises(ClientError, match="TokenAlreadyExistsException"):
        account.client.create_stack(StackName="s", TemplateBody="{}", ClientRequestToken="once")
    with pytest.raises(ClientError, match="TokenAlreadyExistsException"):
        account.update({"P": parameter("c")}, ClientRequestToken="once")


def test_the_role_of_the_last_operation_sticks(account):
    """A role given once stays with the stack until another is given."""
    iam = account.cloud.client("iam")
    role, other = (trust.role(iam, name, "cloudformation") for name in ("narrow", "narrower"))
    account.create({"P": parameter("a")}, RoleARN=role)
    assert role == account.update({"P": parameter("b")})["RoleARN"]
    assert other == account.update({"P": parameter("c")}, RoleARN=other)["RoleARN"]
