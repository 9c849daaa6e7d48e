from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from lambdas import measuring
from lambdas.records import Started, Veto
from tests.lambdas.situations import SERVED, SERVED_TWICE, journal, opened, outcome, package, situation

SECOND = (*SERVED, opened(2), Started(release_id="r4-v2"))
BACK = (
    *SERVED_TWICE,
    Veto(version=2, by="ada", cause="person", reason="bad"),
    opened(1, cause="rollback", rollout="immediate", follows="r4-v2"),
)


def measured(log, record, **members):
    """The metrics of an outcome, without their units."""
    return {name: value for name, value, _ in measuring.points(record, situation(log, **members))}


def test_a_version_that_goes_out_is_measured_from_its_registration_and_from_its_opening():
    """The first is the lead time of the model, the second what a release takes."""
    log = journal(*SECOND, minutes=10)
    registered = replace(package(2), created=log.now - timedelta(days=2))
    record = replace(outcome("r4-v2"), seconds=600)
    expected = {"Deployed": 1, "ReleaseTime": 600, "LeadTime": 2 * 86_400}
    assert measured(log, record, versions=(1, registered)) == expected


@pytest.mark.parametrize(("result", "name"), [("failed", "Failed"), ("superseded", "Superseded")])
def test_a_release_that_did_not_come_up_is_counted(result, name):
    """It says nothing about how fast releases are."""
    assert measured(journal(*SECOND), outcome("r4-v2", result), versions=(1, 2)) == {name: 1}


def test_the_way_back_is_measured_from_the_veto():
    """From the moment at which somebody, or an alarm, did not want the version, to the traffic of the one before."""
    log = journal(*BACK, minutes=3, told=False)
    assert measured(log, outcome("r8-v1"), versions=(1, 2)) == {"Deployed": 1, "TimeToRollBack": 240}


def test_a_canary_that_a_person_takes_back_is_measured_from_the_veto():
    """What an alarm takes back SageMaker returns before anybody hears of it: there is no moment to measure from."""
    log = journal(*SECOND, Veto(version=2, by="ada", cause="person", reason="bad"), minutes=5, told=False)
    assert measured(log, outcome("r4-v2", "rolled_back")) == {"RolledBack": 1, "TimeToRollBack": 300}
    assert measured(journal(*SECOND), outcome("r4-v2", "rolled_back")) == {"RolledBack": 1}


def test_a_deployment_of_the_stack_is_no_release():
    """It gives what serves another config, and puts no metric."""
    record = replace(outcome("r1-v1"), cause="deploy")
    assert measured(journal(*SERVED), record) == {}
    measuring.put(record, situation(journal(*SERVED)), endpoint="churn-dev", cloudwatch=None)


def test_what_cannot_be_counted_holds_up_no_release(caplog):
    """The ledger has the outcome already; CloudWatch may be unwell."""

    class Unwell:
        def put_metric_data(self, **_):
            raise ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, "PutMetricData")

    measuring.put(outcome("r4-v2"), situation(journal(*SECOND)), endpoint="churn-dev", cloudwatch=Unwell())
    assert "could not measure" in caplog.text
