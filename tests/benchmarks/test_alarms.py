import xml.etree.ElementTree as ET
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def bench():
    """The benchmark of false alarms, as a module."""
    import monitor_alarms

    return monitor_alarms


def counted(bench, **counts):
    """What a thousand pairs of each population came to."""
    return {name: bench.trials.Alarms(pairs=1000, ours=counts.get(name, 0)) for name in ("credit", "abalone", "hard")}


def test_the_stated_rate_is_the_goal(bench):
    """Ten alarms of a thousand pairs are the stated rate, eleven are too many; the real data sets count together."""
    assert [each.reached for each in bench.of_alarms(counted(bench, credit=20, hard=10))] == [True, True]
    assert [each.reached for each in bench.of_alarms(counted(bench, credit=20, abalone=1, hard=11))] == [False, False]


def test_more_than_ninety_five_of_a_hundred_are_to_be_found(bench):
    """The power that is judged is that of 0.2 standard deviations at 5,000 rows on both sides."""
    assert bench.of_power({(5000, 5000): [(0.2, 0.96)]}).reached
    assert not bench.of_power({(5000, 5000): [(0.2, 0.95)]}).reached


def test_a_few_pairs_are_played_for_real(bench):
    """Unchanged samples of the real data raise no alarm here, while distances alone raise many."""
    alarms = bench.trials.unchanged(bench.populations.real("credit"), 12, seed=4)
    assert (alarms.pairs, alarms.ours) == (12, 0)
    assert alarms.distance_alone > 3


def test_tables_and_plot_say_what_was_measured(bench):
    """Counts with their shares, a column for each pair of sizes, a curve for each of them, and places on the page."""
    alarms = counted(bench, credit=3)
    assert "| credit applicants | 3 of 1,000 (0.3 %) |" in bench.alarms_table(alarms)
    power = {(5000, 200): [(shift, min(1.0, 2 * shift)) for shift in bench.SHIFTS]}
    assert "| 0.2 sd | 40.0 % |" in bench.power_table(power)
    drawn = ET.fromstring(bench.plot.drawn({"200 rows": power[5000, 200]}))
    assert len(drawn.findall("{http://www.w3.org/2000/svg}polyline")) == 1
    page = Path(bench.PAGE).read_text()
    assert all(bench._BEGIN.format(part=part) in page for part in ("alarms", "power"))
