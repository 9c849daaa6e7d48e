"""The ranges of hyperparameters, with their scales (Developer Guide, "Define Hyperparameter Ranges").

Every value has a place on the unit interval: strategies choose places, hyperparameters are the texts of the values.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.errors import ValidationError

_LINEAR, _LOGARITHMIC, _REVERSE = "Linear", "Logarithmic", "ReverseLogarithmic"
# The guide says that Auto chooses the best scale, not how: from two orders of magnitude on it is logarithmic here.
_AUTOMATIC_RATIO: Final = 100
_MOST: Final = 30


@dataclass(frozen=True)
class Choice:
    """A categorical hyperparameter."""

    name: str
    values: tuple[str, ...]

    def text(self, place: float) -> str:
        """The value at a place from 0 to 1."""
        return self.values[min(int(place * len(self.values)), len(self.values) - 1)]

    def place(self, text: str) -> float | None:
        """The middle of a value's place; None for one outside the range."""
        return (self.values.index(text) + 0.5) / len(self.values) if text in self.values else None


@dataclass(frozen=True)
class Range:
    """A numeric hyperparameter from `low` to `high`, both included; `scale` is one of the three."""

    name: str
    low: float
    high: float
    scale: str
    whole: bool

    def text(self, place: float) -> str:
        """The value at a place from 0 to 1."""
        # Of whole numbers each has an equal share of the scale, the last one too.
        first, last = self._onto(self.low), self._onto(self.high + 1 if self.whole else self.high)
        value = min(max(self._back(first + place * (last - first)), self.low), self.high)
        return str(math.floor(value + 1e-9)) if self.whole else repr(value)

    def place(self, text: str) -> float | None:
        """The place of a value; None for one outside the range."""
        try:
            value = float(text)
        except ValueError:
            return None
        if not self.low <= value <= self.high:
            return None
        first, last = self._onto(self.low), self._onto(self.high + 1 if self.whole else self.high)
        return (self._onto(value + 0.5 if self.whole else value) - first) / (last - first)

    def _onto(self, value: float) -> float:
        if self.scale == _LOGARITHMIC:
            return math.log(value)
        return -math.log1p(-value) if self.scale == _REVERSE else value

    def _back(self, scaled: float) -> float:
        if self.scale == _LOGARITHMIC:
            return math.exp(scaled)
        return -math.expm1(-scaled) if self.scale == _REVERSE else scaled


@dataclass(frozen=True)
class Space:
    """All hyperparameters that are searched."""

    ranges: tuple[Range | Choice, ...]

    @property
    def names(self) -> list[str]:
        """The names of the hyperparameters, in order."""
        return [each.name for each in self.ranges]

    @property
    def size(self) -> float:
        """How many points there are; infinite with a continuous range."""
        return math.prod(_size(each) for each in self.ranges)

    def point(self, places: Mapping[str, float]) -> dict[str, str]:
        """The hyperparameters at places from 0 to 1, by name."""
        return {each.name: each.text(places[each.name]) for each in self.ranges}

    def places(self, point: Mapping[str, str]) -> dict[str, float] | None:
        """Where a point is; None for one that is not within the ranges."""
        found = {each.name: each.place(point[each.name]) for each in self.ranges if each.name in point}
        known = {name: place for name, place in found.items() if place is not None}
        return known if len(known) == len(self.ranges) else None

    def grid(self) -> Iterator[dict[str, str]]:
        """Every combination of categorical values, the last hyperparameter changing fastest."""
        choices = [each for each in self.ranges if isinstance(each, Choice)]
        for values in itertools.product(*(choice.values for choice in choices)):
            yield {choice.name: value for choice, value in zip(choices, values, strict=True)}


def space(ranges: Mapping[str, Any]) -> Space:
    """The space of a request's ParameterRanges. Raises ValidationError."""
    choices = [Choice(r["Name"], tuple(r["Values"])) for r in ranges.get("CategoricalParameterRanges", [])]
    numbers = [
        *(_range(r, whole=True) for r in ranges.get("IntegerParameterRanges", [])),
        *(_range(r, whole=False) for r in ranges.get("ContinuousParameterRanges", [])),
    ]
    found = Space((*choices, *numbers))
    if len(set(found.names)) < len(found.names):
        raise ValidationError(f"The name of each hyperparameter range must be unique: {', '.join(found.names)}.")
    if not 1 <= len(found.names) <= _MOST:
        raise ValidationError(
            f"A tuning job searches 1 to {_MOST} hyperparameters; ParameterRanges has {len(found.names)}."
        )
    for choice in choices:
        if len(set(choice.values)) < len(choice.values):
            raise ValidationError(f"The values of categorical hyperparameter {choice.name} must be unique.")
    return found


def _range(given: Mapping[str, str], *, whole: bool) -> Range:
    name, scale = given["Name"], given.get("ScalingType", "Auto")
    try:
        low, high = ((int if whole else float)(given[member]) for member in ("MinValue", "MaxValue"))
    except ValueError as error:
        kind = "whole numbers" if whole else "numbers"
        raise ValidationError(f"MinValue and MaxValue of hyperparameter {name} must be {kind}: {error}.") from error
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValidationError(f"MinValue of hyperparameter {name} must be less than its MaxValue.")
    if scale == "Auto":
        scale = _LOGARITHMIC if low > 0 and high / low >= _AUTOMATIC_RATIO else _LINEAR
    if scale == _LOGARITHMIC and low <= 0:
        raise ValidationError(f"Logarithmic scaling of hyperparameter {name} needs values greater than 0.")
    if scale == _REVERSE and (whole or low < 0 or high >= 1):
        raise ValidationError(
            f"ReverseLogarithmic scaling of hyperparameter {name} needs a continuous range in [0, 1)."
        )
    return Range(name, low, high, scale, whole)


def _size(each: Range | Choice) -> float:
    if isinstance(each, Choice):
        return len(each.values)
    return each.high - each.low + 1 if each.whole else math.inf
