"""Texts of policies: wildcards and the variables that stand for what a request brings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

Values = tuple[str, ...]
Context = Mapping[str, Values]
"""What is known of a request: condition keys in lower case, with their values."""
Matches = Callable[[str, Context], bool]
"""Whether a request's value fits a text of a policy, given the rest of the request."""

_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_LITERAL: Final = frozenset("*?$")


def like(text: str, *, variables: bool = True) -> Matches:
    """A match where `*` is any text and `?` any character; what a variable brings is taken as it is.

    A variable without value or default lets nothing match (IAM User Guide, "IAM policy elements: Variables and tags").
    """
    return _matching(text, variables=variables, whole=_globbed)


def exactly(text: str, *, variables: bool = True, ignore_case: bool = False) -> Matches:
    """A match of the whole text, letter by letter."""
    return _matching(text, variables=variables, whole=re.escape, flags=re.IGNORECASE if ignore_case else 0)


def arn_like(text: str, *, variables: bool = True) -> Matches:
    """A match of ARNs, in which each of the six fields is matched by itself.

    Source: IAM User Guide, "Amazon Resource Name (ARN) condition operators".
    """
    fields = [like(field, variables=variables) for field in _fields(text)]

    def matches(given: str, context: Context) -> bool:
        of_given = given.split(":", 5)
        return len(of_given) == len(fields) and all(
            match(field, context) for match, field in zip(fields, of_given, strict=True)
        )

    return matches


def any_like(texts: tuple[str, ...], *, variables: bool) -> Matches:
    """A match with at least one of several texts with wildcards."""
    fixed = [text for text in texts if not (variables and _VARIABLE.search(text))]
    open_ones = [like(text) for text in texts if variables and _VARIABLE.search(text)]
    compiled = _compiled("|".join(f"(?:{_globbed(text)})" for text in fixed)) if fixed else None

    def matches(given: str, context: Context) -> bool:
        if compiled is not None and compiled.fullmatch(given):
            return True
        return any(match(given, context) for match in open_ones)

    return matches


def _matching(text: str, *, variables: bool, whole: Callable[[str], str], flags: int = 0) -> Matches:
    if not (variables and _VARIABLE.search(text)):
        compiled = _compiled(whole(text), flags)
        return lambda given, _: compiled.fullmatch(given) is not None
    parts = _VARIABLE.split(text)

    def matches(given: str, context: Context) -> bool:
        brought = [_value(name, context) for name in parts[1::2]]
        if any(value is None for value in brought):
            return False
        between = [re.escape(value or "") for value in brought]
        spelt = whole(parts[0]) + "".join(
            value + whole(after) for value, after in zip(between, parts[2::2], strict=True)
        )
        return _compiled(spelt, flags).fullmatch(given) is not None

    return matches


def _value(name: str, context: Context) -> str | None:
    if name in _LITERAL:
        return name
    key, _, default = name.partition(",")
    values = context.get(key.strip().lower(), ())
    if len(values) == 1:
        return values[0]
    return default.strip().strip("'") if default else None


def _globbed(text: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(letter) or re.escape(letter) for letter in text)


def _fields(text: str) -> list[str]:
    # A colon inside of a variable is none of the ARN's.
    veiled = _VARIABLE.sub(lambda found: found[0].replace(":", "\0"), text)
    return [field.replace("\0", ":") for field in veiled.split(":", 5)]


@lru_cache(maxsize=4096)
def _compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL | flags)
