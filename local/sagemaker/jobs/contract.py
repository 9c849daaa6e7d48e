"""What a kind of job adds to the life that all jobs share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from local.errors import ValidationError
from local.sagemaker.containers.container import Container, Program
from local.sagemaker.errors import JobFailed, S3Error
from local.sagemaker.kinds import Kind
from local.sagemaker.logs import Log
from local.sagemaker.resources import Record
from local.sagemaker.s3 import Files

_TAIL_LINES = 12
_TAIL_CHARACTERS = 800


class Contract(Protocol):
    """A kind of job: its image, what its container holds before the program runs, what is kept after it."""

    @property
    def kind(self) -> Kind:
        """The kind of record."""
        ...

    @property
    def log_group(self) -> str:
        """The log group of AWS for this kind."""
        ...

    @property
    def started_member(self) -> str:
        """The member that holds when the program began."""
        ...

    @property
    def ended_member(self) -> str:
        """The member that holds when the job ended."""
        ...

    def check(self, params: Record) -> None:
        """Refuse what this machine cannot run (UnsupportedLocally) before a record exists."""
        ...

    def image(self, params: Record) -> str:
        """The image's URI."""
        ...

    def initial(self, params: Record) -> Mapping[str, Any]:
        """Members of the record at creation, besides the request's own."""
        ...

    def stage(self, record: Record, container: Container) -> Program:
        """Bring inputs and configuration in; give what to run. Raises JobFailed, S3Error."""
        ...

    def beginning(self, record: Record) -> Mapping[str, Any]:
        """Members that tell that the program has begun, besides the time."""
        ...

    def collect(self, record: Record, container: Container, log: Log) -> Mapping[str, Any]:
        """Carry outputs out; give members of the record."""
        ...

    def ending(self, record: Record, status: str, reason: str) -> Mapping[str, Any]:
        """Members that tell of the end, whatever it was, besides status, reason and time."""
        ...


@dataclass(frozen=True)
class Limit:
    """A job's StoppingCondition."""

    max_runtime_seconds: int

    @classmethod
    def of(cls, params: Record) -> Limit:
        """From a request; AWS's default is one day."""
        return cls(params.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 86400))


def require_unique(what: str, names: Iterable[str]) -> None:
    """Refuse a name that is given twice: the second would stand in the place of the first."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValidationError(f"The name of each {what} must be unique: {', '.join(twice)}.")


def download(files: Files, uri: str, container: Container, path: str) -> None:
    """Bring the objects of an S3 prefix into a folder of a container. Raises JobFailed when there are none."""
    try:
        found = files.download_prefix(uri, container.make(path))
    except S3Error as error:
        raise JobFailed(f"ClientError: Data download failed: {error}") from error
    if not found:
        raise JobFailed(
            f'ClientError: Data download failed: No S3 objects found under S3 URL "{uri}" given in input data source.'
        )


def algorithm_error(message: str | None, log: Log, exit_code: int) -> str:
    """The FailureReason of a program that ended with an error: its own message, else the end of its log."""
    said = message or log.tail(lines=_TAIL_LINES, characters=_TAIL_CHARACTERS)
    return f"AlgorithmError: exit code: {exit_code}, {said.strip()}"
