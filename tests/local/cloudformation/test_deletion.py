from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from local.cloudformation import CloudFormation
from local.state import State
from tests.local.cloudformation.account import Account
from tests.local.cloudformation.samples import bucket, parameter, serving


def test_a_deleted_stack_is_known_by_its_id_alone(account):
    """Everything of a stack goes; its name is free and its id still tells its story."""
    stack_id = account.create({"P": parameter("a")})["StackId"]
    assert account.delete()["StackStatus"] == "DELETE_COMPLETE"
    with pytest.raises(ClientError, match=r"ValidationError.*Stack with id s does not exist"):
        account.stack()
    assert ("P", "DELETE_COMPLETE") in account.events(stack_id)
    assert "DeletionTime" in account.stack(stack_id)
    assert account.client.describe_stacks()["Stacks"] == []
    assert stack_id != account.create({"P": parameter("a")})["StackId"]


def test_a_deleted_stack_is_remembered_for_ninety_days(small_cloud, stepped_clock, tmp_path):
    """Then neither its id nor any table knows it."""
    state = State.at(tmp_path / "state")
    cloud = small_cloud(CloudFormation, clock=stepped_clock, state=state)
    account = Account(cloud, cloud.parts[0])
    ids = []
    for days in (1, 90, 0):
        account.create({"P": parameter("a")}, wait=False)
        ids.append(account.ended()["StackId"])
        account.delete()
        stepped_clock.advance(timedelta(days=days))
    with pytest.raises(ClientError, match="does not exist"):
        account.stack(ids[0])
    assert [account.stack(stack_id)["StackStatus"] for stack_id in ids[1:]] == ["DELETE_COMPLETE"] * 2
    keys = [key for name in ("stacks", "revisions", "events") for key in state.table(f"cloudformation.{name}")]
    assert {key.split()[0] for key in keys} == set(ids[1:])
    state.close()


def test_what_needs_others_goes_first(account):
    """Resources are deleted in the reverse order of their needs."""
    stack_id = account.create(serving("1"))["StackId"]
    account.delete()
    events = account.events(stack_id)
    order = [events.index((name, "DELETE_COMPLETE")) for name in ("Endpoint", "Config", "Model")]
    assert sorted(order) == order


def test_a_deletion_that_fails_says_why_and_can_be_finished(account):
    """What cannot be deleted keeps its stack; left where it is, the stack can go."""
    account.create({"P": parameter("a"), "B": bucket(BucketName="full")})
    account.cloud.client("s3").put_object(Bucket="full", Key="k", Body=b"x")
    stack = account.delete()
    assert (
        stack["StackStatus"],
        stack["StackStatusReason"],
    ) == ("DELETE_FAILED", "The following resource(s) failed to delete: [B]. ")
    assert account.resources() == {"P": "DELETE_COMPLETE", "B": "DELETE_FAILED"}
    with pytest.raises(ClientError, match="is in DELETE_FAILED state and can not be updated"):
        account.update({"P": parameter("b")})
    assert account.delete(RetainResources=["B"])["StackStatus"] == "DELETE_COMPLETE"
    account.cloud.client("s3").head_bucket(Bucket="full")


def test_what_a_failed_deletion_needs_stays(account, sagemaker):
    """A resource that others still need is not deleted."""
    account.create(serving("1"))
    (config,) = sagemaker.kept["EndpointConfig"]
    sagemaker.undeletable.add(config)
    account.delete()
    assert account.resources() == {"Endpoint": "DELETE_COMPLETE", "Config": "DELETE_FAILED", "Model": "CREATE_COMPLETE"}
    sagemaker.undeletable.clear()
    assert account.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert sagemaker.kept["Model"] == {}


def test_a_forced_deletion_leaves_what_it_cannot_delete(account):
    """FORCE_DELETE_STACK deletes the stack although a resource stays."""
    account.create({"B": bucket(BucketName="full")})
    account.cloud.client("s3").put_object(Bucket="full", Key="k", Body=b"x")
    account.delete()
    assert account.delete(DeletionMode="FORCE_DELETE_STACK")["StackStatus"] == "DELETE_COMPLETE"


def test_what_is_gone_already_counts_as_deleted(account):
    """A resource that somebody else has deleted does not hold its stack up."""
    account.create({"P": parameter("a", name="p"), "B": bucket(BucketName="bucket")} | serving("1"))
    account.cloud.client("ssm").delete_parameter(Name="p")
    account.cloud.client("s3").delete_bucket(Bucket="bucket")
    account.cloud.client("sagemaker").delete_endpoint(EndpointName="live")
    assert account.delete()["StackStatus"] == "DELETE_COMPLETE"


def test_a_protected_stack_is_not_deleted(account):
    """Termination protection refuses deletion until it is switched off."""
    account.create({"P": parameter("a")}, EnableTerminationProtection=True)
    with pytest.raises(ClientError, match=r"Stack \[s\] cannot be deleted while TerminationProtection is enabled"):
        account.delete()
    account.client.update_termination_protection(StackName="s", EnableTerminationProtection=False)
    assert account.delete()["StackStatus"] == "DELETE_COMPLETE"


def test_deleting_what_does_not_exist_is_done_at_once(account):
    """DeleteStack of an unknown name succeeds."""
    account.client.delete_stack(StackName="unknown")


def test_a_stack_can_be_deleted_while_it_is_created(account, sagemaker):
    """Creation is given up, and everything made so far goes."""
    sagemaker.slow = True
    stack_id = account.create(serving("1"), wait=False)
    account.reach("Endpoint", "CREATE_IN_PROGRESS")
    account.delete()
    assert account.stack(stack_id)["StackStatus"] == "DELETE_COMPLETE"
    assert list(sagemaker.kept.values()) == [{}, {}, {}]


def test_deletion_after_a_failed_rollback_takes_every_copy(account, sagemaker):
    """A stack in UPDATE_FAILED is deleted with the copies that its update had made or replaced."""
    account.create(serving("1"))
    sagemaker.broken.add("bad")
    account.update(serving("2", variant="bad"), DisableRollback=True)
    assert account.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert list(sagemaker.kept.values()) == [{}, {}, {}]
