import json

import pytest
from botocore.exceptions import ClientError

from tests.local.cloudformation.samples import bucket, parameter, serving

# A name of one letter is refused by S3.
BROKEN = bucket(BucketName="x")


@pytest.fixture
def rollbacks():
    """Deployments that SageMaker takes back fail their update."""
    return "noticed"


def _value(account, name):
    return account.cloud.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]


def _names(account):
    return {found["Name"] for found in account.cloud.client("ssm").describe_parameters()["Parameters"]}


def test_a_failed_creation_leaves_nothing_behind(account, sagemaker):
    """What was made is removed again in reverse order, and the reasons say what failed and why."""
    resources = serving("1") | {"P": parameter("a", name="p")}
    sagemaker.broken.add("x")
    resources["Broken"] = {**BROKEN, "DependsOn": ["Endpoint", "P"]}
    stack = account.create(resources)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert list(sagemaker.kept.values()) == [{}, {}, {}]
    assert set() == _names(account)
    assert (account.reasons("s")) == [
        "User Initiated",
        "The following resource(s) failed to create: [Broken]. Rollback requested by user.",
    ]
    assert "InvalidBucketName" in account.reasons("Broken")[0]
    events = account.events()
    assert events.index(("Endpoint", "DELETE_COMPLETE")) < events.index(("Config", "DELETE_IN_PROGRESS"))
    assert {"DELETE_COMPLETE", "CREATE_FAILED"} == set(account.resources().values())


def test_an_endpoint_that_fails_gives_its_reason(account, sagemaker):
    """An endpoint that does not come into service fails its stack with SageMaker's reason, and is removed."""
    resources = serving("1")
    resources["Config"]["Properties"]["EndpointConfigName"] = "broken"
    sagemaker.broken.add("broken")
    stack = account.create(resources)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert '"the container does not answer"' in account.reasons("Endpoint")[-1]
    assert sagemaker.kept["Endpoint"] == {}


def test_half_a_resource_is_removed_too(account):
    """A resource that was made and then could not be set up does not stay."""
    half = bucket(BucketName="half", LifecycleConfiguration={"Rules": [{"Status": "Enabled", "Nonsense": 1}]})
    stack = account.create({"B": half})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Nonsense" in account.reasons("B")[-1]
    assert account.cloud.client("s3").list_buckets()["Buckets"] == []


@pytest.mark.parametrize(("retain", "stays"), [(False, True), (True, False)])
def test_retain_holds_in_the_rollback_of_a_creation(account, retain, stays):
    """DeletionPolicy Retain keeps what a failed creation made, unless the request says except on create."""
    kept = parameter("a", name="kept") | {"DeletionPolicy": "Retain"}
    account.create({"P": kept, "X": {**BROKEN, "DependsOn": "P"}}, RetainExceptOnCreate=retain)
    assert stays == ("kept" in _names(account))


def test_retain_except_on_create_is_a_policy_too(account):
    """RetainExceptOnCreate keeps a resource at its stack's deletion and not in the rollback of its creation."""
    kept = parameter("a", name="kept") | {"DeletionPolicy": "RetainExceptOnCreate"}
    account.create({"P": kept, "X": {**BROKEN, "DependsOn": "P"}})
    assert set() == _names(account)
    account.create({"P": kept}, name="t")
    account.delete(name="t")
    assert {"kept"} == _names(account)


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"OnFailure": "DO_NOTHING"}, "CREATE_FAILED"),
        ({"DisableRollback": True}, "CREATE_FAILED"),
        ({"OnFailure": "DELETE"}, "DELETE_COMPLETE"),
    ],
)
def test_a_failed_creation_goes_where_the_request_says(account, options, status):
    """Without rollback the pieces stay as they are; with deletion the stack goes too."""
    stack_id = account.create({"P": parameter("a", name="p"), "X": {**BROKEN, "DependsOn": "P"}}, **options)["StackId"]
    assert status == account.stack(stack_id)["StackStatus"]
    assert (status == "CREATE_FAILED") == ("p" in _names(account))


