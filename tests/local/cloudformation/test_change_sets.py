import json

import pytest
from botocore.exceptions import ClientError

from tests.local.cloudformation.samples import bucket, parameter, serving

EMPTY = "The submitted information didn't contain changes. Submit different information to create a change set."


def _propose(account, resources, *, kind="UPDATE", name="c", stack="s", **more):
    body = json.dumps({"Resources": resources, **more.pop("sections", {})})
    return account.client.create_change_set(
        StackName=stack, ChangeSetName=name, ChangeSetType=kind, TemplateBody=body, **more
    )


def _changes(account, *, name="c", **more):
    described = account.client.describe_change_set(StackName="s", ChangeSetName=name, **more)
    return {change["ResourceChange"]["LogicalResourceId"]: change["ResourceChange"] for change in described["Changes"]}


def _execute(account, *, name="c", **more):
    account.client.execute_change_set(StackName="s", ChangeSetName=name, **more)
    return account.ended()


def test_a_stack_is_created_by_a_change_set(account):
    """A change set opens a stack in review; executing it creates what it lists."""
    made = _propose(account, {"P": parameter("a")}, kind="CREATE")
    assert account.stack()["StackStatus"] == "REVIEW_IN_PROGRESS"
    waiter = account.client.get_waiter("change_set_create_complete")
    waiter.wait(ChangeSetName=made["Id"], WaiterConfig={"Delay": 0, "MaxAttempts": 1})
    assert [(name, change["Action"]) for name, change in _changes(account).items()] == [("P", "Add")]
    stack = _execute(account)
    assert ("CREATE_COMPLETE", made["Id"]) == (stack["StackStatus"], stack["ChangeSetId"])


def test_a_stack_in_review_is_nothing_yet(account):
    """It can be proposed again under another name, not updated, and goes when it is deleted."""
    first = _propose(account, {"P": parameter("a")}, kind="CREATE")
    second = _propose(account, {"P": parameter("b")}, kind="CREATE", name="d")
    assert first["StackId"] == second["StackId"]
    with pytest.raises(ClientError, match=r"AlreadyExistsException.*ChangeSet d already exists"):
        _propose(account, {"P": parameter("b")}, kind="CREATE", name="d")
    with pytest.raises(ClientError, match="is in REVIEW_IN_PROGRESS state and can not be updated"):
        _propose(account, {"P": parameter("b")}, name="e")
    assert account.delete()["StackStatus"] == "DELETE_COMPLETE"


def test_a_stack_in_review_has_an_empty_template(account):
    """GetTemplate gives what the stack consists of: nothing so far."""
    _propose(account, {"P": parameter("a")}, kind="CREATE")
    assert account.client.get_template(StackName="s")["TemplateBody"] == ""


def test_a_change_set_foresees_what_an_update_does(account):
    """Replacements, what follows from them, additions and removals, each with its reason."""
    account.create(serving("1") | {"Old": parameter("o"), "P": parameter("a")})
    _propose(account, serving("2") | {"New": parameter("n"), "P": parameter("b")})
    changes = _changes(account)
    seen = {name: (change["Action"], change.get("Replacement")) for name, change in changes.items()}
    assert seen == {
        "Model": ("Modify", "True"),
        "Config": ("Modify", "Conditional"),
        "Endpoint": ("Modify", "False"),
        "P": ("Modify", "False"),
        "New": ("Add", None),
        "Old": ("Remove", None),
    }
    (detail,) = changes["Model"]["Details"]
    assert (detail["Evaluation"], detail["ChangeSource"]) == ("Static", "DirectModification")
    assert (detail["Target"]["Name"], detail["Target"]["RequiresRecreation"]) == ("PrimaryContainer", "Always")
    (detail,) = changes["Endpoint"]["Details"]
    assert (
        detail["Evaluation"],
        detail["ChangeSource"],
        detail["CausingEntity"],
    ) == ("Dynamic", "ResourceAttribute", "Config.EndpointConfigName")
    assert changes["P"]["Scope"] == ["Properties"]
    assert changes["Model"]["PolicyAction"] == "ReplaceAndDelete"
    assert _execute(account)["StackStatus"] == "UPDATE_COMPLETE"
    assert {"Model", "Config", "Endpoint", "P", "New"} == set(account.resources())


