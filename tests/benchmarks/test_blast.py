import itertools
import random
import xml.etree.ElementTree as ET

import pytest

from env import chances


@pytest.fixture(scope="module")
def blast():
    """The parts of the benchmark that need no process."""
    from blast import agreement, faults, goals, plot, policies, real, stepped, world

    class Parts:
        pass

    for module in (agreement, faults, goals, plot, policies, real, stepped, world):
        setattr(Parts, module.__name__.rpartition(".")[2], module)
    return Parts


def released(blast, *, harmed, outcome="deployed", alarm=None):
    """A release of every fault under every policy; `harmed` gives how many of 1,000 requests each harmed."""
    pairs = itertools.product(blast.faults.CATALOGUE, blast.policies.POLICIES)
    return [blast.real.Released(fault, policy, 1000, harmed(policy), outcome, None, alarm) for fault, policy in pairs]


def test_a_tenth_of_the_harm_is_the_goal(blast):
    """Ours is short where it harms a tenth of what all at once harms, for each fault that shows."""

    def verdicts(ours):
        found = released(blast, harmed=lambda policy: ours if policy is blast.policies.OURS else 500)
        return {r.reached for r in blast.goals.of_faults(found) if r.name.startswith("harm_") and "start" not in r.name}

    assert (verdicts(49), verdicts(50)) == ({True}, {False})


def test_an_alarm_must_act_within_two_minutes(blast):
    """The slowest way back in a bake is what counts."""
    found = released(blast, harmed=lambda policy: 0, alarm=121.0)

    assert [str(result) for result in blast.goals.of_bakes(found)] == [
        "RESULT alarm_to_old_in_bake_seconds=121 goal=<=120 short"
    ]


@pytest.mark.parametrize(("hits", "of"), [(0, 20), (3, 20), (20, 20)])
def test_an_interval_leaves_out_what_its_confidence_says(blast, hits, of):
    """At the ends of the interval, as few or as many hits have just half of what is left out."""
    low, high = blast.agreement.proportion_interval(hits, of, confidence=0.95)

    if hits:
        assert chances.at_least(hits, of=of, chance=low) == pytest.approx(0.025)
    if hits < of:
        assert 1 - chances.at_least(hits + 1, of=of, chance=high) == pytest.approx(0.025)
    assert low <= hits / of <= high


def test_a_model_that_always_fails_is_taken_back_in_the_canary(blast):
    """On a stepped clock, by the alarms of the synthesized template: two minutes, and what the clock's minutes add."""
    good = blast.world.traffic()

    played = blast.stepped.play(
        blast.policies.OURS, good=good, new=good.worse(errors=1000), instances=2, draw=random.Random(1)
    )

    assert played.in_first_bake
    assert 60 < played.rolled_back_after < 200
    assert played.bad_answers > 60


def test_without_alarms_nothing_is_taken_back(blast):
    """All at once and unwatched, a model that always fails answers everybody until the horizon."""
    good = blast.world.traffic()

    played = blast.stepped.play(
        blast.policies.ALL_AT_ONCE, good=good, new=good.worse(errors=1000), instances=2, draw=random.Random(1)
    )

    assert played.rolled_back_after is None
    assert played.bad_answers == pytest.approx(3600, rel=0.1)


def test_the_plot_has_a_bar_for_every_release(blast):
    """It is XML, and as many bars as releases stand in it beside the legend's."""
    found = released(blast, harmed=lambda policy: 100)

    drawing = ET.fromstring(blast.plot.drawn(found))

    bars = [rect for rect in drawing.iter("{http://www.w3.org/2000/svg}rect") if rect.get("height") == "11"]
    assert len(bars) == len(found)
