"""Each minute of the clock: bring the variants that are registered to the instance counts that their policies want."""

from __future__ import annotations

import dataclasses
import logging
import threading
from datetime import datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from local.autoscaling import linked
from local.autoscaling.book import Activity, Book, Target
from local.autoscaling.tracking import IN_MINUTES, Capacity, Policy
from local.background import Background
from local.roles import NotAssumable
from local.services import Services
from local.timetable import AlarmClock, Rate

_MINUTE: Final = timedelta(minutes=1)
_log = logging.getLogger(__name__)


class Scaler:
    """Compares metrics with targets on a thread of its own; a minute that comes while it works is left out."""

    def __init__(self, services: Services, book: Book) -> None:
        self._services, self._book = services, book
        self._background = Background("autoscaling", services.clock, threads=1)
        self._alarm = AlarmClock(services.clock, lambda _name, _turn: self._minute())
        self._working = threading.Lock()
        self._started = False

    def start(self) -> None:
        """Look every minute from now on, if it does not yet."""
        with self._book.lock:
            if not self._started:
                self._started = True
                self._alarm.set("minute", Rate(_MINUTE, self._services.clock.now()))

    def resting(self, timeout_seconds: float) -> bool:
        """Wait until only the clock can wake it. False when time is up."""
        return self._background.resting(timeout_seconds)

    def close(self) -> None:
        """Look no more and end the thread."""
        self._alarm.close()
        self._background.close()

    def _minute(self) -> None:
        if not self._working.locked():
            self._background.submit(self._look)

    def _look(self) -> None:
        with self._working:
            for target in self._book.all():
                try:
                    self._scale(target)
                except (ClientError, NotAssumable) as error:
                    _log.warning("%s cannot be scaled now: %s", target.members["ResourceId"], error)

    def _scale(self, target: Target) -> None:
        endpoint = linked.acting(self._services).client("sagemaker").describe_endpoint(EndpointName=target.endpoint)
        variants = {variant["VariantName"]: variant for variant in endpoint.get("ProductionVariants", [])}
        # What is being deployed is not scaled (SageMaker Developer Guide, "Update endpoints that use auto scaling").
        if endpoint["EndpointStatus"] != "InService" or target.variant not in variants:
            return
        count = variants[target.variant]["CurrentInstanceCount"]
        target = self._finished(target, count)
        capacity = Capacity(count, target.members["MinCapacity"], target.members["MaxCapacity"])
        wanted, cause = self._wanted(target, capacity)
        if wanted != count:
            self._set(target, wanted, cause=cause, outwards=wanted > count)

    def _finished(self, target: Target, count: int) -> Target:
        """The target, its activities ended that were in progress."""
        now = self._services.clock.now()
        for activity in [each for each in target.activities if each.status == "InProgress"]:
            reached = activity.wanted == count
            said = "Successfully set" if reached else "The endpoint did not come to"
            message = f"{said} desired instance count to {activity.wanted}."
            status = "Successful" if reached else "Unfulfilled"
            self._book.note(target, dataclasses.replace(activity, status=status, ended_at=now, message=message))
        return self._book.find(target.members["ResourceId"]) or target

    def _wanted(self, target: Target, capacity: Capacity) -> tuple[int, str]:
        """The count to be, with its cause: the limits first, else the policy that wants most."""
        if capacity.now < capacity.least:
            return capacity.least, f"minimum capacity was set to {capacity.least}"
        if capacity.now > capacity.most:
            return capacity.most, f"maximum capacity was set to {capacity.most}"
        asked = [(self._asked(target, kept, capacity), name) for name, kept in sorted(target.policies.items())]
        if not asked:
            return capacity.now, ""
        wanted, name = max(asked)
        return wanted, f"monitor of InvocationsPerInstance triggered policy {name}"

    def _asked(self, target: Target, kept: dict[str, Any], capacity: Capacity) -> int:
        policy = Policy.of(kept["TargetTrackingScalingPolicyConfiguration"])
        now = self._services.clock.now()
        wanted = policy.wanted(self._minutes(target, now), capacity)
        out = wanted > capacity.now
        ends = {"ended_out": target.last(outwards=True), "ended_in": target.last(outwards=False)}
        if target.suspended(out=out) or policy.rests(out=out, **ends, now=now):
            return capacity.now
        return wanted

    def _minutes(self, target: Target, now: datetime) -> list[float | None]:
        end = now.replace(second=0, microsecond=0)
        starts = [end - _MINUTE * number for number in range(IN_MINUTES, 0, -1)]
        found = self._services.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName="InvocationsPerInstance",
            Dimensions=[
                {"Name": "EndpointName", "Value": target.endpoint},
                {"Name": "VariantName", "Value": target.variant},
            ],
            StartTime=starts[0],
            EndTime=end,
            Period=60,
            Statistics=["Sum"],
        )
        sums = {point["Timestamp"]: float(point["Sum"]) for point in found["Datapoints"]}
        return [sums.get(start) for start in starts]

    def _set(self, target: Target, wanted: int, *, cause: str, outwards: bool) -> None:
        now = self._services.clock.now()
        activity = Activity(f"Setting desired instance count to {wanted}.", cause, now, wanted, outwards)
        self._book.note(target, activity)
        capacity = {"VariantName": target.variant, "DesiredInstanceCount": wanted}
        try:
            linked.acting(self._services).client("sagemaker").update_endpoint_weights_and_capacities(
                EndpointName=target.endpoint, DesiredWeightsAndCapacities=[capacity]
            )
        except ClientError as error:
            message = f"Failed to set desired instance count to {wanted}. Reason: {error}"
            self._book.note(target, dataclasses.replace(activity, status="Failed", ended_at=now, message=message))
