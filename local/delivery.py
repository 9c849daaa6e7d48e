"""Delivery behind a caller's back: kept until it is done, retried, buried; and a bus that misbehaves on purpose."""

from __future__ import annotations

import dataclasses
import logging
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from local.background import Background
from local.clock import Clock
from local.errors import AwsError, StateError
from local.state import Table

_log = logging.getLogger(__name__)

_HOPELESS: Final = {
    "AccessDenied": "NO_PERMISSIONS",
    "AccessDeniedException": "NO_PERMISSIONS",
    "AuthorizationError": "NO_PERMISSIONS",
    "AuthorizationErrorException": "NO_PERMISSIONS",
    "AWS.SimpleQueueService.NonExistentQueue": "NO_RESOURCE",
    "QueueDoesNotExist": "NO_RESOURCE",
    "NotFound": "NO_RESOURCE",
    "ResourceNotFound": "NO_RESOURCE",
    "ResourceNotFoundException": "NO_RESOURCE",
    "SdkClientException": "SDK_CLIENT_ERROR",
    "UnsupportedLocally": "SDK_CLIENT_ERROR",
    "ValidationException": "INVALID_PARAMETER",
    "InvalidParameterValueException": "INVALID_PARAMETER",
}
"""Errors that no retry cures ("Using dead-letter queues to process undelivered events"), as the queue's ERROR_CODE."""

_DEFAULT_ATTEMPTS: Final = 185
_DEFAULT_AGE_SECONDS: Final = 86_400
_LONGEST_PAUSE_SECONDS: Final = 900
_DISORDER_SECONDS: Final = 2.0
_AT_ONCE: Final = timedelta()


def queue_url(arn: str) -> str:
    """The URL of a queue by its ARN. Who sends needs `sqs:SendMessage` alone, and not the right to ask for the URL."""
    _, _, _, region, account, name = arn.split(":")
    return f"https://sqs.{region}.amazonaws.com/{account}/{name}"


@dataclass(frozen=True)
class Trouble:
    """AWS's worst, to be played: how often each event comes, and the seed of the disorder in which they do."""

    copies: int = 2
    seed: int = 0


class Parcel(Protocol):
    """What is delivered: `target` says to whom, how often it is tried and where it is buried."""

    @property
    def target(self) -> Mapping[str, Any]:
        """Arn, and RetryPolicy and DeadLetterConfig as EventBridge and its Scheduler have them."""
        ...


@dataclass(frozen=True)
class Failure:
    """Why a delivery was given up: the last error, after how many retries.

    `hopeless` is EventBridge's word for an error that no retry cures, `exhausted` the rule that ended the retries;
    one of the two is empty.
    """

    error: ClientError | AwsError
    retries: int
    hopeless: str
    exhausted: str


AnyParcel = TypeVar("AnyParcel", bound=Parcel)
Carried = TypeVar("Carried", bound=Parcel, contravariant=True)


class Courier(Protocol[Carried]):
    """Calls the services behind. Errors are boto3's ClientError, or AwsError where the caller itself is refused."""

    def send(self, parcel: Carried, *, attempt: int) -> None:
        """Deliver once; `attempt` counts from 1."""
        ...

    def bury(self, parcel: Carried, failure: Failure) -> None:
        """Send what could not be delivered to the target's dead-letter queue, which it has."""
        ...


@dataclass(frozen=True)
class _Attempt(Generic[AnyParcel]):
    parcel: AnyParcel
    since: datetime
    due: datetime
    retries: int = 0

    @property
    def retries_allowed(self) -> int:
        return int(self.parcel.target.get("RetryPolicy", {}).get("MaximumRetryAttempts", _DEFAULT_ATTEMPTS))

    @property
    def age_allowed(self) -> timedelta:
        policy = self.parcel.target.get("RetryPolicy", {})
        return timedelta(seconds=policy.get("MaximumEventAgeInSeconds", _DEFAULT_AGE_SECONDS))


