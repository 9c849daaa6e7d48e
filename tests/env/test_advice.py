import json
from pathlib import Path

import pytest

import env
from env import advice, minutes
from env.remedy import settings_for
from env.stage import Alarms, Canary, Expected, Place, Serving, Stage
from env.watching import Settings, Traffic

GOLDEN = Path(__file__).parents[1] / "golden"


def serving(*, rpm=None, **alarms) -> Serving:
    """A model on two instances, half of them a canary."""
    return Serving(
        instance_type="ml.m5.large",
        instance_count=2,
        deployment=Canary(policy="canary"),
        alarms=Alarms(**alarms),
        expected=Expected(requests_per_minute=rpm) if rpm else None,
    )


def stage(parts) -> Stage:
    """A stage that serves one model."""
    place = Place(name="prod", account="111111111111", region="eu-west-1")
    document = {"account": place.account, "region": place.region, "models": {"churn": {"serving": parts}}}
    return Stage.model_validate({**document, "name": "prod", "owner": place, "others": ()})


def test_a_stage_that_would_miss_ten_times_the_errors_is_told():
    """The sentence names the model, how often it is missed, at which traffic, and what to do."""
    [problem] = advice.warnings(stage(serving(rpm=60)))

    assert str(problem).startswith(
        "env/prod.toml: models.churn.serving.alarms would miss 10 times the errors (0.01 in place of 0.001) in "
    )
    assert str(problem).endswith(
        "of deployments with 60 requests per minute; see what would catch them: sluice plan-canary churn --stage prod."
    )


def test_a_stage_that_catches_them_is_not():
    """At a traffic that shows ten times the errors, nothing is said."""
    assert advice.warnings(stage(serving(rpm=1200, server_error_rate=0.0075))) == []


def test_a_stage_that_expects_nothing_is_reckoned_by_the_probe_alone():
    """Without a word about its traffic a stage is sure of the probe's only, and is asked for the word."""
    [problem] = advice.warnings(stage(serving()))

    assert "with the probe's requests alone" in str(problem)
    assert "models.churn.serving.expected" in str(problem)


def test_the_probe_comes_where_the_floor_is_not_reached():
    """A quiet endpoint's canary is probed until there are enough requests, a busy one's is not."""
    quiet, busy = advice.expected_traffic(serving(rpm=10)), advice.expected_traffic(serving(rpm=100))

    assert advice.probe_requests(serving()) == quiet.probes_per_minute + 10
    assert busy.probes_per_minute == 0


@pytest.mark.parametrize("case", json.loads((GOLDEN / "probes.json").read_text()))
def test_as_many_requests_are_reckoned_with_as_are_probed_for(case):
    """What fills a minute up is the same number here as in the function that sends the probes."""
    assert case["requests"] == advice.fewest_requests(case["minimum"], share=case["share"])


@pytest.mark.parametrize("name", env.names())
def test_the_shipped_stages_catch_ten_times_the_errors(name):
    """No warning comes with the kit."""
    assert advice.warnings(env.load(name)) == []


def test_settings_that_suffice_are_left_alone():
    """Where the power is there already, nothing is changed."""
    parts = serving(server_error_rate=0.0075)

    assert settings_for(parts, Traffic(requests_per_minute=2000), power=0.7) == parts


@pytest.mark.clients
def test_what_is_found_keeps_its_promise():
    """The settings reach the power in the first bake, spare good models, and are valid ones of a stage."""
    traffic = Traffic(requests_per_minute=600)

    found = settings_for(serving(), traffic, power=0.95)

    assert found is not None
    settings = Settings.of(Serving.model_validate(found.model_dump()))
    [caught] = minutes.caught_by(settings, traffic.worse(errors=10), seconds=(settings.phases[0].seconds,))
    [mistaken] = minutes.caught_by(settings, traffic, seconds=(settings.seconds,))
    assert (caught >= 0.94, mistaken <= 0.0015) == (True, True)


def test_a_slower_model_is_looked_for_by_latency():
    """Ten times a latency of 20 ms is below the usual threshold: another one catches it, and spares the good model."""
    traffic = Traffic(requests_per_minute=120, error_rate=0.0001, median_latency_ms=20)

    found = settings_for(serving(), traffic, fault="latency")

    assert found is not None
    assert 20 < found.alarms.p90_latency_ms < 400


def test_no_settings_see_what_is_not_there():
    """Ten requests a minute do not show one error in a hundred, whatever is set."""
    assert settings_for(serving(), Traffic(requests_per_minute=10)) is None


@pytest.mark.parametrize("wrong", [{"power": 1.0}, {"factor": 1.0}, {"false_rollback": 0.0}])
def test_what_is_no_chance_is_refused(wrong):
    """Certainty cannot be had, and one times as bad is not bad."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        settings_for(serving(), Traffic(requests_per_minute=100), **wrong)
