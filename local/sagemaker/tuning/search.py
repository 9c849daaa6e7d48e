"""Strategies: which point a tuning job tries next (Developer Guide, "Understand the hyperparameter tuning strategies").

Each depends on what has been tried, a seed and the number of the trial alone, so that a process that was restarted goes
on as the one before would have.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from local.sagemaker.tuning.ranges import Space

Point = Mapping[str, str]
_DRAWS = 100


@dataclass(frozen=True)
class Tried:
    """A point that has been tried: `value` is None while it runs."""

    point: Point
    value: float | None


@dataclass(frozen=True)
class Question:
    """What a strategy is asked: the point of trial `number`, from 0, among those of one definition."""

    space: Space
    maximize: bool
    tried: Sequence[Tried]
    """Trials that run or have a value, those of parents too."""
    launched: Sequence[Point]
    """Every point that this tuning job has launched."""
    seed: int
    number: int


Strategy = Callable[[Question], Point | None]
"""Gives the next point; None when there is none left."""


def grid(question: Question) -> Point | None:
    """Every combination once, in order."""
    return next(itertools.islice(question.space.grid(), len(question.launched), None), None)


def at_random(question: Question) -> Point:
    """Places on the scales, each as likely; a point that was launched before only when no other is found."""
    chance = random.Random(f"{question.seed} {question.number}")
    points = (
        question.space.point({name: chance.random() for name in question.space.names}) for _ in itertools.repeat(None)
    )
    drawn = list(itertools.islice(points, 1))
    while drawn[-1] in question.launched and len(drawn) < _DRAWS:
        drawn += itertools.islice(points, 1)
    return drawn[-1]
