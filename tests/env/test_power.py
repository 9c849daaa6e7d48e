import dataclasses
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from env import canary, chances, minutes
from env.power import Phase, Settings, Traffic, forecast
from env.stage import Alarms, AllAtOnce, Canary, Linear, Serving

SETTINGS = Settings(
    phases=(Phase(share=0.5, seconds=600), Phase(share=1.0, seconds=600)),
    error_rate=0.01,
    p90_latency_ms=1000,
    periods=5,
    datapoints=3,
    minimum_invocations=10,
)
TRAFFIC = Traffic(requests_per_minute=300, error_rate=0.001, median_latency_ms=100, sigma=0.5)


def serving(deployment, **alarms) -> Serving:
    """A model on four instances."""
    return Serving(instance_type="ml.m5.large", instance_count=4, deployment=deployment, alarms=Alarms(**alarms))


def test_what_fails_always_is_caught_when_enough_minutes_are_judged():
    """Three bad minutes, of which on average half of one is gone at first, and the time it takes to see the last."""
    dead = dataclasses.replace(TRAFFIC, requests_per_minute=6000, error_rate=0.1, arrivals="even")
    seconds = 3 * 60 - 30 + canary.OBSERVATION_SECONDS

    found = forecast(SETTINGS, dead).errors

    assert pytest.approx(1.0) == found.in_first_bake == found.in_deployment
    assert pytest.approx(seconds) == found.seconds_to_catch
    assert pytest.approx(50 * seconds) == found.bad_answers
    assert pytest.approx(100 * 1800) == found.bad_answers_unguarded


def test_a_model_as_good_as_the_one_before_is_left_alone():
    """A factor of one is a good model: both faults and the false rollback are the same thing."""
    found = forecast(SETTINGS, TRAFFIC, factor=1)

    assert (
        found.false_rollback == pytest.approx(found.errors.in_deployment) == pytest.approx(found.latency.in_deployment)
    )


def test_nobody_is_judged_without_traffic():
    """An endpoint that is not asked catches nothing and has nothing to be sorry for."""
    found = forecast(SETTINGS, dataclasses.replace(TRAFFIC, requests_per_minute=0))

    assert (found.errors.in_deployment, found.false_rollback, found.errors.seconds_to_catch) == (0.0, 0.0, None)
    assert (found.judged, found.errors.bad_answers) == (0.0, 0.0)


def test_the_probe_is_judged_and_harms_nobody():
    """Where only the probe asks, a model that always fails is caught, and no user had a bad answer."""
    probed = Traffic(requests_per_minute=0, error_rate=0.1, probes_per_minute=40)

    found = forecast(SETTINGS, probed).errors

    assert (found.in_first_bake, found.bad_answers) == (pytest.approx(1.0, abs=1e-3), 0.0)


def test_ten_times_slower_is_caught_by_the_percentile():
    """A median of one second against a threshold of one second: nine of ten keep it no longer."""
    busy = dataclasses.replace(TRAFFIC, requests_per_minute=6000, error_rate=0.0)

    found = forecast(SETTINGS, busy).latency

    assert pytest.approx(1.0) == found.in_first_bake
    assert pytest.approx(25 * (3 * 60 - 30 + canary.OBSERVATION_SECONDS), rel=1e-3) == found.bad_answers


@given(factor=st.floats(1, 40), more=st.floats(1, 3), share=st.sampled_from([0.1, 0.25, 0.5]))
def test_what_is_worse_is_caught_more_often(factor, more, share):
    """A greater error rate is never caught less often, in the first bake or at all."""
    settings = dataclasses.replace(SETTINGS, phases=(Phase(share=share, seconds=600), Phase(share=1.0, seconds=600)))
    instants = (600.0, 1200.0)

    bad = minutes.caught_by(settings, TRAFFIC.worse(errors=factor), seconds=instants, alignments=2)
    worse = minutes.caught_by(settings, TRAFFIC.worse(errors=factor * more), seconds=instants, alignments=2)

    assert all(b <= w + 1e-9 for b, w in zip(bad, worse, strict=True))
    assert bad[0] <= bad[1]


