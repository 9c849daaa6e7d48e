"""A chain of Kubeflow Pipelines on its local runner, a subprocess a step; with INSTALL, each has pip look for KFP."""

import os
from pathlib import Path

from kfp import dsl, local


@dsl.component(base_image="python:3.11", install_kfp_package=bool(os.environ["INSTALL"]))
def note(before: str) -> str:
    """Note when the step began."""
    import time

    return f"{before}{time.time()}\n"


@dsl.pipeline
def chain() -> str:
    """Steps that each take what the one before gives."""
    times = note(before="")
    for _ in range(int(os.environ["STEPS"]) - 1):
        times = note(before=times.output)
    return times.output


if __name__ == "__main__":
    local.init(runner=local.SubprocessRunner(use_venv=False))
    Path(os.environ["TIMES"]).write_text(chain().output)
