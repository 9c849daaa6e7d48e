import json
from datetime import timedelta

from tests.local.cloudwatch.alarms import history
from tests.local.cloudwatch.conftest import ALARM, LAG, MINUTE, NOON

INITIAL = "Unchecked: Initial alarm creation"


def put_alarm(cloudwatch, name="errors"):
    """Put the alarm under a name."""
    cloudwatch.put_metric_alarm(**{**ALARM, "AlarmName": name})


def test_the_history_outlives_the_alarm(cloud, cloudwatch):
    """All that happened to it, newest first, with what it was and became."""
    put_alarm(cloudwatch)
    cloud.services.clock.advance(MINUTE)
    cloudwatch.delete_alarms(AlarmNames=["errors"])
    assert history(cloudwatch, AlarmName="errors") == [
        ("ConfigurationUpdate", 'Alarm "errors" deleted'),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to OK"),
        ("ConfigurationUpdate", 'Alarm "errors" created'),
    ]
    [update] = cloudwatch.describe_alarm_history(HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    told = json.loads(update["HistoryData"])
    assert told["oldState"] == {"stateValue": "INSUFFICIENT_DATA", "stateReason": INITIAL}
    assert (told["newState"]["stateValue"], told["newState"]["stateReasonData"]["period"]) == ("OK", 60)
    created = json.loads(cloudwatch.describe_alarm_history()["AlarmHistoryItems"][-1]["HistoryData"])
    assert (created["type"], created["createdAlarm"]["alarmName"]) == ("Create", "errors")


def test_the_history_is_found_by_name_type_and_date_in_pages(cloud, cloudwatch):
    """Either end first; a range of dates includes both its ends."""
    for name in ("a", "b"):
        put_alarm(cloudwatch, name)
    cloud.services.clock.advance(MINUTE)
    oldest_first = cloudwatch.get_paginator("describe_alarm_history").paginate(
        ScanBy="TimestampAscending", PaginationConfig={"PageSize": 3}
    )
    pages = [[item["HistorySummary"][-8:] for item in page["AlarmHistoryItems"]] for page in oldest_first]
    assert [len(page) for page in pages] == [3, 1]
    assert history(cloudwatch, AlarmName="b", StartDate=NOON + LAG, EndDate=NOON + LAG) == [
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to OK")
    ]
    assert history(cloudwatch, AlarmName="c") == []
    assert history(cloudwatch, AlarmTypes=["CompositeAlarm"]) == []


def test_the_history_is_kept_for_thirty_days(cloud, cloudwatch):
    """What is older goes when something newer happens."""
    put_alarm(cloudwatch, "old")
    cloudwatch.delete_alarms(AlarmNames=["old"])
    cloud.services.clock.advance(timedelta(days=31))
    put_alarm(cloudwatch, "new")
    assert history(cloudwatch) == [("ConfigurationUpdate", 'Alarm "new" created')]
