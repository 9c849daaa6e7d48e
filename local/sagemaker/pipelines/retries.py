"""Whether and when a step that failed is tried again (Developer Guide, "Retry Policy for Pipeline Steps")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from local.sagemaker.errors import StepFailed
from local.sagemaker.pipelines.definition import Step

SERVICE_FAULT: Final = "Step.SERVICE_FAULT"
THROTTLING: Final = "Step.THROTTLING"
JOB_INTERNAL_ERROR: Final = "SageMaker.JOB_INTERNAL_ERROR"
CAPACITY_ERROR: Final = "SageMaker.CAPACITY_ERROR"
RESOURCE_LIMIT: Final = "SageMaker.RESOURCE_LIMIT"

_EXCEPTION_TYPES: Final = (SERVICE_FAULT, THROTTLING, JOB_INTERNAL_ERROR, CAPACITY_ERROR, RESOURCE_LIMIT)
_RETRYABLE: Final = ("Processing", "Training", "Tuning", "Model", "RegisterModel", "Transform", "EndpointConfig")
"""The step types of the guide that run here, and the one more that AWS's SDK gives policies to."""

_THROTTLED: Final = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded"}
    | {"SlowDown", "RequestThrottled", "RequestThrottledException"}
)
_LIMITED: Final = frozenset({"ResourceLimitExceeded", "LimitExceededException", "ServiceQuotaExceededException"})
_REASONS: Final = (
    ("InternalServerError", JOB_INTERNAL_ERROR),
    ("CapacityError", CAPACITY_ERROR),
    ("InsufficientCapacityError", CAPACITY_ERROR),
    ("ResourceLimitExceeded", RESOURCE_LIMIT),
)
"""What a job's FailureReason begins with, and what type of exception that is."""

_INTERVAL_SECONDS: Final = (0, 43_200)
_ATTEMPTS: Final = (0, 20)
_EXPIRE_MINUTES: Final = (0, 14_400)


@dataclass(frozen=True)
class Policy:
    """One retry policy. Either `max_attempts` or `expire_after` ends it; attempts count without the first try."""

    exception_types: frozenset[str]
    interval_seconds: float = 1
    backoff_rate: float = 2.0
    max_attempts: int = 5
    expire_after: timedelta | None = None

    def pause(self, *, retried: int, elapsed: timedelta) -> timedelta | None:
        """How long to wait before the next try, after so many that this policy gave; None when it gives no more.

        `elapsed` counts from when the step began.
        """
        over = retried >= self.max_attempts if self.expire_after is None else elapsed >= self.expire_after
        return None if over else timedelta(seconds=self.interval_seconds * self.backoff_rate**retried)


# Pipelines retries faults and throttling of the services it calls by itself; how often is not documented, so that
# what holds here are the documented defaults of a policy.
_AUTOMATIC: Final = Policy(frozenset({SERVICE_FAULT, THROTTLING}))


def next_pause(step: Step, failed: StepFailed, retried: Sequence[str], elapsed: timedelta) -> timedelta | None:
    """How long to wait before a failed step is tried again; None when it has failed for good.

    `retried` are the exception types for which it has been tried again so far. The first policy that names the type
    decides.
    """
    found = exception_type(step, failed)
    for policy in (*_policies(step), _AUTOMATIC):
        if found in policy.exception_types:
            given = sum(before in policy.exception_types for before in retried)
            return policy.pause(retried=given, elapsed=elapsed)
    return None


def exception_type(step: Step, failed: StepFailed) -> str:
    """The type of exception that made a step fail: of the call that was refused, or of its job's FailureReason."""
    if isinstance(failed.__cause__, ClientError):
        return _type_of_call(failed.__cause__)
    found = next((kind for text, kind in _REASONS if str(failed).startswith(text)), "")
    # Jobs of a tuning step have a retry strategy of their own.
    return "" if step.kind == "Tuning" and found == JOB_INTERNAL_ERROR else found


def policy_problems(step: Step) -> Iterator[str]:
    """What is wrong with the form of a step's policies, as sentences."""
    listed = step.body.get("RetryPolicies") or []
    title = f"Step {step.name!r}"
    if listed and step.kind not in _RETRYABLE:
        yield f"{title} of type {step.kind} takes no RetryPolicies; steps that do: {', '.join(_RETRYABLE)}"
    for policy in listed:
        unknown = [kind for kind in _exceptions(policy) if kind not in _EXCEPTION_TYPES]
        if unknown or not _exceptions(policy):
            yield f"{title} has a retry policy whose ExceptionType is not among {', '.join(_EXCEPTION_TYPES)}"
        if "MaxAttempts" in policy and "ExpireAfterMin" in policy:
            yield f"{title} has a retry policy with both MaxAttempts and ExpireAfterMin; give one of them"
        yield from _misfits(title, policy)


def _misfits(title: str, policy: Mapping[str, Any]) -> Iterator[str]:
    whole = (("IntervalSeconds", _INTERVAL_SECONDS), ("MaxAttempts", _ATTEMPTS), ("ExpireAfterMin", _EXPIRE_MINUTES))
    for member, (low, high) in whole:
        value = policy.get(member, low)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            yield f"{title} has a retry policy whose {member} is not a whole number from {low} to {high}"
    rate = policy.get("BackoffRate", 1)
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or rate < 0:
        yield f"{title} has a retry policy whose BackoffRate is not a number from 0 on"


def _policies(step: Step) -> Iterator[Policy]:
    for written in step.body.get("RetryPolicies") or []:
        minutes = written.get("ExpireAfterMin")
        yield Policy(
            frozenset(_exceptions(written)),
            written.get("IntervalSeconds", Policy.interval_seconds),
            written.get("BackoffRate", Policy.backoff_rate),
            written.get("MaxAttempts", Policy.max_attempts),
            None if minutes is None else timedelta(minutes=minutes),
        )


def _exceptions(policy: Mapping[str, Any]) -> list[Any]:
    # A list; in definitions of old, one string.
    given = policy.get("ExceptionType")
    return given if isinstance(given, list) else [given] if given else []


def _type_of_call(error: ClientError) -> str:
    code, answered = error.response["Error"]["Code"], error.response.get("ResponseMetadata", {})
    if code in _THROTTLED:
        return THROTTLING
    if code in _LIMITED:
        return RESOURCE_LIMIT
    return SERVICE_FAULT if answered.get("HTTPStatusCode", 0) >= 500 else ""
