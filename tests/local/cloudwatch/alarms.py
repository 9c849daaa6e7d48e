"""Requests that the tests of alarms have in common."""

from tests.local.cloudwatch.conftest import ALARM


def put_alarm(cloudwatch, **changes):
    """Put the alarm with changes; a member that is None is left out."""
    settings = {**ALARM, **changes}
    cloudwatch.put_metric_alarm(**{name: value for name, value in settings.items() if value is not None})


def put(cloudwatch, value, *, at, **more):
    """Put one value of the metric that the alarm watches."""
    datum = {"MetricName": "errors", "Dimensions": ALARM["Dimensions"], "Value": value, "Timestamp": at, **more}
    cloudwatch.put_metric_data(Namespace="App", MetricData=[datum])


def alarm(cloudwatch, name="errors"):
    """The alarm as it is described."""
    [found] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found


def history(cloudwatch, **asked):
    """Kinds and summaries, newest first."""
    found = cloudwatch.describe_alarm_history(**asked)["AlarmHistoryItems"]
    return [(item["HistoryItemType"], item["HistorySummary"]) for item in found]
