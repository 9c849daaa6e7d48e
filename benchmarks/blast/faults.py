"""The catalogue of bad models: what goes wrong, and whether errors or latency show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """A bad model: ``name`` is what ``served.py`` knows it by."""

    name: str
    title: str
    shows: bool = True
    """Whether it shows in errors or in latency once it serves."""


GOOD = Fault("none", "none: a good model", shows=False)
FAULTS = (
    Fault("always", "fails always"),
    Fault("some", "fails on 5 % of requests"),
    Fault("category", "fails on one category of input, a fifth"),
    Fault("slow", "ten times slower"),
    Fault("hang", "hangs until the request times out"),
    Fault("leak", "leaks memory until killed"),
    Fault("nan", "answers NaN", shows=False),
    Fault("nan_refused", "answers NaN, which inference.py refuses"),
    Fault("no_start", "does not start", shows=False),
)
CATALOGUE = (*FAULTS, GOOD)
