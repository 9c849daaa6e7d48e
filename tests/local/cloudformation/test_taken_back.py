from typing import get_args

import pytest

from local.cloudformation import Rollbacks
from tests.local import trust
from tests.local.cloudformation.samples import serving

TOKEN = "r4-v2"


def _alarmed(version, **more):
    """A serving stack as a release updates it: what is replaced is kept, alarms go by the configuration's name."""
    resources = serving(version, **more)
    for name in ("Model", "Config"):
        resources[name]["UpdateReplacePolicy"] = "Retain"
    config = {"Fn::GetAtt": ["Config", "EndpointConfigName"]}
    resources["Alarm"] = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": {"Fn::Join": ["-", [config, "abort"]]},
            "Namespace": "N",
            "MetricName": "M",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        },
    }
    resources["Endpoint"]["DependsOn"] = "Alarm"
    return resources


def _taken_back(account, sagemaker):
    """A stack after a release that SageMaker took back."""
    account.create(_alarmed("1"))
    sagemaker.broken.add("bad")
    return account.update(_alarmed("2", variant="bad"), ClientRequestToken=TOKEN)


def _serves(account, sagemaker):
    """The logical ids of configurations that the endpoint serves, as the stack now lists them."""
    config = account.physical("Config").rpartition("/")[2]
    return config == sagemaker.kept["Endpoint"]["live"]["EndpointConfigName"].lower()


def _alarms(account):
    return [alarm["AlarmName"] for alarm in account.cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]]


@pytest.mark.parametrize("rollbacks", ["unnoticed"])
def test_unnoticed_the_update_is_complete_and_the_endpoint_is_not(account, sagemaker):
    """The stack lists the new configuration; the old one is kept, so that the endpoint has what it serves."""
    assert _taken_back(account, sagemaker)["StackStatus"] == "UPDATE_COMPLETE"
    assert not _serves(account, sagemaker)
    assert sagemaker.kept["Endpoint"]["live"]["EndpointConfigName"] in sagemaker.kept["EndpointConfig"]
    assert account.update(_alarmed("3"))["StackStatus"] == "UPDATE_COMPLETE"
    assert _serves(account, sagemaker)


@pytest.mark.parametrize(("rollbacks", "deployments"), [("noticed", 1), ("noticed-again", 2)])
def test_noticed_the_stack_is_rolled_back(account, sagemaker, deployments):
    """The handler's failure is the reason; the endpoint keeps the configuration it has, deployed once more or not."""
    assert _taken_back(account, sagemaker)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert account.reasons("Endpoint")[-1].startswith('Resource handler returned message: "')
    assert _serves(account, sagemaker)
    assert len(sagemaker.updates) == deployments
    assert account.update(_alarmed("3"))["StackStatus"] == "UPDATE_COMPLETE"


@pytest.mark.parametrize("rollbacks", ["stuck"])
def test_stuck_the_rollback_fails_until_the_endpoint_is_skipped(account, sagemaker):
    """SageMaker refuses what it serves already; skipped, the resource is taken for restored, which it is."""
    assert _taken_back(account, sagemaker)["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    account.client.continue_update_rollback(StackName="s")
    assert account.ended()["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    role = trust.role(account.cloud.client("iam"), "narrow", "cloudformation")
    account.client.continue_update_rollback(
        StackName="s", ResourcesToSkip=["Endpoint"], RoleARN=role, ClientRequestToken="again"
    )
    stack = account.ended()
    assert (stack["StackStatus"], stack["RoleARN"]) == ("UPDATE_ROLLBACK_COMPLETE", role)
    assert _serves(account, sagemaker)
    assert account.update(_alarmed("3"))["StackStatus"] == "UPDATE_COMPLETE"


@pytest.mark.parametrize("rollbacks", get_args(Rollbacks))
def test_an_endpoint_between_two_configurations_is_deployed_anew(account, sagemaker):
    """In UpdateRollbackFailed nothing is served well: every kind notices it, and the stack's rollback mends it."""
    account.create(_alarmed("1"))
    sagemaker.stranded.add("half")
    assert account.update(_alarmed("2", variant="half"))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert len(sagemaker.updates) == 2
    assert sagemaker.kept["Endpoint"]["live"]["EndpointStatus"] == "InService"
    assert _serves(account, sagemaker)


@pytest.mark.parametrize("rollbacks", get_args(Rollbacks))
def test_the_events_of_a_release_name_what_it_made(account, sagemaker):
    """By the request's token: its configuration and alarm with their physical ids, though both may be gone."""
    account.create(_alarmed("1"))
    old = account.physical("Config")
    sagemaker.broken.add("bad")
    account.update(_alarmed("2", variant="bad"), ClientRequestToken=TOKEN)
    pages = account.client.get_paginator("describe_stack_events").paginate(StackName="s")
    events = [event for page in pages for event in page["StackEvents"] if event.get("ClientRequestToken") == TOKEN]
    made = {
        event["LogicalResourceId"]: event["PhysicalResourceId"]
        for event in events
        if event.get("ResourceStatusReason") == "Resource creation Initiated"
    }
    assert made["Config"] != old
    assert made["Alarm"].lower() == f"{made['Config'].rpartition('/')[2]}-abort"
    told = [detail for source, kind, detail in account.cloud.emitted if kind == "CloudFormation Stack Status Change"]
    assert told[-1]["client-request-token"] == TOKEN


@pytest.mark.parametrize(("rollbacks", "left"), [("unnoticed", "new"), ("noticed", "old")])
def test_the_alarms_of_the_fleet_that_the_stack_gave_up_are_deleted(account, sagemaker, left):
    """Each fleet has its own; configurations and models are kept either way."""
    account.create(_alarmed("1"))
    before = _alarms(account)
    sagemaker.broken.add("bad")
    account.update(_alarmed("2", variant="bad"))
    assert len(_alarms(account)) == 1
    assert (left == "old") == (_alarms(account) == before)
    assert [len(sagemaker.kept[kind]) for kind in ("Model", "EndpointConfig")] == [2, 2]
