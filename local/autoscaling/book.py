"""All scalable targets with their policies and what has been done to them, safe for many threads."""

from __future__ import annotations

import dataclasses
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from local.errors import AwsError
from local.state import Table

_KEPT: Final = 1000


@dataclass(frozen=True)
class Activity:
    """One change of a variant's instance count, as it is at a time."""

    description: str
    cause: str
    started_at: datetime
    wanted: int
    outwards: bool
    status: str = "InProgress"
    message: str = ""
    ended_at: datetime | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True)
class Target:
    """One variant whose instances are scaled, never changed in place.

    `members` are those of DescribeScalableTargets; the newest activity comes first.
    """

    members: Mapping[str, Any]
    policies: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    activities: tuple[Activity, ...] = ()

    @property
    def endpoint(self) -> str:
        """The endpoint's name."""
        return str(self.members["ResourceId"]).split("/")[1]

    @property
    def variant(self) -> str:
        """The variant's name."""
        return str(self.members["ResourceId"]).split("/")[3]

    def suspended(self, *, out: bool) -> bool:
        """Whether scaling in that direction is suspended."""
        state = self.members.get("SuspendedState", {})
        return bool(state.get("DynamicScalingOutSuspended" if out else "DynamicScalingInSuspended"))

    def last(self, *, outwards: bool) -> datetime | None:
        """When the last activity in a direction ended."""
        ends = [a.ended_at for a in self.activities if a.outwards == outwards and a.status == "Successful"]
        return max((end for end in ends if end is not None), default=None)


class Book:
    """Finds targets by their resource id."""

    def __init__(self, targets: Table[Target]) -> None:
        self._targets = targets
        self.lock = threading.RLock()

    def put(self, target: Target) -> None:
        """Keep a target; what was read of it before stays as it was."""
        with self.lock:
            self._targets[target.members["ResourceId"]] = target

    def note(self, target: Target, activity: Activity) -> None:
        """Keep an activity of a target that is still there: a new one in front, or one known by its id as it is now."""
        with self.lock:
            kept = self.find(target.members["ResourceId"])
            if kept is None:
                return
            others = [each for each in kept.activities if each.id != activity.id]
            place = next((n for n, each in enumerate(kept.activities) if each.id == activity.id), 0)
            others.insert(place, activity)
            self.put(dataclasses.replace(kept, activities=tuple(others[:_KEPT])))

    def find(self, resource_id: str) -> Target | None:
        """The target of a resource, if it is registered."""
        with self.lock:
            return self._targets.get(resource_id)

    def get(self, params: Mapping[str, Any]) -> Target:
        """The target that a request names. Raises AwsError `ObjectNotFoundException`."""
        found = self.find(params["ResourceId"])
        if found is None:
            raise missing("scalable target registered", params)
        return found

    def named(self, arn: str) -> Target:
        """The target of that ARN. Raises AwsError `ResourceNotFoundException`."""
        for target in self.all():
            if target.members["ScalableTargetARN"] == arn:
                return target
        raise AwsError("ResourceNotFoundException", f"There is no scalable target {arn}.")

    def remove(self, params: Mapping[str, Any]) -> None:
        """Forget a target with its policies. Raises AwsError `ObjectNotFoundException`."""
        with self.lock:
            self.get(params)
            del self._targets[params["ResourceId"]]

    def all(self) -> list[Target]:
        """Every target in the order of resource ids."""
        with self.lock:
            return [target for _, target in sorted(self._targets.items())]


def missing(what: str, params: Mapping[str, Any]) -> AwsError:
    """The error for something that is not there."""
    where = (
        f"service namespace: {params['ServiceNamespace']}, resource ID: {params['ResourceId']}, "
        f"scalable dimension: {params['ScalableDimension']}"
    )
    return AwsError("ObjectNotFoundException", f"No {what} for {where}")
