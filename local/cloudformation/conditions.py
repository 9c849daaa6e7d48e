"""Conditions and rules: the yes-or-no part of a template, which knows parameters and no resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from local.cloudformation.errors import InvalidRequest
from local.cloudformation.intrinsics import Resolver, Scope
from local.cloudformation.template import Template
from local.errors import UnsupportedLocally


def conditions(template: Template, scope: Scope) -> dict[str, bool]:
    """What each condition of a template says. Raises InvalidRequest for a cycle or an unknown name."""
    judge = _Judge(template, scope)
    return {name: judge.condition(name) for name in template.conditions}


def check_rules(template: Template, scope: Scope) -> None:
    """Judge the assertions of a template's rules. Raises InvalidRequest describing the first that fails."""
    judge = _Judge(template, scope)
    for name, rule in template.rules.items():
        if "RuleCondition" in rule and not judge.holds(rule["RuleCondition"]):
            continue
        for assertion in rule["Assertions"]:
            if not judge.holds(assertion.get("Assert")):
                described = assertion.get("AssertDescription", "an assertion is false")
                raise InvalidRequest(f"Rule {name} failed to satisfy assertion: {described}")


class _Judge:
    def __init__(self, template: Template, scope: Scope) -> None:
        self._template = template
        self._known: dict[str, bool] = {}
        self._asked: list[str] = []
        self._resolver = Resolver(scope)

    def condition(self, name: Any) -> bool:
        if not isinstance(name, str) or name not in self._template.conditions:
            message = (
                f"Template format error: Unresolved condition dependency {name} in the Conditions block of the template"
            )
            raise InvalidRequest(message)
        if name in self._asked:
            raise InvalidRequest(f"Template error: Circular condition dependency: {', '.join([*self._asked, name])}")
        if name not in self._known:
            self._asked.append(name)
            self._known[name] = self.holds(self._template.conditions[name])
            self._asked.pop()
        return self._known[name]

    def holds(self, expression: Any) -> bool:
        if isinstance(expression, bool):
            return expression
        if isinstance(expression, dict) and len(expression) == 1:
            name, argument = next(iter(expression.items()))
            if name in _FUNCTIONS:
                return _FUNCTIONS[name](self, argument)
            if name.startswith("Fn::"):
                raise UnsupportedLocally(f"the function {name} in a condition or rule")
        raise InvalidRequest("Template format error: Every Condition member must be a condition function.")

    def resolve(self, value: Any) -> Any:
        return self._resolver.resolve(value)


def _arguments(name: str, argument: Any, *, least: int, most: int) -> list[Any]:
    if not isinstance(argument, list) or not least <= len(argument) <= most:
        sizes = str(least) if least == most else f"{least} to {most}"
        raise InvalidRequest(f"Template error: every {name} object requires a list of {sizes} parameters.")
    return argument


def _equals(judge: _Judge, argument: Any) -> bool:
    left, right = _arguments("Fn::Equals", argument, least=2, most=2)
    return bool(_comparable(judge.resolve(left)) == _comparable(judge.resolve(right)))


def _comparable(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _items(judge: _Judge, name: str, value: Any) -> list[Any]:
    items = judge.resolve(value)
    if not isinstance(items, list):
        raise InvalidRequest(f"Template error: every {name} object requires a list of strings.")
    return [_comparable(item) for item in items]


def _contains(judge: _Judge, argument: Any) -> bool:
    values, value = _arguments("Fn::Contains", argument, least=2, most=2)
    return _comparable(judge.resolve(value)) in _items(judge, "Fn::Contains", values)


def _each_member_equals(judge: _Judge, argument: Any) -> bool:
    values, value = _arguments("Fn::EachMemberEquals", argument, least=2, most=2)
    return all(item == _comparable(judge.resolve(value)) for item in _items(judge, "Fn::EachMemberEquals", values))


def _each_member_in(judge: _Judge, argument: Any) -> bool:
    values, allowed = _arguments("Fn::EachMemberIn", argument, least=2, most=2)
    known = _items(judge, "Fn::EachMemberIn", allowed)
    return all(item in known for item in _items(judge, "Fn::EachMemberIn", values))


def _all(judge: _Judge, argument: Any) -> bool:
    return all([judge.holds(item) for item in _arguments("Fn::And", argument, least=2, most=10)])


def _any(judge: _Judge, argument: Any) -> bool:
    return any([judge.holds(item) for item in _arguments("Fn::Or", argument, least=2, most=10)])


def _not(judge: _Judge, argument: Any) -> bool:
    return not judge.holds(_arguments("Fn::Not", argument, least=1, most=1)[0])


_FUNCTIONS: Final[Mapping[str, Callable[[_Judge, Any], bool]]] = {
    "Condition": lambda judge, name: judge.condition(name),
    "Fn::And": _all,
    "Fn::Contains": _contains,
    "Fn::EachMemberEquals": _each_member_equals,
    "Fn::EachMemberIn": _each_member_in,
    "Fn::Equals": _equals,
    "Fn::Not": _not,
    "Fn::Or": _any,
}
