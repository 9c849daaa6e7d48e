import gc
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from local.clock import Clock
from local.cloudwatch import CloudWatch
from local.cloudwatch.bucket import Bucket
from local.cloudwatch.metrics import Metric, Metrics

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DIMENSIONS = [{"Name": "EndpointName", "Value": "e"}, {"Name": "VariantName", "Value": "v"}]


@pytest.fixture
def cloud(small_cloud):
    """CloudWatch at noon."""
    return small_cloud(CloudWatch, clock=Clock(speed=0, start=NOON))


@pytest.fixture
def cloudwatch(cloud):
    """A client of it."""
    return cloud.client("cloudwatch")


def put(cloudwatch, *values, name="m", at=NOON, unit="Count", dimensions=()):
    """Put values one by one."""
    data = [
        {"MetricName": name, "Value": value, "Timestamp": at, "Unit": unit, "Dimensions": list(dimensions)}
        for value in values
    ]
    cloudwatch.put_metric_data(Namespace="App", MetricData=data)


def statistics(cloudwatch, *names, name="m", minutes=60, period=60, **more):
    """Data points of the past minutes, by time."""
    asked = {"Namespace": "App", "MetricName": name, "StartTime": NOON - minutes * MINUTE, "EndTime": NOON + MINUTE}
    found = cloudwatch.get_metric_statistics(**{**asked, "Period": period, "Statistics": list(names), **more})
    return sorted(found["Datapoints"], key=lambda point: point["Timestamp"])


