"""Secrets that stand in a definition, where everybody reads them who may describe the pipeline or its jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cli.compiling import canonical
from cli.compiling.findings import Finding

_NAMED = re.compile(
    r"(?i)(^|[_\-. ])(pass(word|wd|phrase)?|secret|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|"
    r"(auth|access|api|bearer|hf|github|gitlab)[_-]?token|token)$"
)
_SHAPED = re.compile(
    r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY|\bgh[pousr]_[A-Za-z0-9]{36}|\bhf_[A-Za-z0-9]{30,}"
    r"|\bglpat-[\w-]{20}|\bxox[abprs]-[\w-]{10,}|\bsk-[A-Za-z0-9_-]{32,}|://[^/\s:@]+:[^/\s:@{]+@"
)
_NO_SECRET = re.compile(r"(?i)(arn:|ssm:|secretsmanager:|\{\{|s3://|/|(true|false|null|none|<.*>|\[.*\]|\d{1,6})$)")
"""What names a secret or turns something on; a token of text (`<pad>`, `[MASK]`), or a number of such."""
_PLACES = ("Environment", "HyperParameters", "StaticHyperParameters", "ContainerArguments", "Arguments")
_REMEDY = "keep it in Secrets Manager, and let the job fetch it by its name"


def findings(definition: Mapping[str, Any]) -> list[Finding]:
    """A warning for each value that is a secret by its name or by its form; the value itself is not told."""
    return [*_parameters(definition), *(f for step in canonical.steps(dict(definition)) for f in _step(step))]


def _parameters(definition: Mapping[str, Any]) -> Iterator[Finding]:
    for parameter in definition.get("Parameters", []):
        name, default = parameter["Name"], parameter.get("DefaultValue")
        if _is_secret(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name), default):
            sentence = f"Parameter {name}: its default looks like a secret; {_REMEDY}."
            yield Finding(sentence=sentence, parameter=name, warning=True)


def _step(step: Mapping[str, Any]) -> Iterator[Finding]:
    for place, name, value in _values(step.get("Arguments", {})):
        if _is_secret(name, value):
            sentence = f"Step {step['Name']}: {place} {name} looks like a secret; {_REMEDY}."
            yield Finding(sentence=sentence, step=step["Name"], warning=True)


def _values(arguments: Any) -> Iterator[tuple[str, str, Any]]:
    """Place, name and value of what a job is given as texts."""
    if isinstance(arguments, list):
        for member in arguments:
            yield from _values(member)
    if not isinstance(arguments, dict):
        return
    for place, given in arguments.items():
        if place in _PLACES and isinstance(given, dict):
            yield from ((place, str(name), value) for name, value in given.items())
        elif place in _PLACES and isinstance(given, list):
            options = ["", *given]
            yield from ((place, str(name).lstrip("-"), value) for name, value in zip(options, given, strict=False))
        elif place not in ("IfSteps", "ElseSteps"):
            yield from _values(given)


def _is_secret(name: str, value: Any) -> bool:
    plain = value.strip('"') if isinstance(value, str) else ""  # hyperparameters are JSON
    if not plain or _NO_SECRET.match(plain):
        return False
    return bool(_NAMED.search(name) or _SHAPED.search(plain))
