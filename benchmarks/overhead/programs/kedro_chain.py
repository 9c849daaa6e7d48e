"""A chain of Kedro: RUNNER is `SequentialRunner`, in one process, or `ParallelRunner`, in a pool that is used again."""

import os
import time
from pathlib import Path

from kedro import runner
from kedro.io import DataCatalog, MemoryDataset, SharedMemoryDataCatalog
from kedro.pipeline import node, pipeline

STEPS, RUNNER = int(os.environ["STEPS"]), os.environ["RUNNER"]


def note(before: str) -> str:
    """Note when the step began; the last one writes it down, since what a pool holds in memory ends with it."""
    times = f"{before}{time.time()}\n"
    if times.count("\n") == STEPS:
        Path(os.environ["TIMES"]).write_text(times)
    return times


def main() -> None:
    """Run it."""
    nodes = [node(note, f"times{number}", f"times{number + 1}", name=f"step{number}") for number in range(STEPS)]
    catalog = SharedMemoryDataCatalog if RUNNER == "ParallelRunner" else DataCatalog
    getattr(runner, RUNNER)().run(pipeline(nodes), catalog({"times0": MemoryDataset("")}))


if __name__ == "__main__":
    main()