@given(requests=st.integers(1, 3000), threshold=st.floats(0.0001, 1), fewest=st.integers(1, 3))
def test_a_minute_is_bad_from_the_share_on_that_the_alarm_names(requests, threshold, fewest):
    """The alarm divides errors by requests, once there are errors enough to divide."""
    settings = dataclasses.replace(SETTINGS, error_rate=threshold, minimum_invocations=1, minimum_errors=fewest)
    least = next((n for n in range(fewest, requests + 1) if n / requests >= threshold), requests + 1)

    expected = chances.at_least(least, of=requests, chance=0.3)

    assert expected == minutes.bad_by_errors(requests, settings=settings, error_rate=0.3)


@given(late=st.lists(st.booleans(), min_size=10, max_size=60))
def test_a_percentile_is_late_when_the_answer_of_its_rank_is(late):
    """With each answer certainly late or not, the minute is bad exactly if the 90th percentile of them is late."""
    ordered = sorted(late)
    p90 = ordered[math.ceil(0.9 * len(ordered)) - 1]
    hits = len(late) - math.ceil(0.9 * len(late)) + 1

    assert p90 == (sum(late) >= hits)
    assert minutes.bad_by_latency(len(late), settings=SETTINGS, late=1e-12) < 1e-9
    assert minutes.bad_by_latency(len(late), settings=SETTINGS, late=1.0) == 1.0


@pytest.mark.parametrize(
    ("deployment", "expected"),
    [
        (AllAtOnce(policy="all-at-once", final_bake_seconds=420), [(1.0, 420)]),
        (Canary(policy="canary", canary_percent=25), [(0.25, 600), (1.0, 600)]),
        (
            Linear(policy="linear", step_percent=25, bake_seconds=420, final_bake_seconds=600),
            [(0.25, 420), (0.5, 420), (0.75, 420), (1.0, 1020)],
        ),
    ],
)
def test_a_deployment_has_a_phase_for_each_share(deployment, expected):
    """A phase is as long as alarms are watched at its share; all are as long as the waits of the deployment."""
    settings = Settings.of(serving(deployment))

    assert expected == [(phase.share, phase.seconds) for phase in settings.phases]
    assert canary.waits_seconds(serving(deployment)) == settings.seconds


def test_the_tighter_alarm_on_errors_counts():
    """A 5xx answer of the model counts for both alarms, so that the lower threshold is the one that matters."""
    tight = Settings.of(serving(Canary(policy="canary"), server_error_rate=0.2, model_error_rate=0.1, periods=3))

    assert (tight.error_rate, tight.datapoints, tight.periods) == (0.1, 2, 3)


def test_the_forecast_is_what_simulated_deployments_do():
    """1,000 deployments played request by request, from a fixed seed: each chance lies within four standard errors."""
    draw, quiet = random.Random(3), dataclasses.replace(TRAFFIC, requests_per_minute=60)
    caught = [_played(draw, SETTINGS, quiet.worse(errors=11)) for _ in range(1000)]

    found = forecast(SETTINGS, quiet, factor=11).errors

    for chance, until in ((found.in_first_bake, 600), (found.in_deployment, 1200)):
        share = sum(instant <= until for instant in caught) / len(caught)
        assert 0.1 < chance < 0.9  # where a wrong forecast would show
        assert abs(share - chance) < 4 * math.sqrt(chance * (1 - chance) / len(caught))


def _played(draw, settings, traffic):
    """The instant at which one deployment is rolled back; infinity when it is not."""
    offset, second, bad = draw.uniform(0, 60), 0.0, []
    tally = {}
    while (second := second + draw.expovariate(traffic.requests_per_minute / 60)) < settings.seconds:
        if draw.random() < (settings.phases[0].share if second < settings.phases[0].seconds else 1.0):
            requests, errors = tally.get(int((second + offset) // 60), (0, 0))
            tally[int((second + offset) // 60)] = requests + 1, errors + (draw.random() < traffic.error_rate)
    for minute in range(int((settings.seconds + offset) // 60) + 1):
        requests, errors = tally.get(minute, (0, 0))
        bad.append(requests >= settings.minimum_invocations and errors / requests >= settings.error_rate)
        if sum(bad[-settings.periods :]) >= settings.datapoints:
            instant = (minute + 1) * 60 - offset + settings.observation_seconds
            return instant if instant <= settings.seconds else math.inf
    return math.inf
