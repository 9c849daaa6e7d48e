import json
from pathlib import Path

import pytest

from local.cloudwatch.alarm_checks import check_alarm
from local.cloudwatch.evaluation import Rule, evaluate
from tests.local.cloudwatch.conftest import NOON

TEMPLATES = Path(__file__).parents[2] / "golden" / "templates"


def plain(value):
    """The value with intrinsic functions replaced by a name."""
    if isinstance(value, dict):
        if any(name == "Ref" or name.startswith("Fn::") for name in value):
            return "made-later"
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def alarms():
    """Every alarm of every stage's templates, as PutMetricAlarm takes it."""
    for path in sorted(TEMPLATES.rglob("*.json")):
        for logical_id, resource in json.loads(path.read_text(encoding="utf-8")).get("Resources", {}).items():
            if resource["Type"] == "AWS::CloudWatch::Alarm":
                properties = plain(resource["Properties"])
                yield pytest.param({**properties, "AlarmActions": []}, id=f"{path.stem}-{logical_id}")


ALARMS = list(alarms())
OF_MONITORS = [alarm for alarm in ALARMS if "-monitoring-" in alarm.id]
OF_TRAFFIC = [alarm for alarm in ALARMS if alarm not in OF_MONITORS]


def state_without_data(alarm, *, state):
    """The state after `state` where no metric has a number."""
    check_alarm(alarm)
    rule = Rule.of(alarm)
    verdict = evaluate(rule, lambda _, window: [None] * window.count, now=NOON, state=state)
    return verdict.state if verdict else state


def test_the_templates_have_alarms():
    """Else the next tests would have nothing to say."""
    assert OF_MONITORS
    assert OF_TRAFFIC


@pytest.mark.parametrize("alarm", OF_TRAFFIC)
def test_every_alarm_of_the_templates_can_be_evaluated(alarm):
    """Its expressions too; none of them rings or waits for ever where there is no traffic."""
    assert state_without_data(alarm, state="INSUFFICIENT_DATA") == "OK"


@pytest.mark.parametrize("state", ["OK", "ALARM"])
@pytest.mark.parametrize("alarm", OF_MONITORS)
def test_what_monitors_found_stands_until_they_judge_again(alarm, state):
    """Only the alarm of silence rings where no run ended."""
    silence = alarm["AlarmName"].endswith("-not-judged")
    assert state_without_data(alarm, state=state) == ("ALARM" if silence else state)
