"""Situations to decide on: logs of a model, its packages, stack and endpoint, with little to say about each."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from lambdas.journal import Journal
from lambdas.records import Opened, Outcome, Started, Told
from lambdas.situation import Endpoint, Package, ReleasePolicy, Situation, Stack, Trace

BEGIN = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
POLICY = ReleasePolicy(two_people=True, approval_valid_hours=168, watch_hours=24, backstop_seconds=120)
REGISTRY = "arn:aws:sagemaker:eu-west-1:123456789012"


def package(version, approval="Approved", modified=BEGIN):
    """A version in the registry."""
    arn = f"{REGISTRY}:model-package/churn/{version}"
    return Package(arn=arn, version=version, approval=approval, status="Completed", modified=modified)


def opened(version, *, cause="approval", rollout="guarded", **members):
    """The record of a release that begins."""
    arn = package(version).arn
    return Opened(version=version, package_arn=arn, rollout=rollout, cause=cause, reason="so", **members)


def outcome(release_id, result="deployed", **members):
    """The record of a release that ended."""
    version = int(release_id.rpartition("v")[2])
    return Outcome(release_id=release_id, version=version, outcome=result, reason="so", **members)


def journal(*records, minutes=60, told=True):
    """A log of which people know all, read some minutes after its last record; one record a minute."""
    placed = Journal("churn", (), BEGIN)
    for record in records:
        placed = replace(placed, now=placed.now + timedelta(minutes=1))
        placed = placed.following(record.placed(sequence=placed.last + 1, at=placed.now))
    for record in placed.untold if told else []:
        placed = placed.following(Told(about=record.sequence).placed(sequence=placed.last + 1, at=placed.now))
    return replace(placed, now=placed.now + timedelta(minutes=minutes))


SERVED = (opened(1), Started(release_id="r1-v1"), outcome("r1-v1", config="Config-1"))
SERVED_TWICE = (*SERVED, opened(2), Started(release_id="r4-v2"), outcome("r4-v2", config="Config-2"))


def situation(log, *, versions=(), status="UPDATE_COMPLETE", release_id="r1-v1", config="Config-1", **members):
    """A first stage at rest in which version 1 serves, but for what is given. `versions` are packages or numbers."""
    packages = {p.version: p for p in (p if isinstance(p, Package) else package(p) for p in versions)}
    version = int(release_id.rpartition("v")[2]) if "v" in release_id else None
    arn = package(version).arn if version else "none"
    given = {
        "journal": log,
        "registry": REGISTRY,
        "policy": POLICY,
        "first": True,
        "may_reject_deployed": True,
        "packages": packages,
        "stack": Stack(status=status, package_arn=arn, release_id=release_id),
        "endpoint": Endpoint(status="InService", config=config),
    }
    return Situation(**{**given, **members})


def underway(log, **members):
    """Release r4-v2 in its bake, version 1 still serving."""
    given = {
        "status": "UPDATE_IN_PROGRESS",
        "release_id": "r4-v2",
        "endpoint": Endpoint(status="Updating", config="Config-1", pending="Config-2"),
        "trace": Trace(began=True, config="config-2"),
    }
    return situation(log, versions=(1, 2), **{**given, **members})


STARTED = (*SERVED, opened(2), Started(release_id="r4-v2"))
