"""The instances of one endpoint configuration, as many for each variant as are wanted at a time."""

from __future__ import annotations

import logging
import math
import random
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from local.sagemaker.errors import Unhealthy
from local.sagemaker.hosting.instance import START_FAILED, Health, Instance, Variant, health_failure

_log = logging.getLogger(__name__)


class Fleet(Protocol):
    """What a deployment does with a fleet. Counts are instances by variant name."""

    config_name: str
    weights: Mapping[str, float]
    capture: Mapping[str, Any] | None
    """The DataCaptureConfig that holds, which an update may have kept from the configuration before."""

    def counts(self) -> dict[str, int]:
        """How many instances there are."""
        ...

    def launch(self, counts: Mapping[str, int], *, patience_seconds: float = math.inf) -> None:
        """Start what is missing to so many instances and wait until all are healthy.

        Raises Unhealthy for the first that is not, after ending those that this call has started.
        """
        ...

    def shrink(self, counts: Mapping[str, int], *, drain: bool = True) -> None:
        """End instances in excess of these, the last ones first; with `drain` each once its requests are answered.

        Draining goes on after the call: the instances count no more, and get no more requests.
        """
        ...

    def stop(self, *, drain: bool = False) -> None:
        """End every instance, those that are being started too; none can be started again. `drain` as in `shrink`."""
        ...

    def ready(self) -> bool:
        """Wait for each variant to have a healthy instance; False when all that a variant has are broken."""
        ...

    def lose(self) -> None:
        """Be beyond reach of a rollback from now on: `ready` is False, whatever the instances are."""
        ...

    def pick(self, name: str, active: int, *, chance: random.Random) -> Instance | None:
        """One of a variant's first `active` instances; None when it has none."""
        ...

    def adopt(self, other: Fleet) -> None:
        """Share the instances of another fleet, as a rollback that has failed leaves them; see `release`."""
        ...

    def instances(self) -> list[Instance]:
        """Those that are there, of every variant."""
        ...

    def release(self) -> None:
        """Give up the instances without ending them, when requests reach them in the fleet that has adopted them."""
        ...


class ServerFleet:
    """A fleet of model servers. Safe for threads."""

    def __init__(
        self,
        config_name: str,
        variants: Mapping[str, Variant],
        *,
        weights: Mapping[str, float],
        capture: Mapping[str, Any] | None,
        make: Callable[[Variant, Callable[[], None]], Instance],
        slots: threading.Semaphore,
    ) -> None:
        self.config_name, self.capture = config_name, capture
        self.weights: Mapping[str, float] = dict(weights)
        self._variants, self._make, self._slots = variants, make, slots
        self._instances: dict[str, list[Instance]] = {name: [] for name in variants}
        self._starting: list[Instance] = []
        self._ending: list[Instance] = []
        self._changed = threading.Condition()
        self._stopped = self._lost = False

    def counts(self) -> dict[str, int]:
        """How many instances each variant has."""
        with self._changed:
            return {name: len(instances) for name, instances in self._instances.items()}

    def launch(self, counts: Mapping[str, int], *, patience_seconds: float = math.inf) -> None:
        """Start what is missing, a few at a time; see Fleet."""
        fresh = self._fresh(counts)
        failures: list[Unhealthy] = []
        threads = [
            threading.Thread(target=self._start, args=(instance, patience_seconds, failures), daemon=True)
            for instance in fresh
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with self._changed:
            self._starting = [instance for instance in self._starting if instance not in fresh]
            if not failures and not self._stopped:
                for instance in fresh:
                    self._instances[instance.variant.name].append(instance)
                return
        self._end(fresh)
        raise failures[0] if failures else Unhealthy("the fleet has been stopped")

    def shrink(self, counts: Mapping[str, int], *, drain: bool = True) -> None:
        """End instances in excess of these."""
        with self._changed:
            excess = [instance for name, left in counts.items() for instance in self._instances[name][left:]]
            for name, left in counts.items():
                del self._instances[name][left:]
        self._end(excess, drain=drain)

    def stop(self, *, drain: bool = False) -> None:
        """End every instance; without `drain` also those at once whose requests are waited for elsewhere."""
        with self._changed:
            self._stopped = True
            left = [*self._starting, *self._ending, *(i for instances in self._instances.values() for i in instances)]
            self._instances = {name: [] for name in self._instances}
            self._changed.notify_all()
        self._end(left, drain=drain)

    def ready(self) -> bool:
        """Wait for each variant to have a healthy instance, or for one to be beyond hope."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._lost or self._serves() or self._is_broken())
            return self._serves() and not self._lost

    def lose(self) -> None:
        """Be beyond reach of a rollback from now on."""
        with self._changed:
            self._lost = True
            self._changed.notify_all()

    def pick(self, name: str, active: int, *, chance: random.Random) -> Instance | None:
        """One of a variant's first `active` instances, healthy or not."""
        with self._changed:
            instances = self._instances.get(name, [])[:active]
        return chance.choice(instances) if instances else None

    def adopt(self, other: Fleet) -> None:
        """Share another fleet's instances; each goes on serving its own configuration."""
        shared = other.instances()
        with self._changed:
            for instance in shared:
                instance.changed = self._tell
                self._instances[instance.variant.name].append(instance)

    def instances(self) -> list[Instance]:
        """Those that are there."""
        with self._changed:
            return [instance for instances in self._instances.values() for instance in instances]

    def release(self) -> None:
        """Give up the instances."""
        with self._changed:
            self._instances = {name: [] for name in self._instances}

    def _fresh(self, counts: Mapping[str, int]) -> list[Instance]:
        missing = {name: wanted - self.counts()[name] for name, wanted in counts.items()}
        fresh = [
            self._make(self._variants[name], self._tell) for name, number in missing.items() for _ in range(number)
        ]
        with self._changed:
            self._starting.extend(fresh)
        return fresh

    def _start(self, instance: Instance, patience_seconds: float, failures: list[Unhealthy]) -> None:
        with self._slots:
            if failures or self._stopped:
                return
            try:
                instance.start(patience_seconds=patience_seconds)
            except Exception as error:  # noqa: BLE001 - a thread's border: what did not start must not take traffic
                if not isinstance(error, START_FAILED):
                    _log.exception("an instance of variant %s could not be started", instance.variant.name)
                failures.append(health_failure(instance, error))

    def _end(self, instances: list[Instance], *, drain: bool = False) -> None:
        """Stop all at once; with `drain` without waiting for it, since a request that hangs takes a minute."""
        with self._changed:
            self._ending.extend(instances)
        threads = [threading.Thread(target=self._end_one, args=(each, drain), daemon=True) for each in instances]
        for thread in threads:
            thread.start()
        for thread in threads if not drain else ():
            thread.join()

    def _end_one(self, instance: Instance, drain: bool) -> None:
        instance.stop(drain=drain)
        with self._changed:
            self._ending = [other for other in self._ending if other is not instance]

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _serves(self) -> bool:
        return all(_any(instances, Health.HEALTHY) for instances in self._instances.values())

    def _is_broken(self) -> bool:
        return any(
            all(instance.health is Health.BROKEN for instance in instances) for instances in self._instances.values()
        )


def _any(instances: Iterable[Instance], health: Health) -> bool:
    return any(instance.health is health for instance in instances)
