"""All scalable targets with their policies and what has been done to them, safe for many threads."""

from __future__ import annotations

import collections
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from local.errors import AwsError

_KEPT: Final = 1000


@dataclass
class Activity:
    """One change of a variant's instance count."""

    description: str
    cause: str
    started_at: datetime
    wanted: int
    outwards: bool
    status: str = "InProgress"
    message: str = ""
    ended_at: datetime | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Target:
    """One variant whose instances are scaled. `members` are those of DescribeScalableTargets."""

    members: dict[str, Any]
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    activities: collections.deque[Activity] = field(default_factory=lambda: collections.deque(maxlen=_KEPT))

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

    def __init__(self) -> None:
        self._targets: dict[str, Target] = {}
        self.lock = threading.RLock()

    def put(self, resource_id: str, target: Target) -> None:
        """Keep a target."""
        with self.lock:
            self._targets[resource_id] = target

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

    def tagged(self, arn: str) -> dict[str, str]:
        """The tags of the target of that ARN. Raises AwsError `ResourceNotFoundException`."""
        for target in self.all():
            if target.members["ScalableTargetARN"] == arn:
                return target.tags
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
