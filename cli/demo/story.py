"""How the demo tells what it does: parts with their times, claims with their checks, a summary at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.rule import Rule
from rich.table import Table

from cli.printing import out, progress

_RULE_WIDTH = 80


@dataclass
class Story:
    """What has happened so far: how long each part took, and what was checked."""

    parts: list[tuple[str, float, str]] = field(default_factory=list)
    checks: list[tuple[str, bool]] = field(default_factory=list)

    @contextmanager
    def part(self, name: str) -> Iterator[list[str]]:
        """Announce a part and time it; what is put into the list stands beside it in the summary."""
        title = Rule(f"[bold]{len(self.parts) + 1}. {name}[/]", align="left", style="dim")
        progress.print(title, width=_RULE_WIDTH)
        begun, said = time.monotonic(), list[str]()
        yield said
        self.parts.append((name, time.monotonic() - begun, "; ".join(said)))

    def check(self, claim: str, held: bool) -> None:
        """Record a claim and whether it held, and say so."""
        self.checks.append((claim, held))
        progress.print(f"  {'[green]✓[/]' if held else '[red]✗[/]'} {claim}")

    @property
    def held(self) -> bool:
        """Whether every claim held so far."""
        return all(held for _, held in self.checks)

    def summarize(self, *, url: str, built_in: str) -> None:
        """The end of the story: how long each part took, what held, where it ran, what to try next."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("part", "seconds", ""):
            table.add_column(column, justify="right" if column == "seconds" else "left")
        for name, seconds, said in self.parts:
            table.add_row(name, f"{seconds:.1f}", f"[dim]{said}[/]")
        table.add_row("[bold]in all[/]", f"[bold]{sum(seconds for _, seconds, _ in self.parts):.1f}[/]", "")
        held = sum(1 for _, ok in self.checks if ok)
        out.print()
        out.print(table)
        out.print(f"\n{held} of {len(self.checks)} checks held. Nothing left this machine: AWS was {url}, now ended.\n")
        out.print("What was built: a pipeline, approved models, their endpoint, and the Lambdas that released them.")
        out.print(f"What the cloud was told to build stands in {built_in}.\n")
        for place, what in _NEXT_STEPS.items():
            out.print(f"[bold]{place:<35}[/] {what}")


_NEXT_STEPS = {
    ".venv/bin/sluice up --speed 60": "keep a local cloud running; it prints what to export",
    ".venv/bin/sluice deploy local": "the same stacks there; then run, approve, status, rollback, history",
    "pipelines/credit_risk/": "change the model, or add one of your own: see README.md",
    "docs/runbooks.md": "what to do when a message wakes you",
}
