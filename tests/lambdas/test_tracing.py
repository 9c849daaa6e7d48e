from datetime import UTC, datetime, timedelta

import pytest

from lambdas.tracing import failed, status, trace
from tests.lambdas.situations import opened

BEGIN = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
STACK = "AWS::CloudFormation::Stack"
CONFIG, ALARM, ENDPOINT = "AWS::SageMaker::EndpointConfig", "AWS::CloudWatch::Alarm", "AWS::SageMaker::Endpoint"
OLD, NEW = (f"arn:aws:sagemaker:eu-west-1:123456789012:endpoint-config/config-{name}" for name in ("old", "new"))
RELEASE = opened(2).placed(sequence=4, at=BEGIN)


def events(*told, token="r4-v2"):
    """Events as (type, status, physical id), told oldest first and given newest first, as CloudFormation does it."""
    return [
        {
            "ResourceType": kind,
            "ResourceStatus": state,
            "PhysicalResourceId": physical,
            "LogicalResourceId": kind.rpartition("::")[2],
            "ResourceStatusReason": f"{kind} {state}",
            "ClientRequestToken": token,
            "Timestamp": BEGIN + timedelta(seconds=second),
        }
        for second, (kind, state, physical) in enumerate(told)
    ][::-1]


FORWARD = (
    (STACK, "UPDATE_IN_PROGRESS", "stack"),
    (CONFIG, "UPDATE_IN_PROGRESS", OLD),
    (CONFIG, "UPDATE_IN_PROGRESS", NEW),
    (CONFIG, "UPDATE_COMPLETE", NEW),
    (ALARM, "UPDATE_IN_PROGRESS", "Config-old-latency"),
    (ALARM, "UPDATE_COMPLETE", "Config-New-latency"),
    (ALARM, "UPDATE_COMPLETE", "Config-New-abort"),
    (ENDPOINT, "UPDATE_IN_PROGRESS", "endpoint"),
)
CLEANUP = (
    (ENDPOINT, "UPDATE_COMPLETE", "endpoint"),
    (STACK, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "stack"),
    (ALARM, "DELETE_COMPLETE", "Config-old-latency"),
    (CONFIG, "DELETE_SKIPPED", OLD),
    (STACK, "UPDATE_COMPLETE", "stack"),
)
BACK = (
    (ENDPOINT, "UPDATE_FAILED", "endpoint"),
    (STACK, "UPDATE_ROLLBACK_IN_PROGRESS", "stack"),
    (CONFIG, "UPDATE_COMPLETE", OLD),
    (STACK, "UPDATE_ROLLBACK_COMPLETE", "stack"),
)


@pytest.mark.parametrize("end", [CLEANUP, BACK])
def test_the_config_is_the_one_the_release_made(end):
    """Neither the one it replaces nor the one it returns to; its alarms are those named after it, but for the abort."""
    found = trace(RELEASE, events(*FORWARD, *end))
    assert (found.began, found.config, found.alarms) == (True, "config-new", ("Config-New-latency",))


def test_a_release_that_failed_before_its_config_has_none():
    """What the rollback brings back is not taken for it."""
    early = ((STACK, "UPDATE_IN_PROGRESS", "stack"), ("AWS::SageMaker::Model", "CREATE_FAILED", ""), *BACK[1:])
    found = trace(RELEASE, events(*early))
    assert (found.began, found.config, found.alarms) == (True, None, ())
    assert found.failure == "AWS::SageMaker::Model CREATE_FAILED"


def test_a_release_without_events_has_not_begun():
    """Events of a deployment are not the release's."""
    assert trace(RELEASE, events(*FORWARD, token="cdk")).began is False


def test_what_was_made_afterwards_is_known_as_such():
    """A deployment that came right after the release has made a config of the release's parameters."""
    again = "arn:aws:sagemaker:eu-west-1:123456789012:endpoint-config/Config-Again"
    later = events((STACK, "UPDATE_IN_PROGRESS", "stack"), (CONFIG, "UPDATE_COMPLETE", again), token="cdk")
    found = trace(RELEASE, [*later, *events(*FORWARD, *CLEANUP)])
    assert (found.config, found.later) == ("config-new", frozenset({"config-again"}))


@pytest.mark.parametrize(
    ("described", "told", "expected"),
    [
        ("UPDATE_COMPLETE", FORWARD, "UPDATE_IN_PROGRESS"),
        ("UPDATE_IN_PROGRESS", (*FORWARD, *CLEANUP), "UPDATE_IN_PROGRESS"),
        ("UPDATE_COMPLETE", (*FORWARD, *CLEANUP), "UPDATE_COMPLETE"),
        ("UPDATE_COMPLETE", (), "UPDATE_COMPLETE"),
    ],
)
def test_a_stack_moves_if_one_of_two_answers_says_so(described, told, expected):
    """An update may have begun between the two questions: what moves has no outcome yet."""
    assert status(described, events(*told)) == expected


def test_the_endpoint_a_rollback_stumbled_over_may_be_left_out():
    """CloudFormation skips only what is in UPDATE_FAILED."""
    assert failed(iter(events(*FORWARD, BACK[0]))) == ("Endpoint",)
    assert failed(iter(events(*FORWARD, *CLEANUP))) == ()
