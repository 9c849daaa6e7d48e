"""How many instances a target tracking policy wants, from what the metric was in the last minutes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

OUT_MINUTES: Final = 3
IN_MINUTES: Final = 15
"""How long the metric must be over the target, or clearly under it: the periods of the alarms that AWS makes."""

_CLEARLY_UNDER: Final = 0.9
_COOLDOWN_SECONDS: Final = 300
"""The default for variants of endpoints ("TargetTrackingScalingPolicyConfiguration")."""


@dataclass(frozen=True)
class Capacity:
    """A variant's instances now, and the limits between which they may be."""

    now: int
    least: int
    most: int

    def within(self, count: int) -> int:
        """The count nearest to `count` that the limits allow."""
        return max(self.least, min(self.most, count))


@dataclass(frozen=True)
class Policy:
    """A target tracking policy. Cooldowns count from the end of the last activity of their kind."""

    target: float
    out_cooldown: timedelta
    in_cooldown: timedelta
    scales_in: bool

    @classmethod
    def of(cls, configuration: Mapping[str, Any]) -> Policy:
        """The policy that a TargetTrackingScalingPolicyConfiguration describes."""
        return cls(
            target=configuration["TargetValue"],
            out_cooldown=timedelta(seconds=configuration.get("ScaleOutCooldown", _COOLDOWN_SECONDS)),
            in_cooldown=timedelta(seconds=configuration.get("ScaleInCooldown", _COOLDOWN_SECONDS)),
            scales_in=not configuration.get("DisableScaleIn", False),
        )

    def wanted(self, minutes: Sequence[float | None], capacity: Capacity) -> int:
        """The instances that bring the metric to the target; `minutes` are the newest last, None without data.

        Minutes without data neither add nor remove instances.
        """
        newest, longest = minutes[-OUT_MINUTES:], minutes[-IN_MINUTES:]
        over = [value for value in newest if value is not None and value > self.target]
        if len(over) == OUT_MINUTES:
            return capacity.within(max(capacity.now + 1, self._proportional(capacity.now, over[-1])))
        under = [value for value in longest if value is not None and value < self.target * _CLEARLY_UNDER]
        if len(under) == IN_MINUTES and self.scales_in:
            return capacity.within(min(capacity.now, self._proportional(capacity.now, max(under))))
        return capacity.within(capacity.now)

    def rests(self, *, out: bool, ended_out: datetime | None, ended_in: datetime | None, now: datetime) -> bool:
        """Whether a cooldown holds an activity back: scaling out waits for its own, scaling in for either."""
        out_rests = ended_out is not None and now < ended_out + self.out_cooldown
        if out:
            return out_rests
        return out_rests or (ended_in is not None and now < ended_in + self.in_cooldown)

    def _proportional(self, count: int, value: float) -> int:
        return math.ceil(count * value / self.target)
