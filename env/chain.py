"""How stages follow each other: which belong together, and in which order a package passes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

After = Mapping[str, str | None]
"""For each stage the stage before it, or None."""


def members(name: str, after: After) -> list[str]:
    """The stages connected with ``name``, itself included, in the order of promotion."""
    return _ordered(_connected(name, after), after)


def promotion_order(after: After) -> list[str]:
    """All stages: those that stand alone first, then each chain from its first stage to its last."""
    chains = {frozenset(_connected(name, after)) for name in after}
    by_size_and_name = sorted(chains, key=lambda chain: (len(chain) > 1, min(chain)))
    return [name for chain in by_size_and_name for name in _ordered(chain, after)]


def in_circle(name: str, after: After) -> bool:
    """Whether a stage comes, by way of others, after itself."""
    return name in _before(after.get(name), after)


def _before(name: str | None, after: After) -> list[str]:
    """A stage and those before it, nearest first; each once, even in a circle."""
    passed: list[str] = []
    while name is not None and name not in passed:
        passed.append(name)
        name = after.get(name)
    return passed


def _connected(name: str, after: After) -> set[str]:
    found = {name}
    while True:
        following = {stage for stage, previous in after.items() if previous in found}
        preceding = {previous for stage, previous in after.items() if stage in found and previous in after}
        neighbours = {stage for stage in following | preceding if stage is not None}
        if neighbours <= found:
            return found
        found |= neighbours


def _ordered(chain: Iterable[str], after: After) -> list[str]:
    return sorted(chain, key=lambda name: (len(_before(name, after)), name))
