"""A chain of Dagster, a process a step: START is `spawn`, the default, or `forkserver`, the fast way."""

import os
import time
from pathlib import Path

from dagster import DagsterInstance, execute_job, job, multiprocess_executor, op, reconstructable

_FORKSERVER = {"forkserver": {"preload_modules": ["dagster", "dagster_chain"]}}
_EXECUTOR = multiprocess_executor.configured(
    {"start_method": _FORKSERVER if os.environ["START"] == "forkserver" else {"spawn": {}}}
)


@op
def first() -> str:
    """Note when the step began."""
    return f"{time.time()}\n"


@op
def note(before: str) -> str:
    """Note when the step began, below the times of the steps before."""
    return f"{before}{time.time()}\n"


@job(executor_def=_EXECUTOR)
def chain() -> None:
    """Steps that each take what the one before gives."""
    times = first()
    for _ in range(int(os.environ["STEPS"]) - 1):
        times = note(times)


def main() -> None:
    """Run it, and write what the last step gave."""
    steps = int(os.environ["STEPS"])
    with (
        DagsterInstance.local_temp(os.environ["FOLDER"]) as instance,
        execute_job(reconstructable(chain), instance=instance) as result,
    ):
        last = "first" if steps == 1 else "note" if steps == 2 else f"note_{steps - 1}"
        Path(os.environ["TIMES"]).write_text(result.output_for_node(last))


if __name__ == "__main__":
    main()
