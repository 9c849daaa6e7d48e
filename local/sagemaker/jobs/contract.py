"""What a kind of job adds to the life that all jobs share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from local.errors import ValidationError
from local.sagemaker.containers.container import Container, Program
from local.sagemaker.errors import JobFailed, S3Error
from local.sagemaker.jobs.scraping import Scraper
from local.sagemaker.kinds import Kind
from local.sagemaker.logs import Log
from local.sagemaker.resources import Record
from local.sagemaker.s3 import Files

_TAIL_LINES = 12
_TAIL_CHARACTERS = 800
_MANY_LINES = 80
_MANY_CHARACTERS = 20_000
_OF_THE_SDK = ("in execute_commands", "Training Execution failed. For more details")


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

    def phase(self, record: Record, name: str) -> Mapping[str, Any]:
        """Members that tell of a part of the job's life: "Downloading", "Training" (it runs) or "Uploading"."""
        ...

    def scraper(self, record: Record) -> Scraper:
        """What reads metrics out of the log while the program runs."""
        ...

    def collect(self, record: Record, container: Container) -> Mapping[str, Any]:
        """Carry outputs out; give members of the record."""
        ...

    def rescue(self, record: Record, container: Container, *, stopped: bool) -> None:
        """Carry out what is kept of a program that was stopped, or that failed."""
        ...

    def ending(self, record: Record, status: str, reason: str) -> Mapping[str, Any]:
        """Members that tell of the end, whatever it was, besides status, reason and time."""
        ...


def require_unique(what: str, names: Iterable[str]) -> None:
    """Refuse a name that is given twice: the second would stand in the place of the first."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValidationError(f"The name of each {what} must be unique: {', '.join(twice)}.")


def upload(files: Files, folder: Path, uri: str, *, kms_key: str | None = None) -> None:
    """Carry a folder of a container to an S3 prefix. Raises JobFailed when that may not or cannot be written."""
    try:
        files.upload_folder(folder, uri, kms_key=kms_key)
    except S3Error as error:
        raise JobFailed(f"ClientError: Data upload failed: {error}") from error


def algorithm_error(message: str | None, log: Log, exit_code: int) -> str:
    """The FailureReason of a program that ended with an error: its own message, else the end of its log.

    AWS's own algorithms begin a message by whose fault it is. The SDK's scripts around a training script leave a
    message that tells of themselves alone: what the training script said last stands before theirs.
    """
    if message and message.startswith("ClientError: "):
        return message.strip()
    if message and any(sign in message for sign in _OF_THE_SDK):
        message = _of_the_script(log.tail(lines=_MANY_LINES, characters=_MANY_CHARACTERS))
    said = message or log.tail(lines=_TAIL_LINES, characters=_TAIL_CHARACTERS)
    return f"AlgorithmError: exit code: {exit_code}, {said.strip()}"


def _of_the_script(text: str) -> str:
    """The end of a log without what the SDK's shell and its drivers say after the script."""
    lines = [line for line in text.splitlines() if not line.startswith("+")]
    ends = [number for number, line in enumerate(lines) if line.startswith("Command failed with exit code ")]
    begins = [number for number, line in enumerate(lines) if line.startswith("Traceback ")]
    cut = next((found[-1] for found in (ends, begins) if found and found[-1] > 0), len(lines))
    return "\n".join(lines[:cut][-_TAIL_LINES:])[-_TAIL_CHARACTERS:]
