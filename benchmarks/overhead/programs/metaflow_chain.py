"""Writes a chain of Metaflow, whose steps must stand in the source: metaflow_chain.py STEPS >flow.py."""

import itertools
import sys

_HEAD = """
import os
import time

from metaflow import FlowSpec, step


class Chain(FlowSpec):
"""
_STEP = """
    @step
    def {name}(self):
        self.times = {before} + f"{{time.time()}}\\n"
        self.next(self.{after})
"""
# A flow has an end of its own, which is a process more.
_END = """
    @step
    def end(self):
        with open(os.environ["TIMES"], "w") as target:
            target.write(self.times)


if __name__ == "__main__":
    Chain()
"""


def main() -> None:
    """Print the flow."""
    names = ["start", *(f"step{number}" for number in range(2, int(sys.argv[1]) + 1)), "end"]
    steps = (
        _STEP.format(name=name, after=after, before="self.times" if number else '""')
        for number, (name, after) in enumerate(itertools.pairwise(names))
    )
    print(_HEAD, *steps, _END, sep="")


if __name__ == "__main__":
    main()
