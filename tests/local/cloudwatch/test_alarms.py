import pytest
from botocore.exceptions import ClientError

from local.clock import Clock
from local.cloudwatch import CloudWatch
from tests.local.cloudwatch.conftest import NOON

ARN = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:errors"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:oncall"
ALARM = {
    "AlarmName": "errors",
    "AlarmDescription": "too many",
    "Namespace": "AWS/SageMaker",
    "MetricName": "Invocation5XXErrors",
    "Dimensions": [{"Name": "EndpointName", "Value": "e"}],
    "Statistic": "Average",
    "Unit": "None",
    "Period": 60,
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "Threshold": 0.05,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
    "AlarmActions": [TOPIC],
}
RATE = [
    {"Id": "rate", "Expression": "errors / FILL(calls, 1)", "Label": "rate"},
    *(
        {
            "Id": name,
            "MetricStat": {"Metric": {"Namespace": "n", "MetricName": name}, "Period": 60, "Stat": "Sum"},
            "ReturnData": False,
        }
        for name in ("errors", "calls")
    ),
]
MATH = {
    "AlarmName": "rate",
    "Metrics": RATE,
    "EvaluationPeriods": 1,
    "Threshold": 0.05,
    "ComparisonOperator": "GreaterThanThreshold",
}


@pytest.fixture
def cloudwatch(small_cloud):
    """A client of CloudWatch at noon."""
    return small_cloud(CloudWatch, clock=Clock(speed=0, start=NOON)).client("cloudwatch")


def described(cloudwatch, **asked):
    """The alarms that are found."""
    return cloudwatch.describe_alarms(**asked)["MetricAlarms"]


def names(cloudwatch, **asked):
    """Their names."""
    return [alarm["AlarmName"] for alarm in described(cloudwatch, **asked)]


