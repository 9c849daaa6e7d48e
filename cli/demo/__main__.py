"""`python -m cli.demo`: tell the whole loop; exit 0 only when every check held."""

from __future__ import annotations

import sys
from contextlib import ExitStack

from cli import children
from cli.border import guarded
from cli.connection import LOCAL
from cli.demo.cloud import local_cloud
from cli.demo.loop import tell
from cli.demo.story import Story
from cli.printing import progress

SPEED = 60.0
"""Seconds of the local cloud per second: a bake of four minutes lasts four seconds."""


def main() -> None:
    """Run the loop and leave with its exit code."""
    story = Story()
    children.heed_signals()
    code = guarded(lambda: _tell(story))
    sys.exit(code or (0 if story.held else 1))


def _tell(story: Story) -> None:
    with ExitStack() as stack:
        with story.part("Start the local cloud") as said:
            url = stack.enter_context(local_cloud(speed=SPEED))
            progress.print(
                f"  it listens at {url}; its clock runs {SPEED:g} times as fast as yours: bakes, alarms and ticks."
            )
            progress.print(
                "  Requests do not: the few that make a minute worth judging in env/local.toml fit this speed."
            )
            said.append(url)
        tell(story)
        story.summarize(url=url, built_in=f"cdk.out/{LOCAL}/*.template.json")


if __name__ == "__main__":
    main()
