"""How a processing job ends that cannot do its work."""

from __future__ import annotations

import sys
from pathlib import Path

from pipelines.evidence.errors import StepError

EXIT_MESSAGE = Path("/opt/ml/output/message")
"""What stands in it SageMaker shows as the job's ExitMessage."""


def refused(error: StepError, *, message: Path = EXIT_MESSAGE) -> int:
    """Say why on stderr and in the file ``message``; gives the program's exit code."""
    print(error, file=sys.stderr)
    message.parent.mkdir(parents=True, exist_ok=True)
    message.write_text(str(error), encoding="utf-8")
    return 1
