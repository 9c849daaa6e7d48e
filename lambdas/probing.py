"""Sends rows of a sample payload to an endpoint, one a request, marked so that monitors can leave them out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.sample import Row

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

THREADS = 16
PATIENCE_SECONDS = 10
"""How long a probe waits for its answer; one that waits longer counts as an error."""


@dataclass(frozen=True, kw_only=True)
class Burst:
    """The probes of one minute, numbered from `first` on: `rows` in turn, which start again when they are used up."""

    endpoint: str
    release_id: str
    rows: Sequence[Row]
    first: int
    count: int


def send(burst: Burst, *, runtime: SageMakerRuntimeClient, seconds: float) -> dict[str, int]:
    """Send a burst, as much of it as can be begun within `seconds`: how many were `sent` and how many `errors` came.

    An error is what probes are for: it is counted, never raised. Each has the InferenceId
    `sluice-probe-<release>-<number>`, by which monitors leave them out.
    """
    until = time.monotonic() + seconds

    def one(number: int) -> bool | None:
        return _holds(burst, number, runtime) if time.monotonic() < until else None

    with ThreadPoolExecutor(THREADS) as pool:
        results = list(pool.map(one, range(burst.first, burst.first + burst.count)))
    return {"sent": len(results) - results.count(None), "errors": results.count(False)}


def _holds(burst: Burst, number: int, runtime: SageMakerRuntimeClient) -> bool:
    row = burst.rows[(number - burst.first) % len(burst.rows)]
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=burst.endpoint,
            Body=row.body,
            ContentType=row.content_type,
            InferenceId=f"sluice-probe-{burst.release_id}-{number}",
        )
        answer["Body"].read()
    except (ClientError, BotoCoreError):
        return False
    return True