def test_a_stack_that_was_rolled_back_can_only_be_deleted(account):
    """An update of a stack in ROLLBACK_COMPLETE is refused; after deletion its name is free."""
    account.create({"X": BROKEN})
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        account.update({"P": parameter("a")})
    account.delete()
    assert account.create({"P": parameter("a")})["StackStatus"] == "CREATE_COMPLETE"


def test_a_failed_update_gives_everything_back(account, sagemaker):
    """Changed values return, new resources go, replaced ones are listed again; parameters and template too."""
    sections = {"Parameters": {"V": {"Type": "String"}}}
    first = serving("1") | {"P": parameter({"Ref": "V"}, name="p")}
    account.create(first, sections=sections, parameters={"V": "old"})
    kept = json.dumps(sagemaker.kept, default=str)
    before = {name: account.physical(name) for name in first}
    second = serving("2") | {"P": parameter({"Ref": "V"}, name="p"), "N": parameter("n", name="n")}
    second["X"] = {**BROKEN, "DependsOn": ["Endpoint", "P", "N"]}
    stack = account.update(second, sections=sections, parameters={"V": "new"})
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stack["Parameters"] == [{"ParameterKey": "V", "ParameterValue": "old"}]
    assert before == {name: account.physical(name) for name in account.resources()}
    assert {"p"} == _names(account)
    assert _value(account, "p") == "old"
    assert kept == json.dumps(sagemaker.kept, default=str)
    assert set(first) == set(account.client.get_template(StackName="s")["TemplateBody"]["Resources"])