def test_values_are_shown_when_they_are_asked_for(account):
    """With IncludePropertyValues the values stand before and after; what only the update knows says so."""
    account.create(serving("1") | {"P": parameter("a")})
    _propose(account, serving("2") | {"P": parameter("b")})
    plain, full = _changes(account), _changes(account, IncludePropertyValues=True)
    assert "BeforeContext" not in plain["P"]
    (target,) = [detail["Target"] for detail in full["P"]["Details"]]
    assert (target["BeforeValue"], target["AfterValue"], target["Path"]) == ("a", "b", "/Properties/Value")
    assert json.loads(full["P"]["AfterContext"]) == {"Properties": {"Value": "b"}}
    assert full["Endpoint"]["Details"][0]["Target"]["AfterValue"] == "{{changeSet:KNOWN_AFTER_APPLY}}"


def test_a_parameter_is_named_as_the_cause(account):
    """A change that comes from a parameter names it."""
    sections = {"Parameters": {"V": {"Type": "String"}}}
    resources = {"P": parameter({"Ref": "V"})}
    account.create(resources, sections=sections, parameters={"V": "a"})
    account.client.create_change_set(
        StackName="s",
        ChangeSetName="c",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "V", "ParameterValue": "b"}],
    )
    (detail,) = _changes(account)["P"]["Details"]
    assert (detail["ChangeSource"], detail["CausingEntity"]) == ("ParameterReference", "V")
    _execute(account)
    assert account.stack()["Parameters"] == [{"ParameterKey": "V", "ParameterValue": "b"}]


def test_tags_and_metadata_have_their_own_scope(account):
    """A change of tags or metadata alone is told apart from one of properties."""
    account.create({"P": parameter("a"), "Q": parameter("q")})
    _propose(
        account, {"P": parameter("a"), "Q": parameter("q") | {"Metadata": {"m": 1}}}, Tags=[{"Key": "k", "Value": "v"}]
    )
    changes = _changes(account)
    assert (changes["P"]["Scope"], changes["Q"]["Scope"]) == (["Tags"], ["Tags", "Metadata"])
    _execute(account)
    assert account.stack()["Tags"] == [{"Key": "k", "Value": "v"}]


def test_a_change_set_without_changes_fails(account):
    """It is FAILED with AWS's own words, and cannot be executed."""
    account.create({"P": parameter("a")})
    _propose(account, {"P": parameter("a")})
    described = account.client.describe_change_set(StackName="s", ChangeSetName="c")
    assert (
        described["Status"],
        described["StatusReason"],
        described["ExecutionStatus"],
    ) == ("FAILED", EMPTY, "UNAVAILABLE")
    with pytest.raises(ClientError, match=r"InvalidChangeSetStatus.*in its current status of \[FAILED\]"):
        _execute(account)


def test_an_update_makes_other_change_sets_obsolete(account):
    """A change set that was made before another update can no longer be executed."""
    account.create({"P": parameter("a")})
    _propose(account, {"P": parameter("b")})
    account.update({"P": parameter("c")})
    with pytest.raises(ClientError, match=r"in its current status of \[OBSOLETE\]"):
        _execute(account)


