"""One measured look at two Parquet files, told as one line of JSON; run in whichever environment a library needs.

The clock runs from the first byte read to the verdict: imports are done before, by whoever calls.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterable

NUMERIC = [f"n{number:02d}" for number in range(20)]
CATEGORICAL = [f"c{number:02d}" for number in range(10)]

_KILOBYTES_PER_MEGABYTE = 1e6 / 1024


def measure(compare: Callable[[str, str], Iterable[str]]) -> None:
    """Have the paths of the command line compared; print the seconds, the process's peak memory and what has moved."""
    reference, current = sys.argv[1:3]
    begun = time.perf_counter()
    moved = sorted(compare(reference, current))
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KILOBYTES_PER_MEGABYTE
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "moved": moved}))
