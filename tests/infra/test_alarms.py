import pytest

from local.cloudwatch.expressions import Scope, Series, parse, value_of
from local.cloudwatch.metrics import Window
from tests.infra.templates import only, resources

CONFIG = {"Fn::GetAtt": ["CreditRiskProdConfig", "EndpointConfigName"]}


def alarms(synthesized):
    """The alarms of the serving stack by logical id."""
    found = resources(synthesized.template("serving"), "AWS::CloudWatch::Alarm")
    return {name: resource["Properties"] for name, resource in found}


def dimensions(stat):
    """The dimensions of a metric as a table."""
    return {dimension["Name"]: dimension["Value"] for dimension in stat["MetricStat"]["Metric"]["Dimensions"]}


@pytest.mark.parametrize(
    ("name", "suffix", "expression", "threshold"),
    [
        ("ServerErrors", "-server-errors", "IF(requests >= 20 AND errors >= 2, errors / requests, 0)", 0.0075),
        ("ModelErrors", "-model-errors", "IF(requests >= 20 AND errors >= 2, errors / requests, 0)", 0.02),
        ("Latency", "-latency", "IF(requests >= 20, p90, 0)", 500_000),
    ],
)
def test_a_fleet_is_judged_by_alarms_of_its_own(prod, name, suffix, expression, threshold):
    """An alarm bears its config's name, sees its fleet only, and a floor of traffic keeps it silent at night."""
    alarm = alarms(prod)[name]
    first, _, judged = alarm["Metrics"]

    assert alarm["AlarmName"] == {"Fn::Join": ["", [CONFIG, suffix]]}
    assert dimensions(first) == {
        "EndpointName": "credit-risk-prod",
        "VariantName": "AllTraffic",
        "EndpointConfigName": CONFIG,
    }
    assert (judged["Expression"], alarm["Threshold"]) == (expression, threshold)
    assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (3, 2)


def test_exactly_one_query_of_an_alarm_is_judged(every):
    """CloudWatch wants one query of metric math to return data."""
    for alarm in alarms(every).values():
        returned = [query for query in alarm.get("Metrics", []) if query.get("ReturnData", True)]
        assert len(returned) == ("Metrics" in alarm)


def test_silence_is_no_alarm(every):
    """Without traffic there is no data, and no data breaks no threshold."""
    assert {alarm["TreatMissingData"] for alarm in alarms(every).values()} == {"notBreaching"}


def test_a_deployment_can_be_aborted(prod):
    """One datum on our own metric for the new config rings the alarm that SageMaker watches."""
    alarm = alarms(prod)["Abort"]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("Sluice/Release", "Abort")
    assert alarm["Dimensions"] == [{"Name": "EndpointConfigName", "Value": CONFIG}]
    assert (alarm["Threshold"], alarm["EvaluationPeriods"], alarm["Period"]) == (1, 1, 60)


def test_the_backstop_stops_no_release(every):
    """The alarm on the whole endpoint tells people and is in no rollback: the release may be the cure."""
    endpoint = only(every.template("serving"), "AWS::SageMaker::Endpoint")
    backstop = alarms(every)["Backstop"]

    assert "Backstop" not in str(endpoint["DeploymentConfig"])
    assert backstop["AlarmName"] == f"credit-risk-{every.stage.name}-backstop"
    assert [dimensions(query) for query in backstop["Metrics"][:-1]] == [
        {"EndpointName": f"credit-risk-{every.stage.name}", "VariantName": "AllTraffic"}
    ] * 3


def test_the_backstop_is_looser_than_a_fleets_alarms(prod):
    """It rings at twice the error rates at which a release is undone: 1.5 % of 5xx answers, or 4 % of model errors."""
    backstop = alarms(prod)["Backstop"]
    server, model, requests, judged = backstop["Metrics"]

    enough = "requests >= 20 AND MAX([server, model]) >= 2"
    assert judged["Expression"] == f"IF({enough}, MAX([server / 0.015, model / 0.04]) / requests, 0)"
    assert (backstop["Threshold"], backstop["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")
    assert [(q["MetricStat"]["Metric"]["MetricName"], q["MetricStat"]["Stat"]) for q in (server, model, requests)] == [
        ("Invocation5XXErrors", "Sum"),
        ("InvocationModelErrors", "Sum"),
        ("Invocations", "Sum"),
    ]


def test_errors_are_counted_and_latency_is_a_percentile(every):
    """Rates are sums over sums and latency is the 90th percentile, each minute by minute."""
    for name, stat in (("ServerErrors", "Sum"), ("ModelErrors", "Sum"), ("Latency", "p90")):
        judged, requests, _ = alarms(every)[name]["Metrics"]
        assert (judged["MetricStat"]["Stat"], requests["MetricStat"]["Stat"]) == (stat, "Sum")
        assert (judged["MetricStat"]["Period"], requests["MetricStat"]["Period"]) == (60, 60)


def test_a_bake_outlasts_its_alarms(every):
    """Each bake of a guarded deployment lasts the minutes that its alarms need, and three for metrics to arrive."""
    endpoint = only(every.template("serving"), "AWS::SageMaker::Endpoint")
    policy = endpoint["DeploymentConfig"]["Fn::If"][1]["BlueGreenUpdatePolicy"]
    routing = policy["TrafficRoutingConfiguration"]
    bakes = [policy["TerminationWaitInSeconds"]]
    if routing["Type"] != "ALL_AT_ONCE":
        bakes.append(routing["WaitIntervalInSeconds"])
    needed = {alarm["DatapointsToAlarm"] for alarm in alarms(every).values()}

    assert min(bakes) >= 60 * max(needed) + 180


def test_every_alarm_tells_people(every):
    """Alarms act on the stage's topic, by its name."""
    topic = f"arn:aws:sns:{every.stage.region}:{every.stage.account}:sluice-{every.stage.name}-notify"

    assert {tuple(alarm["AlarmActions"]) for alarm in alarms(every).values()} == {(topic,)}


def judged(alarm, **minutes):
    """Which minutes break an alarm's threshold, by CloudWatch's math over metrics of one value a minute."""
    expression = parse(alarm["Metrics"][-1]["Expression"])
    series = {name: Series(values, name) for name, values in minutes.items()}
    window = Window(0, 60, len(next(iter(minutes.values()))))
    points = value_of(expression, Scope(window, series, {})).points
    return [None if point is None else point >= alarm["Threshold"] for point in points]


def test_a_fleet_is_judged_by_minutes_with_traffic(prod):
    """Twenty requests and two errors make a minute that counts; with fewer it is good, without any there is no data."""
    requests, errors = [20, 20, 19, 2000, 2000, None], [2, 1, 19, 39, 40, None]

    minutes = judged(alarms(prod)["ModelErrors"], requests=requests, errors=errors)
    assert minutes == [True, False, False, False, True, None]
    p90 = [500_000, 499_999, 60_000_000, 499_999, 500_001, None]
    assert judged(alarms(prod)["Latency"], requests=requests, p90=p90) == minutes


def test_the_backstop_is_judged_by_the_worse_rate(prod):
    """Either rate rings it: of answers with 5xx, or of requests that the model failed; a quiet minute never does."""
    requests = [2000, 2000, 2000, 19, None]
    server = [29, 30, 0, 19, None]
    model = [79, 0, 80, 19, None]

    minutes = judged(alarms(prod)["Backstop"], requests=requests, server=server, model=model)
    assert minutes == [False, True, True, False, None]
