"""What should happen next to a model's endpoint, decided from what is: pure, so that every case can be tested."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

_AT_REST = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")


@dataclass(frozen=True, kw_only=True)
class Package:
    """A version in the model registry: its ARN, number, and when it last changed (its approval, normally)."""

    arn: str
    version: int
    changed: datetime


@dataclass(frozen=True, kw_only=True)
class Serving:
    """The serving stack as CloudFormation describes it.

    `package_arn` and `release_id` are the values of its parameters (`none` at first), `attempts` are the client request
    tokens that stand in its events: the releases that were tried.
    """

    status: str
    package_arn: str
    release_id: str
    attempts: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Observed:
    """All that a decision is made from. `endpoint_status` is the API's spelling, None when there is no endpoint."""

    approved: Package | None
    serving: Serving | None
    endpoint_status: str | None


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Nothing is to be done, and why."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Release:
    """This package is to be released under this name."""

    package: Package
    release_id: str


def decide(observed: Observed) -> Wait | Release:
    """The one action that brings what serves closer to what should serve.

    Should serve: the newest approved package. The answer depends on nothing but `observed`, so an event that comes
    twice, late or out of order asks the same question again and, once answered, changes nothing.
    """
    package, serving = observed.approved, observed.serving
    if serving is None:
        return Wait(reason="the serving stack is not deployed")
    if package is None:
        return Wait(reason="no package is approved")
    if serving.status not in _AT_REST:
        return Wait(reason=f"the serving stack is {serving.status}")
    if serving.package_arn == package.arn:
        return Wait(reason=f"version {package.version} is what the stack serves")
    if observed.endpoint_status not in (None, "InService"):
        return Wait(reason=f"the endpoint is {observed.endpoint_status}")
    name = release_id(package, after=serving.release_id)
    if name in serving.attempts:
        # CloudFormation went back to what served before. The same attempt again would end the same way.
        return Wait(reason=f"release {name} was tried and did not hold: approve again to retry")
    return Release(package=package, release_id=name)


def release_id(package: Package, *, after: str) -> str:
    """The name of the release that an approval asks for, where the release `after` stands.

    The same approval at the same place always gives the same name; when a newer package was released and rejected
    meanwhile, the return to this one has a name of its own. It is the stack update's client request token too
    (letters, digits and hyphens, at most 128; CloudFormation takes each token once).
    """
    return f"v{package.version}-{package.changed:%Y%m%dT%H%M%S%f}-{hashlib.sha256(after.encode()).hexdigest()[:8]}"
