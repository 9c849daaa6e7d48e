"""The metrics that the container of a monitoring job leaves for CloudWatch.

Developer Guide, "CloudWatch Metrics for Bring Your Own Containers": a document on each line, in PutMetricData's shape
but for the namespace, which is the service's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from local.sagemaker.errors import JobFailed

FOLDER: Final = "/opt/ml/output/metrics/cloudwatch"
_MEMBERS: Final = ("MetricName", "Dimensions", "Value", "StatisticValues", "Unit")


def documents(folder: Path) -> Iterator[dict[str, Any]]:
    """The metrics in the files of a folder. Raises JobFailed for a line that is none."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            if line.strip():
                yield _metric(line, f"{file.name}:{number}")


def _metric(line: str, place: str) -> dict[str, Any]:
    try:
        read = json.loads(line)
        return {
            **{member: read[member] for member in _MEMBERS if member in read},
            "MetricName": read["MetricName"],
            "Timestamp": datetime.fromisoformat(read["Timestamp"]),
        }
    except (ValueError, TypeError, KeyError) as error:
        raise JobFailed(f"ClientError: {FOLDER}/{place} is not the JSON document of a metric: {error!r}") from error
