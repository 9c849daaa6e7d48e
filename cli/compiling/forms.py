"""The forms of what steps have besides their arguments: retry policies, caches, orders, conditions, names, messages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from cli.compiling import canonical, graph, kinds
from cli.compiling.findings import Finding

RETRIED = {"Processing", "Training", "Tuning", "Transform", "Model", "RegisterModel"}
"""The types that a policy can repeat. Developer Guide, "Retry Policy for Pipeline Steps"."""
CACHED = {"Processing", "Training", "Tuning", "Transform", "QualityCheck", "ClarifyCheck", "Lambda", "Callback"}
"""The types that can be cached. Developer Guide, "Caching pipeline steps"."""

_EXCEPTIONS = {
    *("Step.SERVICE_FAULT", "Step.THROTTLING"),
    *("SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR", "SageMaker.RESOURCE_LIMIT"),
}
_LIMITS = {"IntervalSeconds": (1, 43_200), "MaxAttempts": (1, 20), "ExpireAfterMin": (1, 14_400)}
_DURATION = re.compile(r"P?(?=.)(\d+[YMWDymwd])*(T(?=.)(\d+[HMShms])+)?")
_NAMED = {"PropertyFileName": "property file", "ChannelName": "channel", "InputName": "input", "OutputName": "output"}
_TRIGGERS = {"Completed", "Failed", "Stopped", "Any"}
_BINARY = {"Equals", "NotEquals", "GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo"}
_MEMBERS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_BINARY, ("LeftValue", "RightValue")),
    **{"In": ("QueryValue", "Values"), "Not": ("Condition",), "Or": ("Conditions",)},
}


def findings(definition: Mapping[str, Any]) -> list[Finding]:
    """What SageMaker would refuse of the forms of steps, and failures without a word."""
    known, found = kinds.Kinds(definition), []
    for step in canonical.steps(dict(definition)):
        wrong = [*_retries(step), *_cache(step), *_order(step), *_condition_step(step, known)]
        wrong += [f"{kind} {name} is there {times} times; name each once." for kind, name, times in _repeated(step)]
        found += [Finding(sentence=f"Step {step['Name']}: {sentence}", step=step["Name"]) for sentence in wrong]
        if step["Type"] == "Fail" and not step.get("Arguments", {}).get("ErrorMessage"):
            sentence = f"Step {step['Name']}: it has no message; say why the execution fails."
            found.append(Finding(sentence=sentence, step=step["Name"], warning=True))
    return found


def _repeated(step: graph.Step) -> Iterator[tuple[str, str, int]]:
    """Kind, name and number of what a step's job knows by name and is given more than once."""
    for members in _lists(graph.own(step)):
        named = Counter(name for member in members if (name := _name(member)))
        yield from ((_NAMED[key], name, times) for (key, name), times in named.items() if times > 1)


def _name(member: Any) -> tuple[str, str] | None:
    """The first of its members that is a name: a property file has the name of its output besides."""
    named = ((key, str(member[key])) for key in _NAMED if isinstance(member, dict) and key in member)
    return next(named, None)


def _lists(value: Any) -> Iterator[list[Any]]:
    if isinstance(value, list):
        yield value
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _lists(member)


def _retries(step: graph.Step) -> Iterator[str]:
    policies = step.get("RetryPolicies", [])
    if policies and step["Type"] not in RETRIED:
        yield f"steps of type {step['Type']} take no retry policy; those of {', '.join(sorted(RETRIED))} do."
        return
    for policy in policies:
        yield from _policy(policy)


def _policy(policy: Mapping[str, Any]) -> Iterator[str]:
    named = policy.get("ExceptionType", [])
    unknown = sorted(set([named] if isinstance(named, str) else named) - _EXCEPTIONS)
    if unknown or not named:
        listed = ", ".join(unknown) or "no exception"
        yield f"a retry policy is for {listed}; the exception types are {', '.join(sorted(_EXCEPTIONS))}."
    for member, (least, most) in _LIMITS.items():
        value = policy.get(member)
        if value is not None and (not isinstance(value, int) or not least <= value <= most):
            yield f"a retry policy has {member} {value!r}; it is a whole number from {least} to {most}."
    if isinstance(rate := policy.get("BackoffRate", 1), bool) or not isinstance(rate, int | float) or rate < 0:
        yield f"a retry policy has BackoffRate {rate!r}; it is a number that is not negative."
    if "MaxAttempts" in policy and "ExpireAfterMin" in policy:
        yield "a retry policy has MaxAttempts and ExpireAfterMin; write one of them."


def _cache(step: graph.Step) -> Iterator[str]:
    cache = step.get("CacheConfig")
    if not cache or not cache.get("Enabled"):
        return
    if step["Type"] not in CACHED:
        yield f"steps of type {step['Type']} are not cached; those of {', '.join(sorted(CACHED))} are."
    duration = cache.get("ExpireAfter")
    if duration is not None and not _DURATION.fullmatch(duration):
        yield f"the cache expires after {duration!r}; write a duration of ISO 8601, as P30D or PT12H."


def _order(step: graph.Step) -> Iterator[str]:
    for name, trigger in graph.depends_on(step).items():
        if trigger not in _TRIGGERS:
            yield f"waits for {trigger!r} of step {name}; write one of {', '.join(sorted(_TRIGGERS))}."


def _condition_step(step: graph.Step, known: kinds.Kinds) -> Iterator[str]:
    if step["Type"] != "Condition":
        return
    conditions = step["Arguments"].get("Conditions", [])
    if not conditions:
        yield "it has no condition; give it at least one."
    for condition in conditions:
        yield from _condition(condition, known)
    for inner in [inner for branch in graph.branches(step).values() for inner in branch]:
        if inner["Type"] == "Condition":
            yield (
                f"condition {inner['Name']} is in its branch, and Pipelines has no conditions within conditions; "
                "join them with ConditionOr, or several conditions of one step."
            )


def _condition(condition: Mapping[str, Any], known: kinds.Kinds) -> Iterator[str]:
    kind = condition.get("Type")
    members = _MEMBERS.get(str(kind))
    if members is None:
        yield f"{kind!r} is no condition; the conditions are {', '.join(sorted(_MEMBERS))}."
        return
    missing = [member for member in members if member not in condition]
    if missing:
        yield f"a condition {kind} has no {' and no '.join(missing)}."
    elif kind == "Not":
        yield from _condition(condition["Condition"], known)
    elif kind == "Or":
        for inner in condition["Conditions"]:
            yield from _condition(inner, known)
    elif kind in _BINARY:
        yield from _compared(condition, known)


def _compared(condition: Mapping[str, Any], known: kinds.Kinds) -> Iterator[str]:
    """Two sides of which one is a text and the other a number can only be meant to be something else."""
    sides = [_side(condition[member], known) for member in ("LeftValue", "RightValue")]
    if None not in sides and len({_COMPARABLE.get(str(side), side) for side in sides}) > 1:
        shown = [_shown(condition[member]) for member in ("LeftValue", "RightValue")]
        yield f"condition {condition['Type']} compares {shown[0]}, {sides[0]}, with {shown[1]}, {sides[1]}."


_COMPARABLE = {"integer": "a number", "float": "a number"}


def _side(value: Any, known: kinds.Kinds) -> str | None:
    if kinds.is_function(value):
        return known.of(value)
    types = {bool: "boolean", int: "integer", float: "float", str: "string"}
    return types.get(type(value))


def _shown(value: Any) -> str:
    return kinds.described(value) if kinds.is_function(value) else repr(value)
