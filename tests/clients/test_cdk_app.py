"""The CDK's command line with an application that is not ours: every verb in the life of a stack."""

import json
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.clients

APP = Path(__file__).with_name("apps") / "orders.py"
TAKEN = "/clients/taken"
WITHOUT_ASKING = "--require-approval never"


@pytest.fixture(scope="module")
def story(cdk_terminal):
    """All that the tests tell of, in its order: what was said, and what was seen between."""
    app, seen = f"{sys.executable} {APP}", {}
    cdk_terminal.cdk("bootstrap", "bootstrap aws://123456789012/eu-west-1", app=app)
    cdk_terminal.cdk("deploy", f"deploy {WITHOUT_ASKING}", app=app)
    seen["outputs"] = outputs(cdk_terminal)
    seen["answer"] = answer(cdk_terminal, seen["outputs"]["FunctionName"])
    seen["message"] = message(cdk_terminal, seen["outputs"])
    cdk_terminal.cdk("nothing", f"deploy {WITHOUT_ASKING}", app=app)
    cdk_terminal.cdk("diff", "diff -c level=two --method=template", app=app)
    cdk_terminal.cdk("update", f"deploy {WITHOUT_ASKING} -c level=two", app=app)
    seen["level"] = level(cdk_terminal, seen["outputs"]["FunctionName"])

    cdk_terminal.client("ssm").put_parameter(Name=TAKEN, Value="theirs", Type="String")
    broken = f"deploy {WITHOUT_ASKING} -c level=three -c taken={TAKEN}"
    cdk_terminal.cdk("broken", broken, app=app, expect=1)
    seen["after broken"] = (status(cdk_terminal), level(cdk_terminal, seen["outputs"]["FunctionName"]))
    cdk_terminal.cdk("halted", f"{broken} --no-rollback", app=app, expect=1)
    seen["after halted"] = status(cdk_terminal)
    cdk_terminal.cdk("rollback", "rollback orders", app=app)
    seen["after rollback"] = (status(cdk_terminal), level(cdk_terminal, seen["outputs"]["FunctionName"]))
    seen["parameter"] = cdk_terminal.client("ssm").get_parameter(Name=TAKEN)["Parameter"]["Value"]

    cdk_terminal.cdk("destroy", "destroy --force", app=app)
    seen["after destroy"] = status(cdk_terminal)
    return cdk_terminal.said, seen


def outputs(terminal):
    """The outputs of the stack by name."""
    (stack,) = terminal.client("cloudformation").describe_stacks(StackName="orders")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def status(terminal):
    """The status of the stack; None when there is none."""
    try:
        (stack,) = terminal.client("cloudformation").describe_stacks(StackName="orders")["Stacks"]
    except ClientError:
        return None
    return stack["StackStatus"]


def level(terminal, function):
    """What of the function an update changes."""
    found = terminal.client("lambda").get_function_configuration(FunctionName=function)
    return found["Environment"]["Variables"]["LEVEL"]


def answer(terminal, function):
    """What the function says."""
    said = terminal.client("lambda").invoke(FunctionName=function, Payload=json.dumps({"say": "hello"}))
    return json.loads(said["Payload"].read())


def message(terminal, outputs):
    """What of a message to the topic reaches the queue."""
    terminal.client("sns").publish(TopicArn=outputs["TopicArn"], Message="ordered")
    got = terminal.client("sqs").receive_message(QueueUrl=outputs["QueueUrl"], WaitTimeSeconds=2)
    return json.loads(got["Messages"][0]["Body"])["Message"]


def test_the_application_runs(story):
    """Its function answers, and a message to its topic arrives in its queue."""
    _, seen = story
    assert seen["answer"]["said"] == "hello"
    assert seen["answer"]["table"].startswith("orders-Table")
    assert seen["message"] == "ordered"


def test_a_deployment_of_the_same_changes_nothing(story):
    """The second `cdk deploy` finds nothing to do."""
    said, _ = story
    assert "orders (no changes)" in said["nothing"]


def test_a_difference_is_shown_and_deployed(story):
    """`cdk diff` names the variable; after `cdk deploy` the function has it."""
    said, seen = story
    assert "[-] one" in said["diff"]
    assert "[+] two" in said["diff"]
    assert seen["level"] == "two"


def test_a_failed_deployment_is_taken_back(story):
    """A name that somebody else holds: the reason is told, and what had changed is as it was."""
    said, seen = story
    assert "already exists" in said["broken"]
    assert seen["after broken"] == ("UPDATE_ROLLBACK_COMPLETE", "two")


def test_a_deployment_may_halt_where_it_failed_and_is_rolled_back_on_demand(story):
    """`--no-rollback` leaves the stack failed; `cdk rollback` brings it back; what is not ours is untouched."""
    _, seen = story
    assert seen["after halted"] == "UPDATE_FAILED"
    assert seen["after rollback"] == ("UPDATE_ROLLBACK_COMPLETE", "two")
    assert seen["parameter"] == "theirs"


def test_destroy_leaves_nothing(story):
    """The stack is gone."""
    _, seen = story
    assert seen["after destroy"] is None
