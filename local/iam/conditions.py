"""Conditions of policy statements: every operator that IAM has.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Conditions with multiple context keys or
values".
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from local.errors import UnsupportedLocally
from local.iam.wildcards import Context, Matches, arn_like, exactly, like

Build = Callable[[str, bool], Matches]
"""From a policy's value, and whether variables in it count, to what it matches."""
Quantifier = Literal["", "forallvalues", "foranyvalue"]

_OPERATOR: Final = re.compile(r"(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?", re.IGNORECASE)


@dataclass(frozen=True)
class Condition:
    """One key of one operator."""

    key: str
    """In lower case."""
    wanted: tuple[Matches, ...]
    negated: bool
    if_exists: bool
    quantifier: Quantifier

    def holds(self, context: Context) -> bool:
        """Whether the request's values are as the statement wants them."""
        given = context.get(self.key, ())
        if not given:
            return self._holds_without_value()
        fits = (self._fits(value, context) for value in given)
        # Without a quantifier a key has one value; one of several counts as all of them do for a negated operator.
        every = self.quantifier == "forallvalues" or (self.negated and not self.quantifier)
        return all(fits) if every else any(fits)

    def _fits(self, value: str, context: Context) -> bool:
        return any(matches(value, context) for matches in self.wanted) != self.negated

    def _holds_without_value(self) -> bool:
        if self.quantifier == "foranyvalue":
            return self.if_exists
        return self.if_exists or self.negated or self.quantifier == "forallvalues"


@dataclass(frozen=True)
class Presence:
    """The operator `Null`: whether a request has a key at all."""

    key: str
    absent: bool

    def holds(self, context: Context) -> bool:
        """Whether the request has the key, or has it not, as the statement wants it."""
        return (not context.get(self.key, ())) == self.absent


def conditions(block: Mapping[str, Mapping[str, Any]], *, variables: bool) -> tuple[Condition | Presence, ...]:
    """The conditions of a statement's Condition block, all of which must hold.

    Raises UnsupportedLocally for an operator that IAM does not have.
    """
    return tuple(
        condition
        for operator, keys in block.items()
        for key, values in keys.items()
        for condition in _conditions(operator, key.lower(), _texts(values), variables=variables)
    )


def _conditions(operator: str, key: str, values: list[str], *, variables: bool) -> Iterator[Condition | Presence]:
    found = _OPERATOR.fullmatch(operator)
    name = found[2].lower() if found else ""
    quantifier: Any = (found[1] or "").lower() if found else ""
    if name == "null":
        yield from (Presence(key, absent=value.lower() == "true") for value in values)
        return
    known = _OPERATORS.get(name)
    if found is None or known is None:
        raise UnsupportedLocally(f"the condition operator {operator}")
    build, negated = known
    wanted = tuple(build(value, variables) for value in values)
    yield Condition(key, wanted, negated=negated, if_exists=bool(found[3]), quantifier=quantifier)


def _texts(values: Any) -> list[str]:
    listed = values if isinstance(values, list) else [values]
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in listed]


def _equal(text: str, variables: bool) -> Matches:
    return exactly(text, variables=variables)


def _equal_ignoring_case(text: str, variables: bool) -> Matches:
    return exactly(text, variables=variables, ignore_case=True)


def _like(text: str, variables: bool) -> Matches:
    return like(text, variables=variables)


def _arn_like(text: str, variables: bool) -> Matches:
    return arn_like(text, variables=variables)


def _number(compare: Callable[[float, float], bool]) -> Build:
    return _parsed(float, compare)


def _date(compare: Callable[[float, float], bool]) -> Build:
    return _parsed(_seconds, compare)


def _parsed(parse: Callable[[str], float], compare: Callable[[float, float], bool]) -> Build:
    def build(text: str, _: bool) -> Matches:
        def matches(given: str, _: Context) -> bool:
            try:
                return compare(parse(given), parse(text))
            except ValueError:
                return False

        return matches

    return build


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _address(text: str, _: bool) -> Matches:
    def matches(given: str, _: Context) -> bool:
        try:
            return ipaddress.ip_address(given) in ipaddress.ip_network(text, strict=False)
        except ValueError:
            return False

    return matches


_OPERATORS: Final[Mapping[str, tuple[Build, bool]]] = {
    "stringequals": (_equal, False),
    "stringnotequals": (_equal, True),
    "stringequalsignorecase": (_equal_ignoring_case, False),
    "stringnotequalsignorecase": (_equal_ignoring_case, True),
    "stringlike": (_like, False),
    "stringnotlike": (_like, True),
    "numericequals": (_number(lambda given, wanted: given == wanted), False),
    "numericnotequals": (_number(lambda given, wanted: given == wanted), True),
    "numericlessthan": (_number(lambda given, wanted: given < wanted), False),
    "numericlessthanequals": (_number(lambda given, wanted: given <= wanted), False),
    "numericgreaterthan": (_number(lambda given, wanted: given > wanted), False),
    "numericgreaterthanequals": (_number(lambda given, wanted: given >= wanted), False),
    "dateequals": (_date(lambda given, wanted: given == wanted), False),
    "datenotequals": (_date(lambda given, wanted: given == wanted), True),
    "datelessthan": (_date(lambda given, wanted: given < wanted), False),
    "datelessthanequals": (_date(lambda given, wanted: given <= wanted), False),
    "dategreaterthan": (_date(lambda given, wanted: given > wanted), False),
    "dategreaterthanequals": (_date(lambda given, wanted: given >= wanted), False),
    "bool": (_equal_ignoring_case, False),
    "binaryequals": (_equal, False),
    "ipaddress": (_address, False),
    "notipaddress": (_address, True),
    "arnequals": (_arn_like, False),
    "arnnotequals": (_arn_like, True),
    "arnlike": (_arn_like, False),
    "arnnotlike": (_arn_like, True),
}
"""How each operator compares, by its name in lower case, and whether it asks for the opposite."""