def data(cloudwatch, stat="Sum", *, period=60, dimensions=(), **more):
    """Timestamps and values of one query."""
    metric = {"Namespace": "App", "MetricName": "m", "Dimensions": list(dimensions)}
    query = {"Id": "q", "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}}
    asked = {"MetricDataQueries": [query], "StartTime": NOON - 60 * MINUTE, "EndTime": NOON + MINUTE}
    [result] = cloudwatch.get_metric_data(**{**asked, **more})["MetricDataResults"]
    return list(zip(result["Timestamps"], result["Values"], strict=True))


def refusal(call, **params):
    """Code and message of a call that is refused."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_the_statistics_of_a_minute_add_up(cloudwatch):
    """All five, with the unit."""
    put(cloudwatch, 1, 2, 6)
    names = ("SampleCount", "Sum", "Average", "Minimum", "Maximum")
    [point] = statistics(cloudwatch, *names)
    assert {name: point[name] for name in names} == {
        "SampleCount": 3.0,
        "Sum": 9.0,
        "Average": 3.0,
        "Minimum": 1.0,
        "Maximum": 6.0,
    }
    assert (point["Timestamp"], point["Unit"]) == (NOON, "Count")


def test_values_with_counts_and_statistic_sets_count_as_often_as_they_say(cloudwatch):
    """A datum may carry many values."""
    many = {"MetricName": "m", "Values": [1.0, 10.0], "Counts": [3.0, 1.0]}
    sets = {"SampleCount": 2.0, "Sum": 40.0, "Minimum": 15.0, "Maximum": 25.0}
    cloudwatch.put_metric_data(Namespace="App", MetricData=[many, {"MetricName": "m", "StatisticValues": sets}])
    [point] = statistics(cloudwatch, "SampleCount", "Sum", "Minimum", "Maximum")
    assert [point[name] for name in ("SampleCount", "Sum", "Minimum", "Maximum")] == [6.0, 53.0, 1.0, 25.0]


def test_periods_are_aligned(cloudwatch):
    """A five-minute period begins at a multiple of five minutes, whenever the question begins."""
    for minute in range(10):
        put(cloudwatch, 1, at=NOON - minute * MINUTE)
    points = statistics(cloudwatch, "Sum", minutes=8, period=300)
    assert [(point["Timestamp"], point["Sum"]) for point in points] == [
        (NOON - 10 * MINUTE, 4.0),
        (NOON - 5 * MINUTE, 5.0),
        (NOON, 1.0),
    ]


def test_a_metric_is_exactly_its_dimensions(cloudwatch):
    """Not those that have them among others; their order does not matter."""
    put(cloudwatch, 1, dimensions=DIMENSIONS)
    put(cloudwatch, 10, dimensions=DIMENSIONS[:1])
    put(cloudwatch, 100)
    sums = [
        statistics(cloudwatch, "Sum", Dimensions=asked)[0]["Sum"] for asked in (DIMENSIONS[::-1], DIMENSIONS[:1], [])
    ]
    assert sums == [1.0, 10.0, 100.0]
    assert data(cloudwatch, dimensions=DIMENSIONS) == [(NOON, 1.0)]


def test_units_are_kept_apart_in_statistics_and_joined_in_data(cloudwatch):
    """Unless one is asked for."""
    put(cloudwatch, 1, unit="Seconds")
    put(cloudwatch, 2, unit="Count")
    found = {point["Unit"]: point["Sum"] for point in statistics(cloudwatch, "Sum")}
    assert found == {"Seconds": 1.0, "Count": 2.0}
    assert [point["Sum"] for point in statistics(cloudwatch, "Sum", Unit="Seconds")] == [1.0]
    assert data(cloudwatch) == [(NOON, 3.0)]


def test_data_come_newest_first_unless_asked_otherwise(cloudwatch):
    """As in AWS."""
    put(cloudwatch, 1, at=NOON - MINUTE)
    put(cloudwatch, 2)
    newest_first = [(NOON, 2.0), (NOON - MINUTE, 1.0)]
    assert data(cloudwatch) == newest_first
    assert data(cloudwatch, ScanBy="TimestampAscending") == newest_first[::-1]


def test_the_start_counts_and_the_end_does_not(cloudwatch):
    """A question ends before its last instant."""
    put(cloudwatch, 1, at=NOON - MINUTE)
    put(cloudwatch, 2)
    points = statistics(cloudwatch, "Sum", StartTime=NOON - MINUTE, EndTime=NOON)
    assert [point["Sum"] for point in points] == [1.0]


def test_metrics_are_listed_once(cloudwatch, cloud):
    """By namespace, name and some of their dimensions; old ones are left out when asked."""
    put(cloudwatch, 1, 2, 3, dimensions=DIMENSIONS)
    put(cloudwatch, 1, name="other")
    both = {"Namespace": "App", "MetricName": "m", "Dimensions": DIMENSIONS}
    assert cloudwatch.list_metrics(Dimensions=[{"Name": "VariantName"}])["Metrics"] == [both]
    assert cloudwatch.list_metrics(Dimensions=[{"Name": "VariantName", "Value": "no"}])["Metrics"] == []
    assert len(cloudwatch.list_metrics(Namespace="App")["Metrics"]) == 2
    assert cloudwatch.list_metrics(Namespace="Other")["Metrics"] == []
    cloud.services.clock.advance(timedelta(hours=4))
    assert cloudwatch.list_metrics(RecentlyActive="PT3H")["Metrics"] == []


def test_customers_may_not_write_awss_namespaces(cloudwatch, cloud):
    """The cloud's own services may."""
    datum = {"MetricName": "Invocations", "Value": 1.0}
    told = ("InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid.")
    assert refusal(cloudwatch.put_metric_data, Namespace="AWS/SageMaker", MetricData=[datum]) == told
    cloud.parts[0].record("AWS/SageMaker", [datum])
    assert [metric["Namespace"] for metric in cloudwatch.list_metrics()["Metrics"]] == ["AWS/SageMaker"]


@pytest.mark.parametrize(
    ("datum", "code"),
    [
        ({}, "MissingParameter"),
        ({"Value": 1.0, "Values": [1.0]}, "InvalidParameterCombination"),
        ({"Values": [1.0], "Counts": [1.0, 2.0]}, "InvalidParameterValue"),
        ({"Value": float("nan")}, "InvalidParameterValue"),
        ({"Value": 1e200}, "InvalidParameterValue"),
        ({"Value": 1.0, "Timestamp": NOON - timedelta(days=15)}, "InvalidParameterValue"),
        ({"Value": 1.0, "Timestamp": NOON + timedelta(hours=3)}, "InvalidParameterValue"),
        ({"Value": 1.0, "Unit": "Apples"}, "ValidationError"),
    ],
)
def test_a_datum_that_aws_refuses_is_refused(cloudwatch, datum, code):
    """And none beside it is kept."""
    good = {"MetricName": "m", "Value": 1.0}
    request = {"Namespace": "App", "MetricData": [good, {"MetricName": "m", **datum}]}
    assert refusal(cloudwatch.put_metric_data, **request)[0] == code
    assert cloudwatch.list_metrics()["Metrics"] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Statistics": []}, "InvalidParameterCombination"),
        ({"ExtendedStatistics": ["p90"]}, "InvalidParameterCombination"),
        ({"Statistics": [], "ExtendedStatistics": ["tm90"]}, "UnsupportedLocally"),
        ({"Statistics": [], "ExtendedStatistics": ["p101"]}, "InvalidParameterValue"),
        ({"Period": 61}, "InvalidParameterValue"),
        ({"StartTime": NOON + MINUTE}, "InvalidParameterCombination"),
        ({"StartTime": NOON - timedelta(days=2)}, "InvalidParameterCombination"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(cloudwatch, change, code):
    """By name where only the local cloud cannot."""
    asked = {"Namespace": "n", "MetricName": "m", "StartTime": NOON - MINUTE, "EndTime": NOON, "Period": 60}
    request = {**asked, "Statistics": ["Sum"], **change}
    request = {name: value for name, value in request.items() if value != []}
    assert refusal(cloudwatch.get_metric_statistics, **request)[0] == code


@pytest.mark.parametrize("change", [{"stat": "TM(10%:90%)"}, {"MaxDatapoints": 1}])
def test_data_that_cannot_be_given_are_refused_by_name(cloudwatch, change):
    """Never given wrong."""
    put(cloudwatch, 1)
    put(cloudwatch, 1, at=NOON - MINUTE)
    assert refusal(data, cloudwatch=cloudwatch, **change)[0] == "UnsupportedLocally"


def test_memory_is_bounded_however_many_values_arrive():
    """A hundred thousand different values in one minute are kept as some thousands, and sum up exactly."""
    metrics, metric = Metrics(), Metric("n", "m", frozenset())
    for number in range(100_000):
        metrics.put(metric, {"Value": float(number)}, at=NOON)
    [point] = metrics.datapoints(metric, start=NOON, end=NOON + MINUTE, period_seconds=60)
    assert (point.bucket.count, point.bucket.total) == (100_000, 100_000 * 99_999 / 2)
    assert len(point.bucket.values) < 5_000


def test_minutes_are_forgotten_after_fifteen_days():
    """Two months of minutes leave fifteen days' worth."""
    metrics, metric = Metrics(), Metric("n", "m", frozenset())
    for hour in range(60 * 24):
        metrics.put(metric, {"Value": 1.0}, at=NOON + timedelta(hours=hour))
    gc.collect()
    end = NOON + timedelta(days=60)
    found = metrics.datapoints(metric, start=NOON, end=end, period_seconds=3600)
    assert len(found) <= 15 * 24 + 1
    assert found[-1].start == end - timedelta(hours=1)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=50), st.integers(0, 50))
def test_buckets_absorb_each_other_without_loss(values, cut):
    """Two halves make the whole."""
    whole, left, right = Bucket(), Bucket(), Bucket()
    for number, value in enumerate(values):
        whole.add(value, 1)
        (left if number < cut else right).add(value, 1)
    left.absorb(right)
    assert (left.count, left.minimum, left.maximum, left.values) == (
        whole.count,
        whole.minimum,
        whole.maximum,
        whole.values,
    )
    assert left.total == pytest.approx(whole.total)