def refusal(call, **params):
    """Code and message of a call that is refused."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def without(*members, **more):
    """The alarm without some members and with others."""
    return {**{name: value for name, value in ALARM.items() if name not in members}, **more}


def test_a_new_alarm_has_insufficient_data(cloudwatch):
    """And every member that it was given."""
    cloudwatch.put_metric_alarm(**ALARM, Tags=[{"Key": "a", "Value": "b"}])
    assert described(cloudwatch) == [
        {
            **ALARM,
            "AlarmArn": ARN,
            "ActionsEnabled": True,
            "OKActions": [],
            "InsufficientDataActions": [],
            "AlarmConfigurationUpdatedTimestamp": NOON,
            "StateValue": "INSUFFICIENT_DATA",
            "StateReason": "Unchecked: Initial alarm creation",
            "StateUpdatedTimestamp": NOON,
            "StateTransitionedTimestamp": NOON,
        }
    ]
    assert cloudwatch.list_tags_for_resource(ResourceARN=ARN)["Tags"] == [{"Key": "a", "Value": "b"}]


def test_an_alarm_on_metric_math_is_kept_whole(cloudwatch):
    """Expression, label and inputs."""
    cloudwatch.put_metric_alarm(**MATH)
    [alarm] = described(cloudwatch)
    assert {query["Id"]: query.get("Expression") for query in alarm["Metrics"]} == {
        "rate": "errors / FILL(calls, 1)",
        "errors": None,
        "calls": None,
    }
    assert alarm["Metrics"][1]["MetricStat"]["Stat"] == "Sum"


def test_a_percentile_is_kept(cloudwatch):
    """As an extended statistic."""
    cloudwatch.put_metric_alarm(**without("Statistic", ExtendedStatistic="p90"))
    assert described(cloudwatch)[0]["ExtendedStatistic"] == "p90"


def test_putting_an_alarm_again_replaces_its_settings(cloudwatch):
    """All of them: what is not given is gone; its tags stay."""
    cloudwatch.put_metric_alarm(**ALARM, Tags=[{"Key": "a", "Value": "b"}])
    cloudwatch.put_metric_alarm(**without("AlarmDescription", "AlarmActions", Threshold=0.5))
    [alarm] = described(cloudwatch)
    assert (alarm["Threshold"], alarm["AlarmActions"], "AlarmDescription" in alarm) == (0.5, [], False)
    assert cloudwatch.list_tags_for_resource(ResourceARN=ARN)["Tags"] == [{"Key": "a", "Value": "b"}]


def test_alarms_are_found_by_every_filter(cloudwatch):
    """And by all together."""
    for name, actions in (("a-one", [TOPIC]), ("a-two", []), ("b", [TOPIC])):
        cloudwatch.put_metric_alarm(**{**ALARM, "AlarmName": name, "AlarmActions": actions})
    assert names(cloudwatch) == ["a-one", "a-two", "b"]
    assert names(cloudwatch, AlarmNamePrefix="a-") == ["a-one", "a-two"]
    assert names(cloudwatch, AlarmNames=["b", "gone"]) == ["b"]
    assert names(cloudwatch, StateValue="ALARM") == []
    assert names(cloudwatch, AlarmTypes=["CompositeAlarm"]) == []
    assert names(cloudwatch, AlarmNamePrefix="a-", ActionPrefix=TOPIC, StateValue="INSUFFICIENT_DATA") == ["a-one"]
    assert (
        refusal(cloudwatch.describe_alarms, AlarmNames=["b"], AlarmNamePrefix="a")[0] == "InvalidParameterCombination"
    )


def test_alarms_are_listed_in_pages(cloudwatch):
    """In the order of their names; a token that none gave is refused."""
    for name in "cab":
        cloudwatch.put_metric_alarm(**{**ALARM, "AlarmName": name})
    pages = cloudwatch.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 2})
    assert [[alarm["AlarmName"] for alarm in page["MetricAlarms"]] for page in pages] == [["a", "b"], ["c"]]
    assert refusal(cloudwatch.describe_alarms, NextToken="x")[0] == "InvalidNextToken"


def test_alarms_are_found_by_their_metric(cloudwatch):
    """By exactly its dimensions, and by statistic and period when given."""
    cloudwatch.put_metric_alarm(**ALARM)
    cloudwatch.put_metric_alarm(**MATH)
    asked = {"Namespace": "AWS/SageMaker", "MetricName": "Invocation5XXErrors"}
    found = [
        len(cloudwatch.describe_alarms_for_metric(**asked, **more)["MetricAlarms"])
        for more in ({"Dimensions": ALARM["Dimensions"]}, {}, {"Dimensions": ALARM["Dimensions"], "Period": 300})
    ]
    assert found == [1, 0, 0]


def test_alarms_are_deleted_all_or_none(cloudwatch):
    """A wrong name deletes nothing."""
    cloudwatch.put_metric_alarm(**ALARM)
    assert refusal(cloudwatch.delete_alarms, AlarmNames=["errors", "gone"])[0] == "ResourceNotFound"
    assert names(cloudwatch) == ["errors"]
    cloudwatch.delete_alarms(AlarmNames=["errors"])
    assert names(cloudwatch) == []


def test_actions_can_be_switched_off_and_on(cloudwatch):
    """Names without an alarm are passed over."""
    cloudwatch.put_metric_alarm(**ALARM)
    cloudwatch.disable_alarm_actions(AlarmNames=["errors", "gone"])
    off = described(cloudwatch)[0]["ActionsEnabled"]
    cloudwatch.enable_alarm_actions(AlarmNames=["errors"])
    assert (off, described(cloudwatch)[0]["ActionsEnabled"]) == (False, True)


def test_tags_can_be_changed(cloudwatch):
    """Of alarms that exist."""
    cloudwatch.put_metric_alarm(**ALARM)
    cloudwatch.tag_resource(ResourceARN=ARN, Tags=[{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}])
    cloudwatch.untag_resource(ResourceARN=ARN, TagKeys=["a", "unknown"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=ARN)["Tags"] == [{"Key": "c", "Value": "d"}]
    assert refusal(cloudwatch.list_tags_for_resource, ResourceARN=f"{ARN}-2")[0] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("alarm", "told"),
    [
        (without("Threshold"), "Threshold is required"),
        (without("MetricName"), "MetricName is required"),
        (without("Statistic"), "Exactly one of Statistic and ExtendedStatistic"),
        (without(ExtendedStatistic="p90"), "Exactly one of Statistic and ExtendedStatistic"),
        (without("Statistic", ExtendedStatistic="median"), "median for ExtendedStatistic is not supported"),
        (without(Period=45), "Valid values for Period"),
        (without(DatapointsToAlarm=4), "DatapointsToAlarm 4 is greater than EvaluationPeriods 3"),
        (without(EvaluationPeriods=1441), "across more than a day"),
        (without(Period=3600, EvaluationPeriods=169), "across more than a week"),
        (without(TreatMissingData="good"), "TreatMissingData good"),
        (without(EvaluateLowSampleCountPercentile="never"), "Option never is not supported"),
        (without(AlarmActions=["oncall"]), "Invalid arn syntax: oncall"),
        ({**MATH, "Metrics": RATE[1:]}, "Exactly one element of the metrics list should return data"),
        ({**MATH, "Metrics": [RATE[0], RATE[1], RATE[1]]}, "must be unique"),
        ({**MATH, "Metrics": [{**RATE[0], "Id": "Rate"}]}, "Id Rate is not valid"),
        ({**MATH, "Metrics": [{"Id": "rate"}]}, "exactly one of MetricStat and Expression"),
        ({**MATH, "MetricName": "m"}, "mutually exclusive"),
    ],
)
def test_an_alarm_that_aws_refuses_is_refused(cloudwatch, alarm, told):
    """With CloudWatch's ValidationError; nothing is kept."""
    code, message = refusal(cloudwatch.put_metric_alarm, **alarm)
    assert (code, told in message) == ("ValidationError", True)
    assert names(cloudwatch) == []


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("put_metric_alarm", without("Threshold", ThresholdMetricId="t")),
        ("put_metric_alarm", without(ComparisonOperator="GreaterThanUpperThreshold")),
        ("put_composite_alarm", {"AlarmName": "c", "AlarmRule": "TRUE"}),
        ("describe_alarm_history", {"AlarmContributorId": "c"}),
        ("describe_alarms", {"ChildrenOfAlarmName": "c"}),
    ],
)
def test_what_is_not_there_is_refused_by_name(cloudwatch, operation, params):
    """Rather than kept without effect."""
    code, message = refusal(getattr(cloudwatch, operation), **params)
    assert (code, message.startswith("The local cloud does not support cloudwatch:")) == ("UnsupportedLocally", True)
