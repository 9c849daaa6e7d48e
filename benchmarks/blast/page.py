"""The measured part of ``docs/blast_radius.md``, and the table that is printed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from blast import plot
from blast.agreement import Compared
from blast.policies import POLICIES
from blast.real import Released
from blast.way_back import WayBack

_ROOT = Path(__file__).resolve().parents[2]
PAGE, PLOT = _ROOT / "docs" / "blast_radius.md", _ROOT / "docs" / "blast_radius.svg"
_BEGIN, _END = "<!-- measured: {part} (benchmarks/blast_radius.py writes this part) -->", "<!-- measured: end -->"


def faults_table(released: Sequence[Released]) -> str:
    """A row for each fault: the share harmed and the time to recovery under each policy, in Markdown."""
    by = {(one.fault, one.policy): one for one in released}
    lines = [
        f"| the new model | {' | '.join(policy.title for policy in POLICIES)} |",
        "|---" * (len(POLICIES) + 1) + "|",
    ]
    for fault in dict.fromkeys(one.fault for one in released):
        cells = [_cell(by[fault, policy]) for policy in POLICIES]
        lines.append(f"| {fault.title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def good_table(rolled_back: dict[str, int], *, releases: int) -> str:
    """How many good releases each policy rolled back."""
    lines = ["| policy | good releases rolled back |", "|---|---|"]
    return "\n".join([*lines, *(f"| {title} | {count} of {releases} |" for title, count in rolled_back.items())])


def planner_table(compared: Sequence[Compared], *, releases: int) -> str:
    """Predictions beside what simulated releases did."""
    lines = [f"| figure | predicted | {releases} releases | 95 % interval | of all together |", "|---|---|---|---|---|"]
    for one in compared:
        own, joint = (f"{low:.3g} to {high:.3g}" for low, high in (one.alone, one.joint))
        own, joint = own + ("" if one.agrees_alone else ", outside"), joint + ("" if one.agrees else ", **outside**")
        name = one.name.replace("_", " ")
        lines.append(f"| {name} | {one.predicted:.3g} | {one.simulated:.3g} | {own} | {joint} |")
    inside = sum(one.agrees_alone for one in compared)
    return "\n".join([*lines, "", f"{inside} of {len(compared)} predictions lie in the 95 % interval of their own."])


def way_back_table(ways: Sequence[WayBack]) -> str:
    """How long each way back took, on the cloud's clock."""
    lines = ["| from | to the update of the endpoint | provisioning | in all |", "|---|---|---|---|"]
    for way in ways:
        seconds = f"{way.overhead_seconds:.0f} s | {way.provisioning_seconds:.0f} s | {way.seconds:.0f} s"
        lines.append(f"| {way.title} | {seconds} |")
    return "\n".join(lines)


def write(part: str, table: str) -> None:
    """Put what was measured in place of what the page says of this part."""
    begin = _BEGIN.format(part=part)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(_END)
    PAGE.write_text(f"{before}{begin}\n{table}\n{_END}{after}", encoding="utf-8")


def draw(released: Sequence[Released]) -> None:
    """Draw the plot beside the page."""
    PLOT.write_text(plot.drawn(released), encoding="utf-8")


def _cell(one: Released) -> str:
    share = f"{one.harmed_share:.1%}".replace("%", " %")
    if one.outcome == "deployed":
        return f"{share}, not caught" if one.fault.name != "none" else f"{share}, deployed"
    if one.outcome == "deploying":
        return f"{share}, still deploying"
    if one.fault.name == "none":
        return f"{share}, **rolled back**"
    return f"{share}, {_minutes(one.recovery_seconds or 0.0)}"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} min" if seconds else "never served"
