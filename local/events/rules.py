"""The rules of the default event bus and what hangs on them: targets, tags, state."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.errors import AwsError, ValidationError
from local.events.pattern import Pattern
from local.state import Table

_TARGETS_PER_RULE = 5
"""The default quota ("Amazon EventBridge quotas")."""


@dataclass(frozen=True)
class Rule:
    """One rule, never changed in place. Its targets are kept as PutTargets gave them; a rate counts from `since`."""

    name: str
    arn: str
    since: datetime
    pattern: Pattern | None = None
    schedule: str | None = None
    state: str = "ENABLED"
    description: str | None = None
    role_arn: str | None = None
    targets: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def delivers(self) -> bool:
        """Whether events that fit are sent on."""
        return self.state != "DISABLED"

    def takes(self, event: Mapping[str, Any]) -> bool:
        """Whether an event is sent on."""
        return self.delivers and self.pattern is not None and self.pattern.matches(event)

    def sends_to(self, target_arn: str) -> bool:
        """Whether one of its targets has that ARN."""
        return any(target["Arn"] == target_arn for target in self.targets.values())

    def described(self) -> dict[str, Any]:
        """The members of DescribeRule and ListRules."""
        return {
            "Name": self.name,
            "Arn": self.arn,
            "EventPattern": self.pattern.text if self.pattern else None,
            "ScheduleExpression": self.schedule,
            "State": self.state,
            "Description": self.description,
            "RoleArn": self.role_arn,
            "EventBusName": "default",
        }


class Rules:
    """All rules, safe for many threads."""

    def __init__(self, rules: Table[Rule]) -> None:
        self._rules = rules
        self._lock = threading.Lock()

    def put(self, rule: Rule) -> None:
        """Add a rule; one of that name keeps its targets and its tags."""
        with self._lock:
            old = self._rules.get(rule.name)
            if old is not None:
                rule = dataclasses.replace(rule, targets=old.targets, tags=old.tags)
            self._rules[rule.name] = rule

    def get(self, name: str) -> Rule:
        """A rule. Raises AwsError `ResourceNotFoundException`."""
        with self._lock:
            return self._get(name)

    def change(self, name: str, changed: Callable[[Rule], Rule]) -> Rule:
        """Put what `changed` makes of a rule in its place. Raises AwsError `ResourceNotFoundException`."""
        with self._lock:
            self._rules[name] = changed(self._get(name))
            return self._rules[name]

    def listed(self, *, prefix: str = "", target_arn: str | None = None) -> list[Rule]:
        """The rules in the order of their names, optionally those alone that have a target."""
        with self._lock:
            found = [rule for name, rule in sorted(self._rules.items()) if name.startswith(prefix)]
            return [rule for rule in found if target_arn is None or rule.sends_to(target_arn)]

    def matching(self, event: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        """Rule ARN and target for every target that the event goes to."""
        with self._lock:
            rules = [rule for rule in self._rules.values() if rule.takes(event)]
            return [(rule.arn, dict(target)) for rule in rules for target in rule.targets.values()]

    def scheduled(self, name: str) -> tuple[str, list[dict[str, Any]]] | None:
        """ARN and targets of a rule whose turn has come; None when it has been disabled or deleted."""
        with self._lock:
            rule = self._rules.get(name)
            if rule is None or not rule.delivers:
                return None
            return rule.arn, [dict(target) for target in rule.targets.values()]

    def add_targets(self, name: str, targets: list[dict[str, Any]]) -> None:
        """Add targets, or replace those of the same id. Raises AwsError over the quota."""
        with self._lock:
            rule = self._get(name)
            merged = rule.targets | {target["Id"]: target for target in targets}
            if len(merged) > _TARGETS_PER_RULE:
                raise AwsError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
            self._rules[name] = dataclasses.replace(rule, targets=merged)

    def remove_targets(self, name: str, ids: list[str]) -> list[str]:
        """Remove targets; gives the ids that the rule does not have."""
        with self._lock:
            rule = self._get(name)
            left = {target_id: target for target_id, target in rule.targets.items() if target_id not in ids}
            self._rules[name] = dataclasses.replace(rule, targets=left)
            return [target_id for target_id in ids if target_id not in rule.targets]

    def delete(self, name: str) -> None:
        """Delete a rule; one that does not exist is deleted already. Raises ValidationError while it has targets."""
        with self._lock:
            rule = self._rules.get(name)
            if rule is not None and rule.targets:
                raise ValidationError("Rule can't be deleted since it has targets.")
            self._rules.pop(name, None)

    def _get(self, name: str) -> Rule:
        if name not in self._rules:
            raise AwsError("ResourceNotFoundException", f"Rule {name} does not exist on EventBus default.")
        return self._rules[name]
