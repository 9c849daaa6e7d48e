"""Steps that no execution can reach: after a failure, in a branch that is never taken, or in need of two branches."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cli.compiling import canonical, graph, kinds
from cli.compiling.findings import Finding

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "NotEquals": operator.ne,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}

Outcomes = frozenset[tuple[str, bool]]
"""Conditions with the outcome that each must have."""


def findings(definition: Mapping[str, Any]) -> list[Finding]:
    """What can never run. A definition in which steps wait for each other is not judged."""
    every = list(canonical.steps(dict(definition)))
    return [] if graph.cycle(every) else list(_Reach(every).findings())


def outcome(step: graph.Step) -> bool | None:
    """The outcome of a condition step when it is the same in each execution, else None."""
    return _all([_value(condition) for condition in step["Arguments"].get("Conditions", [])])


class _Reach:
    """What it takes to reach each step of one definition."""

    def __init__(self, every: list[dict[str, Any]]) -> None:
        self._steps = {step["Name"]: step for step in every}
        self._branch = {
            inner["Name"]: (step["Name"], taken)
            for step in every
            for taken, inners in graph.branches(step).items()
            for inner in inners
        }
        self._known: dict[str, Outcomes] = {}

    def findings(self) -> Iterator[Finding]:
        for step in self._steps.values():
            if step["Type"] == "Condition" and (always := outcome(step)) is not None:
                for inner in graph.branches(step)[not always]:
                    said = f"condition {step['Name']} is always {str(always).lower()}"
                    yield self._never(inner["Name"], said, warning=True)
            for name in self._waited_for(step):
                if self._steps.get(name, {}).get("Type") == "Fail":
                    yield self._never(step["Name"], f"it comes after step {name}, which ends the execution")
            yield from self._contradictions(step["Name"])

    def _contradictions(self, name: str) -> Iterator[Finding]:
        needed = self._needed(name)
        for condition in sorted(condition for condition, taken in needed if taken):
            if (condition, False) in needed:
                yield self._never(name, f"it needs steps of both branches of condition {condition}")

    def _never(self, name: str, because: str, *, warning: bool = False) -> Finding:
        return Finding(sentence=f"Step {name} never runs: {because}.", step=name, warning=warning)

    def _waited_for(self, step: graph.Step) -> set[str]:
        """The steps that must have succeeded before ``step`` starts."""
        ordered = {name for name, trigger in graph.depends_on(step).items() if trigger == graph.COMPLETED}
        return ordered | graph.users(step)

    def _needed(self, name: str) -> Outcomes:
        if name not in self._known:
            branch = self._branch.get(name)
            needed = {branch} if branch else set()
            before = self._waited_for(self._steps[name]) | ({branch[0]} if branch else set())
            for other in before & self._steps.keys():
                needed |= self._needed(other)
            self._known[name] = frozenset(needed)
        return self._known[name]


def _all(values: list[bool | None]) -> bool | None:
    if False in values:
        return False
    return None if None in values or not values else True


def _value(condition: Mapping[str, Any]) -> bool | None:
    kind = str(condition.get("Type"))
    if kind == "Not":
        inner = _value(condition.get("Condition", {}))
        return None if inner is None else not inner
    if kind == "Or":
        inners = [_value(inner) for inner in condition.get("Conditions", [])]
        return True if True in inners else False if inners and None not in inners else None
    sides = [condition.get(member) for member in ("LeftValue", "RightValue")]
    if kind not in _COMPARE or any(side is None or kinds.is_function(side) for side in sides):
        return None
    try:
        return bool(_COMPARE[kind](*sides))
    except TypeError:
        return None  # told as sides of different types
