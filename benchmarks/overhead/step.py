"""A step that does nothing but note when it began, below what the steps before it noted: step.py SOURCE TARGET."""

import sys
import time

began = time.time()
with open(sys.argv[1]) as source:  # noqa: PTH123 - importing pathlib would be half of what this program costs
    before = source.read()
with open(sys.argv[2], "w") as target:  # noqa: PTH123
    target.write(f"{before}{began}\n")
