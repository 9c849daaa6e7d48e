import json

import pytest

from local.events.payload import payload

RULE = "arn:aws:events:eu-west-1:123456789012:rule/approved"
EVENT = {
    "id": "1",
    "time": "2026-03-01T12:00:00Z",
    "source": "aws.sagemaker",
    "detail-type": "Approved",
    "resources": ["arn:one", "arn:two"],
    "detail": {"name": 'say "hi"', "version": 7, "tags": {"a": [1, 2]}, "ok": True},
}


def sent(**target):
    """The text that a target gets."""
    return payload(target, EVENT, rule_arn=RULE)


def filled(template, **paths):
    """What an input transformer makes of the event."""
    return sent(InputTransformer={"InputTemplate": template, "InputPathsMap": paths})


def test_a_target_gets_the_event():
    """Unless it says otherwise."""
    assert json.loads(sent()) == EVENT


def test_a_constant_input_is_sent_as_it_is():
    """Spaces included."""
    assert sent(Input='{ "a": 1 }') == '{ "a": 1 }'


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("$", EVENT),
        ("$.detail.version", 7),
        ("$.detail-type", "Approved"),
        ("$.resources[1]", "arn:two"),
        ("$.detail.tags.a[0]", 1),
        ("$.detail.nothing", {}),
    ],
)
def test_a_path_sends_a_part(path, part):
    """As JSON."""
    assert json.loads(sent(InputPath=path)) == part


def test_outside_of_quotes_a_value_is_inserted_as_json():
    """Objects, numbers, booleans, and text with its own quotes."""
    template = '{"name": <name>, "version": <version>, "tags": <tags>, "ok": <ok>, "missing": <missing>}'
    paths = {name: f"$.detail.{name}" for name in ("name", "version", "tags", "ok", "missing")}
    assert json.loads(filled(template, **paths)) == {
        "name": 'say "hi"',
        "version": 7,
        "tags": {"a": [1, 2]},
        "ok": True,
        "missing": "",
    }


def test_inside_of_quotes_a_value_becomes_part_of_the_text():
    """Its quotes are escaped, so that the whole stays JSON."""
    told = filled(
        '"version <version> of <name>: <tags>"', version="$.detail.version", name="$.detail.name", tags="$.detail.tags"
    )
    assert json.loads(told) == 'version 7 of say "hi": {"a": [1, 2]}'


def test_the_rule_and_the_event_have_names_of_their_own():
    """Predefined variables need no path."""
    template = '{"rule": "<aws.events.rule-name>", "arn": <aws.events.rule-arn>, "event": <aws.events.event.json>}'
    assert json.loads(filled(template)) == {"rule": "approved", "arn": RULE, "event": EVENT}
    assert "detail" not in json.loads(filled("<aws.events.event>"))
