import pytest

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
        ("ServerErrors", "-server-errors", "IF(requests >= 20, errors / requests, 0)", 0.005),
        ("ModelErrors", "-model-errors", "IF(requests >= 20, errors / requests, 0)", 0.02),
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
    assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (3, 3)


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
    assert "EndpointConfigName" not in dimensions(backstop["Metrics"][0])


def test_every_alarm_tells_people(every):
    """Alarms act on the stage's topic, by its name."""
    topic = f"arn:aws:sns:{every.stage.region}:{every.stage.account}:sluice-{every.stage.name}-notify"

    assert {tuple(alarm["AlarmActions"]) for alarm in alarms(every).values()} == {(topic,)}
