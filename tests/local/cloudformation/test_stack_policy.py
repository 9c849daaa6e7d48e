import json

import pytest
from botocore.exceptions import ClientError

from local.cloudformation.errors import InvalidRequest, ResourceFailed
from local.cloudformation.policy import StackPolicy
from local.errors import UnsupportedLocally
from tests.local.cloudformation.samples import parameter, serving

ALLOW = {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}


def _deny(*actions, resource="LogicalResourceId/Endpoint", **more):
    return {"Effect": "Deny", "Principal": "*", "Action": list(actions), "Resource": resource, **more}


def _policy(*statements):
    return json.dumps({"Statement": list(statements)})


GUARD = _policy(ALLOW, _deny("Update:Replace", "Update:Delete"))


def test_a_protected_resource_survives_its_template(account, sagemaker):
    """Taking a protected resource out of the template fails before anything is touched."""
    account.create(serving("1") | {"P": parameter("a")}, StackPolicyBody=GUARD)
    stack = account.update({"P": parameter("b")})
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "Action denied by stack policy" in account.reasons("Endpoint")[-1]
    assert ("P", "UPDATE_IN_PROGRESS") not in account.events()
    assert {"live"} == set(sagemaker.kept["Endpoint"])


def test_a_protected_resource_is_not_replaced(account, sagemaker):
    """A change that needs a new resource fails under Update:Replace; one in place passes."""
    account.create(serving("1"), StackPolicyBody=GUARD)
    assert account.update(serving("1", EndpointName="other"))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert account.resources()["Endpoint"] == "UPDATE_COMPLETE"
    assert account.update(serving("2"))["StackStatus"] == "UPDATE_COMPLETE"
    assert {"live"} == set(sagemaker.kept["Endpoint"])


def test_a_policy_for_one_update_lets_it_through(account, sagemaker):
    """StackPolicyDuringUpdateBody holds for its update alone."""
    account.create(serving("1"), StackPolicyBody=GUARD)
    passing = account.update(serving("1", EndpointName="other"), StackPolicyDuringUpdateBody=_policy(ALLOW))
    assert passing["StackStatus"] == "UPDATE_COMPLETE"
    assert {"other"} == set(sagemaker.kept["Endpoint"])
    assert json.loads(GUARD) == json.loads(account.client.get_stack_policy(StackName="s")["StackPolicyBody"])


def test_a_policy_is_set_and_shown(account):
    """A stack without a policy shows none; a set one binds the next update, one sent along those after it."""
    account.create({"P": parameter("a")})
    assert "StackPolicyBody" not in account.client.get_stack_policy(StackName="s")
    modify = _policy(_deny("Update:Modify", resource="*"), ALLOW)
    assert account.update({"P": parameter("b")}, StackPolicyBody=modify)["StackStatus"] == "UPDATE_COMPLETE"
    assert account.update({"P": parameter("c")})["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    account.client.set_stack_policy(StackName="s", StackPolicyBody=_policy(ALLOW))
    assert account.update({"P": parameter("d")})["StackStatus"] == "UPDATE_COMPLETE"


@pytest.mark.parametrize("body", ["{", "[]", '{"Statement": [{"Effect": "Maybe"}]}', _policy({"Effect": "Deny"})])
def test_a_policy_that_is_none_is_refused(account, body):
    """What cannot be read as a stack policy is refused."""
    with pytest.raises(ClientError, match="Error validating stack policy"):
        account.create({"P": parameter("a")}, StackPolicyBody=body)
    with pytest.raises(InvalidRequest):
        StackPolicy(body)


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ((), False),
        ((ALLOW,), True),
        ((ALLOW, _deny("Update:Replace")), False),
        ((ALLOW, _deny("Update:Delete")), True),
        ((ALLOW, _deny("Update:*", resource="LogicalResourceId/Other")), True),
        ((ALLOW, _deny("Update:*", resource="LogicalResourceId/End*")), False),
        (({**ALLOW, "Resource": "LogicalResourceId/Other"},), False),
        ((ALLOW, {"Effect": "Deny", "Principal": "*", "NotAction": "Update:Modify", "Resource": "*"}), False),
        (
            (ALLOW, {"Effect": "Deny", "Principal": "*", "Action": "*", "NotResource": "LogicalResourceId/Endpoint"}),
            True,
        ),
        ((ALLOW, _deny("Update:*", resource="*", Condition={"StringEquals": {"ResourceType": ["T"]}})), False),
        ((ALLOW, _deny("Update:*", resource="*", Condition={"StringLike": {"ResourceType": ["U*"]}})), True),
    ],
)
def test_deny_wins_and_silence_forbids(statements, allowed):
    """An update needs a statement that allows it and none that denies it."""
    policy = StackPolicy(_policy(*statements))
    try:
        policy.check("Update:Replace", logical_id="Endpoint", type="T")
    except ResourceFailed:
        assert not allowed
    else:
        assert allowed


def test_conditions_that_are_not_known_are_refused():
    """A condition on anything but the resource's type is refused by name."""
    with pytest.raises(UnsupportedLocally, match="NumericEquals"):
        StackPolicy(_policy(_deny("Update:*", Condition={"NumericEquals": {"ResourceType": "1"}})))
