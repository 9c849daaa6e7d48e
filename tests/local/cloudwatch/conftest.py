"""CloudWatch alone, at noon, on a clock that the test steps."""

from datetime import UTC, datetime, timedelta

import pytest

from local.clock import Clock
from local.cloudwatch import CloudWatch

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LAG = timedelta(seconds=10)
ALARM = {
    "AlarmName": "errors",
    "AlarmDescription": "too many",
    "Namespace": "App",
    "MetricName": "errors",
    "Dimensions": [{"Name": "EndpointName", "Value": "e"}],
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "DatapointsToAlarm": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
}


@pytest.fixture
def cloud(small_cloud):
    """CloudWatch at noon, on a clock that the test steps."""
    return small_cloud(CloudWatch, clock=Clock(speed=0, start=NOON))


@pytest.fixture
def cloudwatch(cloud):
    """A client of it."""
    return cloud.client("cloudwatch")
