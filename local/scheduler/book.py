"""All schedules and their groups, safe for many threads."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from local.errors import AwsError, ValidationError
from local.scheduler.schedule import Schedule
from local.state import State, Table

DEFAULT: Final = "default"


@dataclass(frozen=True)
class Group:
    """A schedule group, never changed in place."""

    name: str
    arn: str
    created_at: datetime
    tags: dict[str, str] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """The members of GetScheduleGroup."""
        return {
            "Arn": self.arn,
            "Name": self.name,
            "State": "ACTIVE",
            "CreationDate": self.created_at,
            "LastModificationDate": self.created_at,
        }


class Book:
    """Finds schedules by group and name. The group `default` is always there."""

    def __init__(self, prefix: str, state: State, *, now: datetime) -> None:
        """`prefix` is that of the service's ARNs, with the account."""
        self._prefix = prefix
        self._groups: Table[Group] = state.table("scheduler.groups")
        self._schedules: Table[Schedule] = state.table("scheduler.schedules")
        self._taken: Table[datetime] = state.table("scheduler.taken")
        if DEFAULT not in self._groups:
            self._groups[DEFAULT] = Group(DEFAULT, self.group_arn(DEFAULT), now)
        self._lock = threading.Lock()

    def group_arn(self, name: str) -> str:
        """The ARN of a group of that name."""
        return f"{self._prefix}:schedule-group/{name}"

    def schedule_arn(self, group: str, name: str) -> str:
        """The ARN of a schedule of that name."""
        return f"{self._prefix}:schedule/{group}/{name}"

    def add(self, schedule: Schedule) -> None:
        """Add a schedule. Raises AwsError `ConflictException` or `ResourceNotFoundException` (its group)."""
        with self._lock:
            self._group(schedule.members["GroupName"])
            if schedule.key in self._schedules:
                raise _conflict(f"Schedule {schedule.members['Name']} already exists.")
            self._schedules[schedule.key] = schedule

    def replace(self, schedule: Schedule) -> None:
        """Put another in a schedule's place. Raises AwsError `ResourceNotFoundException`."""
        with self._lock:
            self._schedule(schedule.key)
            self._schedules[schedule.key] = schedule
            self._taken.pop(schedule.key, None)

    def take(self, key: str, turn: datetime) -> None:
        """Note the last turn of a schedule that stays."""
        with self._lock:
            if key in self._schedules:
                self._taken[key] = turn

    def taken(self, key: str) -> bool:
        """Whether a schedule's last turn was taken."""
        with self._lock:
            return key in self._taken

    def schedule(self, key: str) -> Schedule:
        """A schedule by group and name. Raises AwsError `ResourceNotFoundException`."""
        with self._lock:
            return self._schedule(key)

    def find(self, key: str) -> Schedule | None:
        """A schedule by group and name, if it is still there."""
        with self._lock:
            return self._schedules.get(key)

    def remove(self, key: str) -> None:
        """Remove a schedule. Raises AwsError `ResourceNotFoundException`."""
        with self._lock:
            self._schedule(key)
            self._drop(key)

    def schedules(self) -> list[Schedule]:
        """Every schedule in the order of groups and names."""
        with self._lock:
            return [schedule for _, schedule in sorted(self._schedules.items())]

    def add_group(self, group: Group) -> None:
        """Add a group. Raises AwsError `ConflictException`."""
        with self._lock:
            if group.name in self._groups:
                raise _conflict(f"Schedule group {group.name} already exists.")
            self._groups[group.name] = group

    def group(self, name: str) -> Group:
        """A group. Raises AwsError `ResourceNotFoundException`."""
        with self._lock:
            return self._group(name)

    def group_of(self, arn: str) -> Group:
        """A group by its ARN. Raises AwsError `ResourceNotFoundException`."""
        return self.group(arn.rpartition("/")[2] if arn.startswith(self.group_arn("")) else arn)

    def change_tags(self, arn: str, changed: Callable[[dict[str, str]], dict[str, str]]) -> None:
        """Give a group other tags. Raises AwsError `ResourceNotFoundException`."""
        group = self.group_of(arn)
        with self._lock:
            self._groups[group.name] = dataclasses.replace(group, tags=changed(group.tags))

    def groups(self) -> list[Group]:
        """Every group in the order of names."""
        with self._lock:
            return [group for _, group in sorted(self._groups.items())]

    def remove_group(self, name: str) -> list[str]:
        """Remove a group with its schedules, and give their keys. Raises AwsError."""
        with self._lock:
            self._group(name)
            if name == DEFAULT:
                raise ValidationError("The default schedule group cannot be deleted.")
            del self._groups[name]
            gone = [key for key, schedule in self._schedules.items() if schedule.members["GroupName"] == name]
            for key in gone:
                self._drop(key)
            return gone

    def _drop(self, key: str) -> None:
        del self._schedules[key]
        self._taken.pop(key, None)

    def _group(self, name: str) -> Group:
        if name not in self._groups:
            raise _missing(f"Schedule group {name} does not exist.")
        return self._groups[name]

    def _schedule(self, key: str) -> Schedule:
        if key not in self._schedules:
            raise _missing(f"Schedule {key.partition('/')[2]} does not exist.")
        return self._schedules[key]


def _missing(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message, status=404)


def _conflict(message: str) -> AwsError:
    return AwsError("ConflictException", message, status=409)
