"""The operations on EventBridge's rules, their targets and their tags."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Final

from local.errors import AwsError, ValidationError
from local.events.bus import check_bus
from local.events.pattern import Pattern
from local.events.payload import check_payload
from local.events.rules import Rule, Rules
from local.events.schedules import Schedules
from local.events.targets import Targets
from local.front import Handler
from local.paging import page
from local.services import Services
from local.wire import Call

_PAGE: Final = 100

Params = dict[str, Any]


class RuleOperations:
    """Handlers over `rules`; targets are checked before they are kept, and `schedules` follow what is changed."""

    def __init__(self, services: Services, rules: Rules, targets: Targets, schedules: Schedules) -> None:
        self._rules, self._targets, self._schedules = rules, targets, schedules
        self._clock = services.clock
        prefix = f"arn:aws:events:{services.region}:{services.account}"
        self._bus_arn, self._rule_prefix = f"{prefix}:event-bus/default", f"{prefix}:rule/"

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {
            "PutRule": self._put_rule,
            "DescribeRule": self._describe_rule,
            "ListRules": self._list_rules,
            "DeleteRule": self._delete_rule,
            "EnableRule": lambda params, _: self._switch(params, "ENABLED"),
            "DisableRule": lambda params, _: self._switch(params, "DISABLED"),
            "PutTargets": self._put_targets,
            "RemoveTargets": self._remove_targets,
            "ListTargetsByRule": self._list_targets_by_rule,
            "ListRuleNamesByTarget": self._list_rule_names_by_target,
            "TagResource": self._tag_resource,
            "UntagResource": self._untag_resource,
            "ListTagsForResource": self._list_tags_for_resource,
        }

    def _put_rule(self, params: Params, _: Call) -> Params:
        self._check_bus(params)
        pattern, schedule = params.get("EventPattern"), params.get("ScheduleExpression")
        if not pattern and not schedule:
            raise ValidationError("Parameter(s) EventPattern or ScheduleExpression must be specified.")
        if schedule:
            self._schedules.check(schedule)
        rule = Rule(
            name=params["Name"],
            arn=self._rule_prefix + params["Name"],
            since=self._clock.now(),
            pattern=Pattern(pattern) if pattern else None,
            schedule=schedule or None,
            state=params.get("State", "ENABLED"),
            description=params.get("Description"),
            role_arn=params.get("RoleArn"),
            tags={tag["Key"]: tag["Value"] for tag in params.get("Tags", ())},
        )
        self._rules.put(rule)
        self._schedules.follow(rule)
        return {"RuleArn": rule.arn}

    def _describe_rule(self, params: Params, _: Call) -> Params:
        self._check_bus(params)
        return self._rules.get(params["Name"]).described()

    def _list_rules(self, params: Params, _: Call) -> Params:
        self._check_bus(params)
        rules, token = _page(self._rules.listed(prefix=params.get("NamePrefix", "")), params)
        return {"Rules": [rule.described() for rule in rules], "NextToken": token}

    def _delete_rule(self, params: Params, _: Call) -> Params:
        self._check_bus(params)
        self._rules.delete(params["Name"])
        self._schedules.forget(params["Name"])
        return {}

    def _switch(self, params: Params, state: str) -> Params:
        self._check_bus(params)
        now = self._clock.now()
        rule = self._rules.change(params["Name"], lambda rule: dataclasses.replace(rule, state=state, since=now))
        self._schedules.follow(rule)
        return {}

    def _put_targets(self, params: Params, _: Call) -> Params:
        self._check_bus(params)
        for target in params["Targets"]:
            self._targets.check(target)
            check_payload(target)
        self._rules.add_targets(params["Rule"], params["Targets"])
        return {"FailedEntryCount": 0, "FailedEntries": []}

    def _remove_targets(self, params: Params, _: Call) -> Params:
        self._check_bus(params)
        failed = [
            {"TargetId": target_id, "ErrorCode": "ResourceNotFoundException", "ErrorMessage": "Target does not exist."}
            for target_id in self._rules.remove_targets(params["Rule"], params["Ids"])
        ]
        return {"FailedEntryCount": len(failed), "FailedEntries": failed}

    def _list_targets_by_rule(self, params: Params, _: Call) -> Params:
        self._check_bus(params)
        targets = [dict(target) for target in self._rules.get(params["Rule"]).targets.values()]
        found, token = _page(targets, params)
        return {"Targets": found, "NextToken": token}

    def _list_rule_names_by_target(self, params: Params, _: Call) -> Params:
        self._check_bus(params)
        rules, token = _page(self._rules.listed(target_arn=params["TargetArn"]), params)
        return {"RuleNames": [rule.name for rule in rules], "NextToken": token}

    def _tag_resource(self, params: Params, _: Call) -> Params:
        given = {tag["Key"]: tag["Value"] for tag in params["Tags"]}
        self._change_tags(params, lambda tags: tags | given)
        return {}

    def _untag_resource(self, params: Params, _: Call) -> Params:
        self._change_tags(params, lambda tags: {k: v for k, v in tags.items() if k not in params["TagKeys"]})
        return {}

    def _list_tags_for_resource(self, params: Params, _: Call) -> Params:
        tags = self._rules.get(self._name_of(params["ResourceARN"])).tags
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _change_tags(self, params: Params, changed: Callable[[dict[str, str]], dict[str, str]]) -> None:
        name = self._name_of(params["ResourceARN"])
        self._rules.change(name, lambda rule: dataclasses.replace(rule, tags=changed(rule.tags)))

    def _check_bus(self, params: Params) -> None:
        check_bus(params.get("EventBusName"), arn=self._bus_arn)

    def _name_of(self, arn: str) -> str:
        if not arn.startswith(self._rule_prefix):
            raise AwsError("ResourceNotFoundException", f"{arn} does not exist.")
        return arn.removeprefix(self._rule_prefix)


def _page(items: list[Any], params: Params) -> tuple[list[Any], str | None]:
    return page(items, size=params.get("Limit", _PAGE), token=params.get("NextToken"), code="ValidationException")
