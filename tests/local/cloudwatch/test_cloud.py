import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from werkzeug.test import Client

from local.clock import Clock
from local.cloud import LocalCloud
from local.model import service
from tests.local.cloudwatch.conftest import NOON

SIGNED = "AWS4-HMAC-SHA256 Credential=AKID/20260301/eu-west-1/monitoring/aws4_request, SignedHeaders=host, Signature=0"
ALARM = {
    "AlarmName": "rate",
    "Metrics": [
        {"Id": "rate", "Expression": "IF(calls >= 2, errors / calls, 0)", "Label": "rate of errors"},
        *(
            {
                "Id": name,
                "MetricStat": {"Metric": {"Namespace": "App", "MetricName": name}, "Period": 60, "Stat": "Sum"},
                "ReturnData": False,
            }
            for name in ("errors", "calls")
        ),
    ],
    "EvaluationPeriods": 1,
    "Threshold": 0.5,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
}


@pytest.fixture(scope="module")
def cloud():
    """A whole local cloud at noon, on a clock that the tests step."""
    with LocalCloud(region="eu-west-1", clock=Clock(speed=0, start=NOON)) as cloud:
        yield cloud


def put(cloudwatch, at, **values):
    """Put one value of each metric."""
    data = [{"MetricName": name, "Value": value, "Timestamp": at} for name, value in values.items()]
    cloudwatch.put_metric_data(Namespace="App", MetricData=data)


def test_a_rule_hears_of_a_change_of_state(cloud):
    """From a metric to an alarm to a rule to a queue, as on AWS."""
    cloudwatch, sqs, events = (cloud.session().client(name) for name in ("cloudwatch", "sqs", "events"))
    queue = "arn:aws:sqs:eu-west-1:123456789012:changes"
    allowed = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**allowed, "Resource": queue}]})
    url = sqs.create_queue(QueueName="changes", Attributes={"Policy": policy})["QueueUrl"]
    pattern = {"source": ["aws.cloudwatch"], "detail": {"alarmName": ["rate"], "state": {"value": ["ALARM"]}}}
    events.put_rule(Name="rings", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="rings", Targets=[{"Id": "queue", "Arn": queue}])
    put(cloudwatch, cloud.services.clock.now(), errors=1.0, calls=2.0)
    cloud.services.clock.advance(timedelta(minutes=1))
    cloudwatch.put_metric_alarm(**ALARM)
    cloud.services.clock.advance(timedelta(minutes=1))
    [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"]
    event = json.loads(message["Body"])
    assert (event["detail-type"], event["resources"], event["detail"]["previousState"]["value"]) == (
        "CloudWatch Alarm State Change",
        ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:rate"],
        "INSUFFICIENT_DATA",
    )
    assert [metric["id"] for metric in event["detail"]["configuration"]["metrics"]] == ["rate", "errors", "calls"]


def call(cloud, protocol, operation, **params):
    """Call an operation as a client of this protocol does."""
    model = service("cloudwatch").operation_model(operation)
    made = create_serializer(protocol).serialize_to_request(params, model)
    body = urlencode(made["body"]) if isinstance(made["body"], dict) else made["body"]
    headers = {"Content-Type": "application/x-www-form-urlencoded", **made["headers"], "Authorization": SIGNED}
    answer = Client(cloud.app).post(made["url_path"], data=body, headers=headers)
    read = {"status_code": answer.status_code, "headers": dict(answer.headers), "body": answer.data}
    return create_parser(protocol).parse(read, model.output_shape)


@pytest.mark.parametrize("protocol", ["smithy-rpc-v2-cbor", "json", "query"])
def test_each_protocol_gives_the_same_history_and_math(cloud, protocol):
    """Whatever a client speaks: an alarm, its state, its history, an expression, a percentile."""
    name, at = f"by {protocol}", cloud.services.clock.now()
    call(cloud, protocol, "PutMetricAlarm", **{**ALARM, "AlarmName": name})
    call(cloud, protocol, "SetAlarmState", AlarmName=name, StateValue="ALARM", StateReason="a drill")
    found = call(cloud, protocol, "DescribeAlarmHistory", AlarmName=name, HistoryItemType="StateUpdate", StartDate=at)
    [item] = found["AlarmHistoryItems"]
    assert (item["HistorySummary"], item["Timestamp"]) == ("Alarm updated from INSUFFICIENT_DATA to ALARM", at)
    assert json.loads(item["HistoryData"])["newState"] == {"stateValue": "ALARM", "stateReason": "a drill"}
    put(cloud.session().client("cloudwatch"), at, errors=3.0, calls=4.0)
    span = {"StartTime": at, "EndTime": at + timedelta(minutes=1)}
    [result] = call(cloud, protocol, "GetMetricData", MetricDataQueries=ALARM["Metrics"], **span)["MetricDataResults"]
    assert (result["Label"], result["Values"]) == ("rate of errors", [0.75])
    asked = {"Namespace": "App", "MetricName": "calls", "Period": 60, "ExtendedStatistics": ["p99.9"], **span}
    [point] = call(cloud, protocol, "GetMetricStatistics", **asked)["Datapoints"]
    assert point["ExtendedStatistics"] == {"p99.9": 4.0}
    # The others count from here on.
    cloud.services.clock.advance(timedelta(minutes=1))
