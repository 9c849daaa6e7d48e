import statistics
from dataclasses import replace
from types import SimpleNamespace

import pytest

from local.errors import LocalError
from local.processes import Processes
from local.sagemaker.tuning.bayesian import Bayesian, asked
from local.sagemaker.tuning.ranges import space
from local.sagemaker.tuning.search import Question, Tried, at_random, grid

NUMBERS = {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "-5", "MaxValue": "5"}]}
LETTERS = {"CategoricalParameterRanges": [{"Name": "c", "Values": ["a", "b"]}]}


def question(ranges=NUMBERS, **more):
    """A question about the next trial of a space."""
    asked_for = Question(space(ranges), maximize=False, tried=[], launched=[], seed=7, number=0)
    return replace(asked_for, **more)


def test_a_grid_goes_through_its_points_and_ends():
    """By how many were launched."""
    points = [{"c": "a"}, {"c": "b"}]
    assert [grid(question(LETTERS, launched=points[:n])) for n in range(3)] == [*points, None]


def test_random_points_follow_the_seed_and_the_number():
    """The same again for the same, others for others."""
    first = [at_random(question(number=n)) for n in range(5)]
    assert first == [at_random(question(number=n)) for n in range(5)]
    assert len({point["x"] for point in first}) == 5
    assert at_random(question(seed=8)) != first[0]


def test_random_search_repeats_a_point_only_when_there_is_no_other():
    """Of two values the second trial takes the other one."""
    for seed in range(20):
        one = at_random(question(LETTERS, seed=seed))
        two = at_random(question(LETTERS, seed=seed, launched=[one], number=1))
        assert {one["c"], two["c"]} == {"a", "b"}
        assert at_random(question(LETTERS, launched=[one, two], number=2)) in (one, two)


def test_optuna_is_told_places_and_values():
    """What lies outside the ranges is left out; what runs has no value."""
    tried = [Tried({"x": "0.0"}, 1.5), Tried({"x": "9"}, 0.1), Tried({"x": "5"}, None)]
    told = asked(question(tried=tried, maximize=True, number=3))
    assert told["tried"] == [{"places": {"x": 0.5}, "value": 1.5}, {"places": {"x": 1.0}, "value": None}]
    assert told["ranges"] == [{"name": "x", "choices": None}]
    assert (told["maximize"], told["seed"]) == (True, 10)
    assert asked(question(LETTERS))["ranges"] == [{"name": "c", "choices": 2}]


@pytest.fixture
def services(tmp_path):
    """A folder, and processes that are ended."""
    processes = Processes()
    yield SimpleNamespace(workdir=tmp_path, processes=processes)
    processes.close()


def test_a_search_that_fails_says_why(services, tmp_path):
    """With the end of what the library wrote."""
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no such sampler\nexit 3\n", encoding="utf-8")
    broken.chmod(0o755)
    with pytest.raises(LocalError, match="exit code 3: no such sampler"):
        Bayesian(services, interpreter=lambda: broken)(question())


@pytest.mark.clients
def test_bayesian_search_finds_a_minimum(services):
    """Of (x - 2)² with a letter that costs 3: half of what it tries later is far better than half of the first."""
    search, tried = Bayesian(services), []
    for number in range(20):
        launched = [done.point for done in tried]
        point = search(question({**NUMBERS, **LETTERS}, tried=tried, launched=launched, number=number))
        tried.append(Tried(point, (float(point["x"]) - 2) ** 2 + 3 * (point["c"] == "b")))
    first, later = ([done.value for done in part] for part in (tried[:10], tried[10:]))
    assert min(later) < 0.05
    assert statistics.median(later) < statistics.median(first) / 2