def test_change_sets_are_listed_until_they_are_executed_or_deleted(account):
    """Deleting is idempotent; an executed one is known by its id."""
    account.create({"P": parameter("a")})
    done = _propose(account, {"P": parameter("b")}, name="done")["Id"]
    _propose(account, {"P": parameter("b")}, name="other")
    account.client.delete_change_set(StackName="s", ChangeSetName="other")
    account.client.delete_change_set(StackName="s", ChangeSetName="other")
    assert [summary["ChangeSetName"] for summary in account.client.list_change_sets(StackName="s")["Summaries"]] == [
        "done"
    ]
    _execute(account, name="done")
    assert account.client.list_change_sets(StackName="s")["Summaries"] == []
    assert account.client.describe_change_set(ChangeSetName=done)["ExecutionStatus"] == "EXECUTE_COMPLETE"
    with pytest.raises(ClientError, match=r"ChangeSetNotFound.*ChangeSet \[done\] does not exist"):
        account.client.describe_change_set(StackName="s", ChangeSetName="done")


def test_a_template_is_got_from_a_change_set(account):
    """GetTemplate shows what a change set would bring."""
    account.create({"P": parameter("a")})
    _propose(account, {"P": parameter("b")})
    got = account.client.get_template(StackName="s", ChangeSetName="c")["TemplateBody"]
    assert parameter("b") == got["Resources"]["P"]


def test_importing_existing_resources_creates_those_that_do_not_exist(account):
    """With ImportExistingResources a retained resource of a new name is created as without."""
    kept = bucket(BucketName="kept") | {"DeletionPolicy": "Retain"}
    _propose(account, {"B": kept, "P": parameter("a")}, kind="CREATE", ImportExistingResources=True)
    assert _execute(account)["StackStatus"] == "CREATE_COMPLETE"
    _propose(account, {"B": kept, "P": parameter("b")}, ImportExistingResources=True)
    assert _execute(account)["StackStatus"] == "UPDATE_COMPLETE"


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (bucket(BucketName="there"), "the import of the existing AWS::S3::Bucket there"),
        (
            {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "there"}},
            "ImportExistingResources with AWS::Logs::LogGroup there",
        ),
    ],
)
def test_importing_what_exists_is_refused(account, resource, message):
    """What AWS would take over is named, and no stack remains; so is a type whose existence nobody here looks up."""
    account.cloud.client("s3").create_bucket(
        Bucket="there", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    kept = resource | {"DeletionPolicy": "Retain"}
    with pytest.raises(ClientError, match=f"UnsupportedLocally.*{message}"):
        _propose(account, {"R": kept}, kind="CREATE", ImportExistingResources=True)
    assert account.client.describe_stacks()["Stacks"] == []


def test_what_is_not_retained_is_not_imported(account):
    """Without a deletion policy an existing resource is created once more, and that fails."""
    account.cloud.client("s3").create_bucket(
        Bucket="there", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    _propose(account, {"B": bucket(BucketName="there")}, kind="CREATE", ImportExistingResources=True)
    assert _execute(account)["StackStatus"] == "ROLLBACK_COMPLETE"


@pytest.mark.parametrize(
    ("kind", "stack", "message"),
    [
        ("CREATE", "s", r"Stack \[s\] already exists and cannot be created again with the changeSet \[c\]"),
        ("UPDATE", "t", r"Stack \[t\] does not exist"),
        ("IMPORT", "s", "UnsupportedLocally.*change sets of type IMPORT"),
    ],
)
def test_a_change_set_of_the_wrong_kind_is_refused(account, kind, stack, message):
    """Create needs a new name, update a stack; import is refused by name."""
    account.create({"P": parameter("a")})
    with pytest.raises(ClientError, match=message):
        _propose(account, {"P": parameter("b")}, kind=kind, stack=stack)


@pytest.mark.parametrize("rollbacks", ["noticed"])
def test_a_failed_change_set_update_rolls_back_or_not(account, sagemaker):
    """DisableRollback of ExecuteChangeSet leaves a failed update standing."""
    account.create(serving("1"))
    sagemaker.broken.add("bad")
    _propose(account, serving("2", variant="bad"))
    assert _execute(account, DisableRollback=True)["StackStatus"] == "UPDATE_FAILED"
