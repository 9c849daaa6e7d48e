"""What must be reached, and whether it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from blast.agreement import Compared
from blast.policies import ALL_AT_ONCE, OURS
from blast.real import Released

LARGEST_SHARE_OF_UNGUARDED = 0.1
"""Ours must harm less than this part of what all at once harms."""
ALARM_TO_OLD_SECONDS = 60 + 60
"""From an alarm to the old version at most, provisioning apart: one alarm period and one evaluation."""


@dataclass(frozen=True)
class Result:
    """One figure, its goal, and whether it is reached."""

    name: str
    value: str
    goal: str
    reached: bool

    def __str__(self) -> str:
        return f"RESULT {self.name}={self.value} goal={self.goal} {'ok' if self.reached else 'short'}"


def of_faults(released: Iterable[Released]) -> Iterator[Result]:
    """For each fault that errors or latency show, how much ours harms as a part of what all at once harms."""
    by = {(one.fault, one.policy): one for one in released}
    for fault in dict.fromkeys(fault for fault, _ in by):
        ours, unguarded = by[fault, OURS], by[fault, ALL_AT_ONCE]
        if fault.name == "none":
            yield Result("good_release", ours.outcome.replace(" ", "_"), "deployed", ours.outcome == "deployed")
        elif fault.shows:
            ratio = ours.harmed_share / unguarded.harmed_share if unguarded.harmed else float("inf")
            goal = f"<{LARGEST_SHARE_OF_UNGUARDED}"
            yield Result(f"harm_{fault.name}", f"{ratio:.3f}", goal, ratio < LARGEST_SHARE_OF_UNGUARDED)
        elif fault.name == "no_start":
            yield Result("harm_no_start", f"{ours.harmed}", "0", ours.harmed == 0)


def of_bakes(released: Iterable[Released]) -> Iterator[Result]:
    """How long the old version took to serve again after an alarm in a bake, at worst."""
    seconds = [one.alarm_to_old_seconds for one in released if one.policy is OURS]
    known = [value for value in seconds if value is not None]
    if known:
        yield _within("alarm_to_old_in_bake_seconds", max(known))


def of_way_back(name: str, *, overhead_seconds: float) -> Result:
    """How long a way back took apart from the provisioning of instances."""
    return _within(f"{name}_to_old_without_provisioning_seconds", overhead_seconds)


def of_good_releases(count: int, *, releases: int) -> Result:
    """How many releases of a good model ours rolled back."""
    return Result(f"false_rollbacks_of_{releases}", f"{count}", "0", count == 0)


def of_planner(compared: Sequence[Compared]) -> Iterator[Result]:
    """Each prediction against the interval that holds all of them together with a chance of 95 %."""
    for one in compared:
        interval = f"{one.joint[0]:.4g}..{one.joint[1]:.4g}"
        yield Result(f"planner_{one.name}", f"{one.predicted:.4g}", interval, one.agrees)


def _within(name: str, seconds: float) -> Result:
    return Result(name, f"{seconds:.0f}", f"<={ALARM_TO_OLD_SECONDS}", seconds <= ALARM_TO_OLD_SECONDS)
