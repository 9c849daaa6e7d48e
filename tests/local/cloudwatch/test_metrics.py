import gc
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from local.cloudwatch.bucket import Bucket
from local.cloudwatch.metrics import Metric, Metrics
from tests.local.cloudwatch.conftest import MINUTE, NOON

DIMENSIONS = [{"Name": "EndpointName", "Value": "e"}, {"Name": "VariantName", "Value": "v"}]


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


def percentiles(cloudwatch, *names, **more):
    """Extended statistics of the last minute."""
    asked = {"Statistics": None, "ExtendedStatistics": list(names), **more}
    start, end = NOON - 5 * MINUTE, NOON + MINUTE
    request = {"Namespace": "App", "MetricName": "m", "StartTime": start, "EndTime": end, "Period": 60, **asked}
    found = cloudwatch.get_metric_statistics(**{name: value for name, value in request.items() if value is not None})
    return [point["ExtendedStatistics"] for point in found["Datapoints"]]


def test_percentiles_are_values_that_were_seen(cloudwatch):
    """The largest of those that are left when the highest are taken away ("CloudWatch statistics definitions")."""
    put(cloudwatch, *range(1, 11))
    [found] = percentiles(cloudwatch, "p0", "p50", "p90", "p90.1", "p99.9", "p100")
    assert found == {"p0": 1.0, "p50": 5.0, "p90": 9.0, "p90.1": 10.0, "p99.9": 10.0, "p100": 10.0}
    assert data(cloudwatch, "p90") == [(NOON, 9.0)]


@pytest.mark.parametrize(
    ("datum", "expected"),
    [
        ({"StatisticValues": {"SampleCount": 2.0, "Sum": 3.0, "Minimum": 1.0, "Maximum": 2.0}}, []),
        ({"StatisticValues": {"SampleCount": 3.0, "Sum": 6.0, "Minimum": 2.0, "Maximum": 2.0}}, [{"p90": 2.0}]),
        ({"StatisticValues": {"SampleCount": 1.0, "Sum": 7.0, "Minimum": 7.0, "Maximum": 7.0}}, [{"p90": 7.0}]),
        ({"Values": [1.0, 2.0], "Counts": [1.0, 9.0]}, [{"p90": 2.0}]),
        ({"Values": [-1.0, 2.0]}, []),
    ],
)
def test_percentiles_need_single_values(cloudwatch, datum, expected):
    """Statistic sets of one value are known to be it; others, and values below zero, have no percentiles."""
    cloudwatch.put_metric_data(Namespace="App", MetricData=[{"MetricName": "m", "Timestamp": NOON, **datum}])
    assert percentiles(cloudwatch, "p90") == expected
    assert data(cloudwatch, "p90") == [(NOON, point["p90"]) for point in expected]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.floats(0, 100))
def test_a_percentile_has_its_share_at_or_below_it(values, rank):
    """And no smaller value has."""
    bucket = Bucket()
    for value in values:
        bucket.add(value, 1)
    found, needed = bucket.statistic(f"p{rank:.3f}"), float(f"{rank:.3f}") / 100 * len(values)
    below = [value for value in values if value < found]
    assert found in values
    assert len(below) + values.count(found) >= needed - 1e-6
    assert len(below) < needed or not below


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20), st.lists(st.floats(0, 1e6), max_size=5))
def test_a_packed_bucket_is_the_same(values, later):
    """Its statistics, and what it becomes when more values come."""
    packed, loose = Bucket(), Bucket()
    for bucket in (packed, loose):
        for value in values:
            bucket.add(value, 1)
    packed.pack()
    names = ("Sum", "Average", "Maximum", "p0", "p37.5", "p99")
    before = [[bucket.statistic(name) for name in names] for bucket in (packed, loose)]
    for bucket in (packed, loose):
        for value in later:
            bucket.add(value, 2)
    assert before[0] == before[1]
    assert [packed.statistic(name) for name in names] == [loose.statistic(name) for name in names]
    assert packed.values == loose.values


