"""Records of releases as the release function writes them, for tests of those who read them."""

from lambdas.records import Opened, Outcome, Started
from tests.lambdas.aws import TABLE, package_arn


def opening(version, *, cause="approval", rollout="guarded", follows=""):
    """The record of a release that is about to begin."""
    return Opened(
        version=version,
        package_arn=package_arn(version),
        rollout=rollout,
        cause=cause,
        reason="it was approved",
        follows=follows,
    )


def start(world, version, *, table=TABLE, **members):
    """A release that CloudFormation has accepted; gives its id."""
    release_id = world.write(opening(version, **members), table=table).open.release_id
    world.write(Started(release_id=release_id), table=table)
    return release_id


def deploy(world, version, *, table=TABLE, config=None, outcome="deployed", **members):
    """A release from its beginning to its end; gives its id. Its config is `config-<release>` unless told."""
    release_id = start(world, version, table=table, **members)
    config = config or f"config-{release_id}"
    end = Outcome(release_id=release_id, version=version, outcome=outcome, reason="it came so", config=config)
    world.write(end, table=table)
    return release_id
