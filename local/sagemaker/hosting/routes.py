"""Which instance a request goes to."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from env import canary
from local.errors import AwsError
from local.sagemaker.hosting.fleet import Fleet
from local.sagemaker.hosting.instance import Instance

_LEAST_WEIGHT = 1e-12
"""Of variants that all weigh nothing each is as good as another."""


@dataclass(frozen=True)
class Active:
    """How many instances of a fleet take traffic, by variant name."""

    fleet: Fleet
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Route:
    """Where a request goes, and how many instances its variant and its fleet's part of it have in traffic."""

    fleet: Fleet
    instance: Instance
    active: int
    active_in_fleet: int


class Routes:
    """The active instances of every endpoint. A change is seen by every request that comes after it."""

    def __init__(self, chance: random.Random | None = None) -> None:
        self._chance = chance or random.Random()
        self._active: dict[str, tuple[Active, ...]] = {}
        self._lock = threading.Lock()

    def put(self, endpoint: str, *active: Active) -> None:
        """Say what takes an endpoint's traffic from now on."""
        with self._lock:
            self._active[endpoint] = active

    def drop(self, endpoint: str) -> None:
        """An endpoint takes no more requests."""
        with self._lock:
            self._active.pop(endpoint, None)

    def clear(self) -> None:
        """No endpoint takes requests any more."""
        with self._lock:
            self._active.clear()

    def pick(self, endpoint: str, variant: str | None = None) -> Route | None:
        """A route by chance: variants by their weights, within one each active instance is as likely as another.

        None for an endpoint that takes no requests. Raises AwsError `ValidationError` for a variant it has not.
        """
        while True:
            shares = self._shares(endpoint)
            route = self._route(shares, variant)
            if route is not None or self._shares(endpoint) is shares:
                return route
            # Traffic has moved between the two looks, and the fleet that was chosen is gone: there is another.

    def _shares(self, endpoint: str) -> tuple[Active, ...]:
        with self._lock:
            return self._active.get(endpoint, ())

    def _route(self, shares: tuple[Active, ...], variant: str | None) -> Route | None:
        choices = [(active, name) for active in shares for name, count in active.counts.items() if count]
        if not choices:
            return None
        choices = [choice for choice in choices if variant in (None, choice[1])]
        if not choices:
            raise AwsError("ValidationError", f"Variant {variant} not found for the endpoint.")
        weights = [_share(active, name, shares) * _weight(active, name, variant) for active, name in choices]
        ((active, name),) = self._chance.choices(choices, weights=weights)
        instance = active.fleet.pick(name, active.counts[name], chance=self._chance)
        if instance is None:
            return None  # the fleet is being stopped
        return Route(active.fleet, instance, _total(name, shares), active.counts[name])


def _share(active: Active, name: str, shares: Sequence[Active]) -> float:
    own = active.counts[name]
    return canary.traffic_share(green_active=own, blue_active=_total(name, shares) - own)


def _weight(active: Active, name: str, wanted: str | None) -> float:
    return 1.0 if wanted == name else max(active.fleet.weights[name], _LEAST_WEIGHT)


def _total(name: str, shares: Sequence[Active]) -> int:
    return sum(active.counts.get(name, 0) for active in shares)