class Delivery(Generic[AnyParcel]):
    """Sends parcels on threads of its own. A failed one is retried, then buried or, without a queue, dropped.

    What is under way is in the table `undelivered`: after a restart, `resume` delivers it, for the second time where
    only the note of its arrival was lost.
    """

    def __init__(
        self,
        undelivered: Table[Any],
        clock: Clock,
        courier: Courier[AnyParcel],
        *,
        trouble: Trouble | None = None,
    ) -> None:
        self._undelivered: Table[_Attempt[AnyParcel]] = undelivered
        self._clock, self._courier = clock, courier
        self._background = Background(undelivered.name.partition(".")[0], clock)
        self._trouble = trouble
        # The disorder is repeatable, not secret.
        self._random = random.Random(trouble.seed) if trouble else None

    def send(self, parcel: AnyParcel, *, after: timedelta = _AT_ONCE) -> None:
        """Start a delivery, now or later by the clock, and return. Raises StateError when it cannot be kept."""
        now = self._clock.now()
        for delay in self._delays():
            key = uuid.uuid4().hex
            self._undelivered[key] = _Attempt(parcel, now, now + after + delay)
            self._start(key)

    def resume(self) -> None:
        """Deliver what the process before did not."""
        for key in list(self._undelivered):
            self._start(key)

    def resting(self, timeout_seconds: float) -> bool:
        """Wait until only the clock can wake what is undelivered. False when time is up."""
        return self._background.resting(timeout_seconds)

    def settled(self, timeout_seconds: float) -> bool:
        """Wait until every delivery has ended, retries too. False when time is up."""
        return self._background.settled(timeout_seconds)

    def close(self) -> None:
        """Drop what is undelivered and end the threads."""
        self._background.close()

    def _delays(self) -> list[timedelta]:
        if self._trouble is None or self._random is None:
            return [_AT_ONCE]
        seconds = [self._random.uniform(0, _DISORDER_SECONDS) for _ in range(self._trouble.copies)]
        return [timedelta(seconds=each) for each in seconds]

    def _start(self, key: str) -> None:
        self._background.at(self._undelivered[key].due, lambda: self._try(key))

    def _try(self, key: str) -> None:
        attempt = self._undelivered.get(key)
        if attempt is None:  # the cloud was reset
            return
        try:
            self._courier.send(attempt.parcel, attempt=attempt.retries + 1)
        except (ClientError, AwsError) as error:
            self._failed(key, attempt, error)
        except BotoCoreError as error:  # what a client does not even send, such as a text that is too long
            self._failed(key, attempt, AwsError("SdkClientException", str(error)))
        else:
            self._done(key)

    def _done(self, key: str) -> None:
        try:
            del self._undelivered[key]
        except StateError as error:
            _log.warning("an event will be delivered again after a restart: %s", error)

    def _failed(self, key: str, attempt: _Attempt[AnyParcel], error: ClientError | AwsError) -> None:
        _log.warning("%s could not be sent an event: %s", attempt.parcel.target["Arn"], error)
        pause = timedelta(seconds=min(2**attempt.retries, _LONGEST_PAUSE_SECONDS))
        hopeless, exhausted = _HOPELESS.get(error_code(error), ""), ""
        if attempt.retries >= attempt.retries_allowed:
            exhausted = "MaximumRetryAttempts"
        elif self._clock.now() + pause - attempt.since > attempt.age_allowed:
            exhausted = "MaximumEventAgeInSeconds"
        if hopeless or exhausted:
            self._bury(attempt.parcel, Failure(error, attempt.retries, hopeless, "" if hopeless else exhausted))
            self._done(key)
        else:
            due = self._clock.now() + pause
            self._retry(key, dataclasses.replace(attempt, retries=attempt.retries + 1, due=due), pause)

    def _retry(self, key: str, attempt: _Attempt[AnyParcel], pause: timedelta) -> None:
        try:
            self._undelivered[key] = attempt
        except StateError as error:
            _log.warning("a retry is not counted: %s", error)
        self._background.later(pause, lambda: self._try(key))

    def _bury(self, parcel: AnyParcel, failure: Failure) -> None:
        if "Arn" not in parcel.target.get("DeadLetterConfig", {}):
            _log.warning("an event for %s is dropped: no dead-letter queue", parcel.target["Arn"])
            return
        try:
            self._courier.bury(parcel, failure)
        except (BotoCoreError, ClientError, AwsError) as error:
            _log.warning("the dead-letter queue of %s refused an event: %s", parcel.target["Arn"], error)


def error_code(error: ClientError | AwsError) -> str:
    """The service's code of a failed call."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else error.code
