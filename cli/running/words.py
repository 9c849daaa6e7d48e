"""What jobs have written: lines of their log streams in CloudWatch Logs, each told once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from cli.connection import Connection
from cli.running.jobs import Job

_OVERLAP_MS = 60_000
"""CloudWatch may show an event later than a younger one; whoever asks again asks for what came before as well."""


class Words:
    """The log of one job, read from its beginning on."""

    def __init__(self, connection: Connection, job: Job) -> None:
        self._logs, self._job = connection.client("logs"), job
        self._told: dict[str, int] = {}
        self._newest = 0

    def fresh(self) -> Iterator[str]:
        """The lines that have not been given yet, oldest first; none while the job has no log."""
        for event in self._events():
            if event["eventId"] not in self._told:
                self._told[event["eventId"]] = event["timestamp"]
                self._newest = max(self._newest, event["timestamp"])
                yield self._line(event)
        since = self._since()
        self._told = {told: at for told, at in self._told.items() if at >= since}

    def _line(self, event: Mapping[str, Any]) -> str:
        """What was written; behind the number of its trial where the job has several."""
        said = str(event["message"]).rstrip("\n")
        if self._job.streams.endswith("/"):
            return said
        trial = str(event["logStreamName"]).removeprefix(self._job.streams).partition("-")[0]
        return f"{trial} {said}"

    def _since(self) -> int:
        return max(0, self._newest - _OVERLAP_MS)

    def _events(self) -> Iterator[dict[str, Any]]:
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=self._job.group, logStreamNamePrefix=self._job.streams, startTime=self._since()
        )
        try:
            for page in pages:
                # The prefix is for AWS alone: moto gives the events of every stream of the group.
                yield from (event for event in page["events"] if event["logStreamName"].startswith(self._job.streams))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise  # else no job of this kind has ever written here