def test_the_endpoint_is_back_before_the_new_configuration_goes(account):
    """A rollback restores in the order of needs, and removes the new copies afterwards."""
    account.create(serving("1"))
    account.update(serving("2") | {"X": {**BROKEN, "DependsOn": "Endpoint"}})
    events = account.events()
    cleaning = events.index(("s", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"))
    assert ("Endpoint", "UPDATE_COMPLETE") in events[events.index(("s", "UPDATE_ROLLBACK_IN_PROGRESS")) : cleaning]
    assert cleaning < events.index(("Config", "DELETE_IN_PROGRESS")) < events.index(("Model", "DELETE_IN_PROGRESS"))


def test_a_deployment_that_sagemaker_takes_back_fails_the_update(account, sagemaker):
    """An endpoint that returns to its old configuration has not been updated; no second deployment follows."""
    account.create(serving("1"))
    sagemaker.broken.add("bad")
    stack = account.update(serving("2", variant="bad"))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert len(sagemaker.updates) == 1
    assert "did not come to serve" in account.reasons("Endpoint")[-1]
    assert [len(kept) for kept in sagemaker.kept.values()] == [1, 1, 1]


def test_retained_copies_of_a_failed_update_stay(account, sagemaker):
    """UpdateReplacePolicy Retain keeps the new copies of a replacement when it is rolled back."""

    def retained(version, **more):
        resources = serving(version, **more)
        for name in ("Model", "Config"):
            resources[name]["UpdateReplacePolicy"] = "Retain"
        return resources

    account.create(retained("1"))
    sagemaker.broken.add("bad")
    account.update(retained("2", variant="bad"))
    assert [len(kept) for kept in sagemaker.kept.values()] == [2, 2, 1]


def test_the_next_update_after_a_rollback_works(account, sagemaker):
    """A stack in UPDATE_ROLLBACK_COMPLETE is updated as any other."""
    account.create(serving("1"))
    sagemaker.broken.add("bad")
    account.update(serving("2", variant="bad"))
    assert account.update(serving("3"))["StackStatus"] == "UPDATE_COMPLETE"
    (model,) = sagemaker.kept["Model"].values()
    assert model["PrimaryContainer"]["Environment"]["VERSION"] == "3"


def test_without_rollback_a_failed_update_stays_and_can_go_either_way(account, sagemaker):
    """With DisableRollback a failed update stands; the next update mends it, and nothing is lost on the way."""
    account.create(serving("1"))
    sagemaker.broken.add("bad")
    assert account.update(serving("2", variant="bad"), DisableRollback=True)["StackStatus"] == "UPDATE_FAILED"
    assert [len(kept) for kept in sagemaker.kept.values()] == [2, 2, 1]
    assert account.update(serving("3"))["StackStatus"] == "UPDATE_COMPLETE"
    assert [len(kept) for kept in sagemaker.kept.values()] == [1, 1, 1]


def test_a_failed_update_can_be_rolled_back_later(account, sagemaker):
    """RollbackStack takes a stack in UPDATE_FAILED back."""
    account.create(serving("1"))
    before = set(sagemaker.kept["Model"])
    sagemaker.broken.add("bad")
    account.update(serving("2", variant="bad"), DisableRollback=True)
    account.client.rollback_stack(StackName="s")
    assert account.ended()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert before == set(sagemaker.kept["Model"])


@pytest.mark.parametrize(("asked", "kept"), [({}, True), ({"RetainExceptOnCreate": True}, False)])
def test_what_a_failed_update_made_and_shall_retain_goes_if_so_asked(account, asked, kept):
    """RetainExceptOnCreate, which the CDK's rollback always sends, deletes new resources of the policy Retain too."""
    account.cloud.client("ssm").put_parameter(Name="taken", Value="theirs", Type="String")
    account.create({"Old": parameter("1", name="old")})
    new = {"New": {**parameter("2", name="new"), "DeletionPolicy": "Retain"}}
    broken = {"Broken": {**parameter("3", name="taken"), "DependsOn": "New"}}
    account.update({"Old": parameter("1", name="old"), **new, **broken}, DisableRollback=True)
    account.client.rollback_stack(StackName="s", **asked)
    assert account.ended()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert bool(account.cloud.client("ssm").get_parameters(Names=["new"])["Parameters"]) is kept


def _stuck(account, sagemaker):
    """A stack whose rollback fails, since SageMaker is still at the update that was cancelled."""
    account.create(serving("1"))
    sagemaker.slow = True
    account.update(serving("2"), wait=False)
    account.reach("Endpoint", "UPDATE_IN_PROGRESS")
    account.client.cancel_update_stack(StackName="s")
    return account.ended()


def test_cancelling_an_update_under_way_can_fail_the_rollback(account, sagemaker):
    """SageMaker refuses to update an endpoint that is being updated, so the stack ends in UPDATE_ROLLBACK_FAILED."""
    stack = _stuck(account, sagemaker)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    assert stack["StackStatusReason"] == "The following resource(s) failed to update: [Endpoint]. "
    assert "Cannot update in-progress endpoint" in account.reasons("Endpoint")[-1]
    with pytest.raises(ClientError, match="is in UPDATE_ROLLBACK_FAILED state and can not be updated"):
        account.update(serving("3"))


def test_a_failed_rollback_is_continued(account, sagemaker):
    """ContinueUpdateRollback tries again what is left to be done."""
    before = set(sagemaker.kept["Model"])
    _stuck(account, sagemaker)
    sagemaker.go.set()
    account.cloud.client("sagemaker").describe_endpoint(EndpointName="live")
    account.client.continue_update_rollback(StackName="s")
    assert account.ended()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    (config,) = sagemaker.kept["EndpointConfig"]
    assert config == sagemaker.kept["Endpoint"]["live"]["EndpointConfigName"]
    assert before != set(sagemaker.kept["Model"])


def test_a_continued_rollback_can_skip_resources(account, sagemaker):
    """A skipped resource is taken for restored; only those that failed can be skipped."""
    _stuck(account, sagemaker)
    with pytest.raises(ClientError, match=r"not in the UPDATE_FAILED state: \[Model\]"):
        account.client.continue_update_rollback(StackName="s", ResourcesToSkip=["Model"])
    account.client.continue_update_rollback(StackName="s", ResourcesToSkip=["Endpoint"])
    assert account.ended()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert account.resources()["Endpoint"] == "UPDATE_COMPLETE"
    with pytest.raises(ClientError, match="can not be rolled back"):
        account.client.continue_update_rollback(StackName="s")


def test_an_output_that_cannot_be_exported_rolls_the_stack_back(account):
    """A stack whose export is taken is not made."""
    sections = {"Outputs": {"O": {"Value": "v", "Export": {"Name": "taken"}}}}
    account.create({"P": parameter("a")}, sections=sections)
    stack = account.create({"P": parameter("a", name="p")}, name="t", sections=sections)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Export with name taken is already exported by stack s" in account.reasons("t", name="t")[1]
    assert "p" not in _names(account)
