"""AWS::Scheduler: schedules and their groups."""

from __future__ import annotations

from typing import Any, Final

from local.cloudformation.names import Naming
from local.cloudformation.resources.provisioner import Provisioner, Request, Schema, required, tags

_SETTINGS: Final = (
    "Description",
    "EndDate",
    "GroupName",
    "ScheduleExpressionTimezone",
    "StartDate",
    "State",
)
_NEEDED: Final = ("FlexibleTimeWindow", "ScheduleExpression", "Target")


class Schedule(Provisioner):
    """A schedule."""

    schema = Schema(
        type="AWS::Scheduler::Schedule",
        properties=frozenset({*_SETTINGS, *_NEEDED, "Name"}),
        create_only=frozenset({"Name"}),
        fixed=frozenset({"GroupName"}),
        attributes=frozenset({"Arn"}),
        name="Name",
        naming=Naming(limit=64),
    )

    def create(self, request: Request) -> str:
        """Create the schedule."""
        request.call("scheduler", "create_schedule", **self._settings(request))
        return request.name

    def update(self, request: Request) -> None:
        """Put all of its settings anew."""
        request.call("scheduler", "update_schedule", **self._settings(request))

    def delete(self, request: Request) -> None:
        """Delete the schedule."""
        request.call("scheduler", "delete_schedule", Name=request.physical_id, **request.some("GroupName"))

    def read(self, request: Request) -> dict[str, Any]:
        """The schedule."""
        place = {"Name": request.physical_id, **request.some("GroupName")}
        found: dict[str, Any] = request.call("scheduler", "get_schedule", **place)
        return found

    def attributes(self, request: Request) -> dict[str, Any]:
        """The schedule's ARN."""
        group = request.properties.get("GroupName", "default")
        return {"Arn": request.arn("scheduler", f"schedule/{group}/{request.name}")}

    def _settings(self, request: Request) -> dict[str, Any]:
        needed = {name: required(request, name) for name in _NEEDED}
        return {"Name": request.name, **needed, **request.some(*_SETTINGS)}


class ScheduleGroup(Provisioner):
    """A schedule group. Deleted, it takes its schedules along."""

    schema = Schema(
        type="AWS::Scheduler::ScheduleGroup",
        properties=frozenset({"Name", "Tags"}),
        create_only=frozenset({"Name"}),
        attributes=frozenset({"Arn", "State"}),
        name="Name",
        naming=Naming(limit=64),
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Create the group."""
        request.call("scheduler", "create_schedule_group", Name=request.name, **request.some("Tags"))
        return request.name

    def update(self, request: Request) -> None:
        """Change the tags."""
        request.retag("scheduler", ResourceArn=self._arn(request))

    def delete(self, request: Request) -> None:
        """Delete the group."""
        request.call("scheduler", "delete_schedule_group", Name=request.physical_id)

    def read(self, request: Request) -> dict[str, Any]:
        """The group with its tags."""
        labels = request.call("scheduler", "list_tags_for_resource", ResourceArn=self._arn(request))["Tags"]
        return {**request.call("scheduler", "get_schedule_group", Name=request.physical_id), "Tags": tags(labels)}

    def attributes(self, request: Request) -> dict[str, Any]:
        """The group's ARN and state."""
        return {"Arn": self._arn(request), "State": "ACTIVE"}

    def _arn(self, request: Request) -> str:
        return request.arn("scheduler", f"schedule-group/{request.name}")


TYPES = (Schedule(), ScheduleGroup())
