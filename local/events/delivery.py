"""Delivery behind EventBridge's back: retries, dead-letter queues, and a bus that misbehaves on purpose."""

from __future__ import annotations

import dataclasses
import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from botocore.exceptions import ClientError

from local.background import Background
from local.errors import AwsError
from local.events.targets import Shipment, Targets, error_code
from local.services import Services

_log = logging.getLogger(__name__)

_HOPELESS: Final = {
    "AccessDeniedException": "NO_PERMISSIONS",
    "AuthorizationErrorException": "NO_PERMISSIONS",
    "AWS.SimpleQueueService.NonExistentQueue": "NO_RESOURCE",
    "QueueDoesNotExist": "NO_RESOURCE",
    "NotFound": "NO_RESOURCE",
    "ResourceNotFound": "NO_RESOURCE",
    "ResourceNotFoundException": "NO_RESOURCE",
    "UnsupportedLocally": "SDK_CLIENT_ERROR",
    "ValidationException": "INVALID_PARAMETER",
    "InvalidParameterValueException": "INVALID_PARAMETER",
}
"""Errors that no retry cures ("Using dead-letter queues to process undelivered events"), as the queue's ERROR_CODE."""

_DEFAULT_ATTEMPTS: Final = 185
_DEFAULT_AGE_SECONDS: Final = 86_400
_LONGEST_PAUSE_SECONDS: Final = 900
_DISORDER_SECONDS: Final = 2.0


@dataclass(frozen=True)
class Trouble:
    """AWS's worst, to be played: how often each event comes, and the seed of the disorder in which they do."""

    copies: int = 2
    seed: int = 0


@dataclass(frozen=True)
class _Attempt:
    shipment: Shipment
    since: datetime
    retries: int = 0

    @property
    def retries_allowed(self) -> int:
        return int(self.shipment.target.get("RetryPolicy", {}).get("MaximumRetryAttempts", _DEFAULT_ATTEMPTS))

    @property
    def age_allowed(self) -> timedelta:
        policy = self.shipment.target.get("RetryPolicy", {})
        return timedelta(seconds=policy.get("MaximumEventAgeInSeconds", _DEFAULT_AGE_SECONDS))


class Delivery:
    """Sends shipments on threads of its own. A failed one is retried, then buried or, without a queue, dropped."""

    def __init__(self, services: Services, *, trouble: Trouble | None) -> None:
        self._clock = services.clock
        self._targets = Targets(services)
        self._background = Background("events", services.clock)
        self._trouble = trouble
        # The disorder is repeatable, not secret.
        self._random = random.Random(trouble.seed) if trouble else None

    @property
    def targets(self) -> Targets:
        """The services behind."""
        return self._targets

    def send(self, shipment: Shipment) -> None:
        """Start a delivery and return."""
        attempt = _Attempt(shipment, self._clock.now())
        if self._trouble is None or self._random is None:
            self._background.submit(lambda: self._try(attempt))
            return
        for _ in range(self._trouble.copies):
            delay = timedelta(seconds=self._random.uniform(0, _DISORDER_SECONDS))
            self._background.later(delay, lambda: self._try(attempt))

    def resting(self, timeout_seconds: float) -> bool:
        """Wait until only the clock can wake what is undelivered. False when time is up."""
        return self._background.resting(timeout_seconds)

    def settled(self, timeout_seconds: float) -> bool:
        """Wait until every delivery has ended, retries too. False when time is up."""
        return self._background.settled(timeout_seconds)

    def close(self) -> None:
        """Drop what is undelivered and end the threads."""
        self._background.close()

    def _try(self, attempt: _Attempt) -> None:
        try:
            self._targets.send(attempt.shipment)
        except (ClientError, AwsError) as error:
            self._failed(attempt, error)

    def _failed(self, attempt: _Attempt, error: ClientError | AwsError) -> None:
        _log.warning("%s could not be sent an event: %s", attempt.shipment.target["Arn"], error)
        pause = timedelta(seconds=min(2**attempt.retries, _LONGEST_PAUSE_SECONDS))
        if error_code(error) in _HOPELESS:
            self._bury(attempt, error, exhausted=None)
        elif attempt.retries >= attempt.retries_allowed:
            self._bury(attempt, error, exhausted="MaximumRetryAttempts")
        elif self._clock.now() + pause - attempt.since > attempt.age_allowed:
            self._bury(attempt, error, exhausted="MaximumEventAgeInSeconds")
        else:
            again = dataclasses.replace(attempt, retries=attempt.retries + 1)
            self._background.later(pause, lambda: self._try(again))

    def _bury(self, attempt: _Attempt, error: ClientError | AwsError, *, exhausted: str | None) -> None:
        shipment = attempt.shipment
        if "Arn" not in shipment.target.get("DeadLetterConfig", {}):
            _log.warning("event %s for %s is dropped: no dead-letter queue", shipment.event_id, shipment.target["Arn"])
            return
        attributes = {
            "RULE_ARN": shipment.rule_arn,
            "TARGET_ARN": shipment.target["Arn"],
            "ERROR_CODE": _HOPELESS.get(error_code(error), "ERROR_FROM_TARGET"),
            "ERROR_MESSAGE": str(error),
            "RETRY_ATTEMPTS": str(attempt.retries),
        }
        if exhausted is not None:
            attributes["EXHAUSTED_RETRY_CONDITION"] = exhausted
        try:
            self._targets.bury(shipment, attributes)
        except (ClientError, AwsError) as failure:
            _log.warning("the dead-letter queue of %s refused an event: %s", shipment.target["Arn"], failure)