def query(query_id, name="m", *, stat="Sum", **more):
    """A query of a metric, not returned."""
    metric = {"Namespace": "App", "MetricName": name}
    return {"Id": query_id, "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}, "ReturnData": False, **more}


def results(cloudwatch, *queries):
    """Label, minutes before noon and values of each result."""
    asked = {"StartTime": NOON - 3 * MINUTE, "EndTime": NOON + MINUTE, "ScanBy": "TimestampAscending"}
    found = cloudwatch.get_metric_data(MetricDataQueries=list(queries), **asked)["MetricDataResults"]
    return [(each["Label"], [(NOON - at) // MINUTE for at in each["Timestamps"]], each["Values"]) for each in found]


def test_metric_math_computes_over_the_metrics_of_the_request(cloudwatch):
    """Whatever the order of the queries; only what is asked for is returned."""
    put(cloudwatch, 1, 1, name="errors", at=NOON - MINUTE)
    put(cloudwatch, *[1] * 8, name="calls", at=NOON - MINUTE)
    put(cloudwatch, 1, 1, name="calls", at=NOON - 3 * MINUTE)
    percent = {"Id": "percent", "Expression": "100 * rate", "Label": "errors in a hundred"}
    rate = {"Id": "rate", "Expression": "errors / calls"}
    assert results(cloudwatch, percent, query("errors", "errors"), rate, query("calls", "calls")) == [
        ("errors in a hundred", [3, 1], [0.0, 25.0]),
        ("rate", [3, 1], [0.0, 0.25]),
    ]


def test_an_expression_may_give_several_series(cloudwatch):
    """One result for each, labelled after its metric."""
    put(cloudwatch, 1)
    put(cloudwatch, 2, name="n")
    filled = {"Id": "e", "Expression": "FILL(METRICS(), 0)", "Label": "filled"}
    assert results(cloudwatch, query("m1"), query("m2", "n", Label="second"), filled) == [
        ("filled m", [3, 2, 1, 0], [0.0, 0.0, 0.0, 1.0]),
        ("filled second", [3, 2, 1, 0], [0.0, 0.0, 0.0, 2.0]),
    ]


@pytest.mark.parametrize(
    ("queries", "code", "told"),
    [
        ([{"Id": "e", "Expression": "a/b"}], "ValidationError", "unknown identifier a"),
        ([query("m1"), {"Id": "e", "Expression": "SUM(m1)"}], "ValidationError", "is a number and not a time series"),
        ([{"Id": "a", "Expression": "b"}, {"Id": "b", "Expression": "a"}], "ValidationError", "in a circle"),
        ([query("m1"), query("m1")], "ValidationError", "not unique"),
        ([{"Id": "m1"}], "ValidationError", "Either MetricStat or Expression"),
        ([query("m1", stat="median")], "ValidationError", "median"),
        ([query("m1"), {"Id": "e", "Expression": "STDDEV(m1)"}], "UnsupportedLocally", "STDDEV"),
    ],
)
def test_queries_that_mean_nothing_are_refused(cloudwatch, queries, code, told):
    """With the Id of the one that is wrong, or the name of what only AWS does."""
    asked = {"MetricDataQueries": queries, "StartTime": NOON - MINUTE, "EndTime": NOON}
    found = refusal(cloudwatch.get_metric_data, **asked)
    assert (found[0], told in found[1]) == (code, True)


def test_math_over_several_periods_is_refused_by_name(cloudwatch):
    """Rather than answered for one of them."""
    slow = {**query("m2"), "MetricStat": {**query("m2")["MetricStat"], "Period": 300}}
    asked = {"StartTime": NOON - MINUTE, "EndTime": NOON}
    queries = [query("m1"), slow, {"Id": "e", "Expression": "m1 + m2"}]
    assert refusal(cloudwatch.get_metric_data, MetricDataQueries=queries, **asked)[0] == "UnsupportedLocally"


def test_seconds_of_high_resolution_become_minutes_after_three_hours(cloud, cloudwatch):
    """They count in minutes from the beginning, and once."""
    for second in (1, 2, 31):
        datum = {"MetricName": "m", "Value": 1.0, "Timestamp": NOON + timedelta(seconds=second), "StorageResolution": 1}
        cloudwatch.put_metric_data(Namespace="App", MetricData=[datum])

    def sums(period):
        return [point["Sum"] for point in statistics(cloudwatch, "Sum", minutes=1, period=period)]

    young = sums(1), sums(10), sums(60)
    cloud.services.clock.advance(timedelta(hours=4))
    put(cloudwatch, 1, name="other", at=NOON + timedelta(hours=4))
    assert young == ([1.0, 1.0, 1.0], [2.0, 1.0], [3.0])
    assert (sums(1), sums(60)) == ([3.0], [3.0])


def test_idle_metrics_are_forgotten():
    """A metric without a value for fifteen days is no longer listed when others go on."""
    metrics, idle, busy = Metrics(), Metric("n", "idle", frozenset()), Metric("n", "busy", frozenset())
    metrics.put(idle, {"Value": 1.0, "StorageResolution": 1}, at=NOON)
    for day in range(17):
        metrics.put(busy, {"Value": 1.0}, at=NOON + timedelta(days=day))
    assert metrics.listed() == [busy]
