import json

import pytest

from local.permission import allows

RULE = "arn:aws:events:eu-west-1:123456789012:rule/r"
STATEMENT = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}


def allowed(*statements):
    """Whether a policy of these statements lets the rule send a message."""
    policy = json.dumps({"Statement": list(statements)})
    return allows(policy, "events.amazonaws.com", action="sqs:SendMessage", source_arn=RULE)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"Principal": "*"},
        {"Principal": {"AWS": "*"}},
        {"Principal": {"Service": ["s3.amazonaws.com", "events.amazonaws.com"]}},
        {"Action": ["sqs:GetQueueUrl", "SQS:Send*"]},
        {"Condition": {"ArnEquals": {"aws:SourceArn": RULE}}},
        {"Condition": {"ArnLike": {"AWS:SourceArn": ["arn:aws:events:*:*:rule/x", "arn:aws:events:*:*:rule/*"]}}},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}, "Bool": {"aws:SecureTransport": True}}},
    ],
)
def test_a_statement_that_grants(change):
    """To EventBridge, for the action and the rule."""
    assert allowed(STATEMENT | change)


@pytest.mark.parametrize(
    "change",
    [
        {"Principal": {"Service": "s3.amazonaws.com"}},
        {"Principal": {"AWS": "123456789012"}},
        {"Action": "sqs:ReceiveMessage"},
        {"Effect": "Deny"},
        {"Condition": {"ArnEquals": {"aws:SourceArn": f"{RULE}2"}}},
        {"Condition": {"StringEquals": {"aws:SourceArn": "arn:aws:events:*:*:rule/*"}}},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "210987654321"}}},
        {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
        {"Condition": {"IpAddress": {"aws:SourceArn": RULE}}},
    ],
)
def test_a_statement_that_does_not_grant(change):
    """Another principal, action, effect, or a condition that does not hold."""
    assert not allowed(STATEMENT | change)


def test_a_denial_wins():
    """Whatever else is allowed."""
    assert not allowed(STATEMENT, STATEMENT | {"Effect": "Deny"})


def test_a_denial_of_plain_http_does_not_concern_eventbridge():
    """It comes over TLS."""
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    assert allowed(STATEMENT, deny)
