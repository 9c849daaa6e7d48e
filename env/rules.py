"""What must hold between the values of one file: each rule yields the mistakes it finds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from env import canary, images, monitor_rules, naming, rhythm
from env.breach import Breach
from env.stage import AllAtOnce, Canary, Serving, StageFile, Training


@dataclass(frozen=True, kw_only=True)
class _Named:
    """A stage file with the name of its stage: what names are composed of."""

    name: str
    account: str
    region: str


def breaches(name: str, stage: StageFile) -> Iterator[Breach]:
    """Everything that contradicts itself in the file of the stage ``name``."""
    yield from _training(stage)
    yield from _tracking(stage)
    yield from _network(stage)
    yield from _tags(stage)
    yield from _names(name, stage)
    yield from _soak(stage)
    yield from _images(stage)
    yield from monitor_rules.breaches(stage)
    for model, parts in stage.models.items():
        if parts.training is not None:
            yield from _schedule(f"models.{model}.training", parts.training)
        prefix = f"models.{model}.serving"
        yield from _instances(prefix, parts.serving)
        yield from _part_of_a_fleet(prefix, parts.serving)
        yield from _scaling(prefix, parts.serving)
        yield from _datapoints(prefix, parts.serving)
        yield from _bakes(prefix, parts.serving)
        yield from _timeout(prefix, parts.serving)


def _images(stage: StageFile) -> Iterator[Breach]:
    for name, image in stage.images.items():
        if image.played_by not in images.keys():  # noqa: SIM118 - the catalogue is a module, not a dict
            yield Breach(
                key=f"images.{name}.played_by",
                value=image.played_by,
                fault="is no image of the catalogue",
                remedy=f"name one that is: {', '.join(images.keys())}",
            )
        if name in images.keys():  # noqa: SIM118 - likewise
            yield Breach(
                key=f"images.{name}.uri",
                value=image.uri,
                fault="has the name of an image of AWS's",
                remedy="give it another name",
            )


def _training(stage: StageFile) -> Iterator[Breach]:
    for model, parts in stage.models.items():
        if parts.training is not None and not stage.registry:
            yield Breach(
                key=f"models.{model}.training.instance_type",
                value=parts.training.instance_type,
                fault="trains a model in a stage that has no registry to put it in",
                remedy=f"remove [models.{model}.training]: the stage with the registry trains, this one serves",
                compared=("registry",),
            )


def _tracking(stage: StageFile) -> Iterator[Breach]:
    if stage.tracking is not None and not stage.registry:
        yield Breach(
            key="tracking.server",
            value=stage.tracking.server,
            fault="tracks runs in a stage that trains nothing",
            remedy="remove [tracking]: the stage with the registry trains and tracks",
            compared=("registry",),
        )


def _schedule(prefix: str, training: Training) -> Iterator[Breach]:
    schedule, zone = training.schedule, training.schedule_timezone
    if schedule is not None and (fault := rhythm.fault(schedule)):
        remedy = 'write it like "rate(7 days)" or "cron(0 6 ? * MON *)"'
        yield Breach(key=f"{prefix}.schedule", value=schedule, fault=fault, remedy=remedy)
    if zone is None:
        return
    key = f"{prefix}.schedule_timezone"
    if not rhythm.is_zone(zone):
        yield Breach(key=key, value=zone, fault="is no time zone", remedy='write it like "UTC" or "Europe/Zurich"')
    elif schedule is None or schedule.startswith("rate("):
        yield Breach(
            key=key,
            value=zone,
            fault="has no effect without a schedule of the form cron(…)",
            remedy="remove it, or write such a schedule",
            compared=(f"{prefix}.schedule",),
        )


def _network(stage: StageFile) -> Iterator[Breach]:
    network = stage.network
    if network is None or (network.subnets and network.security_groups):
        return
    if not network.subnets and not network.security_groups:
        yield Breach(
            key="network",
            value=None,
            fault="names neither subnets nor security groups",
            remedy="add network.subnets and network.security_groups, or remove [network]",
            compared=("network.subnets", "network.security_groups"),
        )
        return
    given, absent = ("subnets", "security_groups") if network.subnets else ("security_groups", "subnets")
    yield Breach(
        key=f"network.{given}",
        value=list(getattr(network, given)),
        fault=f"has no {absent} beside it",
        remedy=f"add network.{absent}, or remove [network]",
        compared=(f"network.{absent}",),
    )


def _tags(stage: StageFile) -> Iterator[Breach]:
    """Limits: AWS General Reference, "Tagging your AWS resources"."""
    for key, value in stage.tags.items():
        if key.lower().startswith(("aws:", "sluice:")) or not 0 < len(key) <= 128 or len(value) > 256:
            yield Breach(
                key=f"tags.{key}",
                value=value,
                fault="is no tag that AWS or Sluice leaves to you",
                remedy="choose a key of 1 to 128 characters, not beginning aws: or sluice:, and a value of up to 256",
            )


def _soak(stage: StageFile) -> Iterator[Breach]:
    for model, parts in stage.models.items():
        if parts.release.soak_hours and stage.after is None:
            yield Breach(
                key=f"models.{model}.release.soak_hours",
                value=parts.release.soak_hours,
                fault="wants a stage before this one, and there is none",
                remedy="remove it, or name the stage before with after",
                compared=("after",),
            )


def _names(name: str, stage: StageFile) -> Iterator[Breach]:
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        yield Breach(
            key=name,
            value=None,
            fault="cannot be part of a name in AWS",
            remedy="name the file with lower-case letters, digits and single hyphens",
        )
    named = _Named(name=name, account=stage.account, region=stage.region)
    for composed in naming.composed(named, stage.models):
        excess = len(composed.name) - composed.limit
        if excess > 0:
            yield Breach(
                key=f"models.{composed.model}" if composed.model else "region",
                value=None if composed.model else stage.region,
                fault=f"makes the {composed.kind} name {composed.name!r} of {len(composed.name)} characters, "
                f"AWS allows {composed.limit}",
                remedy=f"make the name of the {'model or stage' if composed.model else 'stage'} {excess} shorter",
            )


def _instances(prefix: str, serving: Serving) -> Iterator[Breach]:
    count, policy = serving.instance_count, serving.deployment.policy
    if count < canary.least_instances(serving.deployment):
        yield Breach(
            key=f"{prefix}.instance_count",
            value=count,
            fault=f"is too few for a {policy} deployment, which divides traffic between instances",
            remedy='set instance_count to 2 or more, or deployment.policy to "all-at-once"',
            compared=(f"{prefix}.deployment.policy",),
        )
    if 2 * count > serving.instance_quota:
        yield Breach(
            key=f"{prefix}.instance_count",
            value=count,
            fault=f"doubles to {2 * count} while both fleets run, above the quota of {serving.instance_quota}",
            remedy="lower it, or raise the quota in AWS and set instance_quota to what you were granted",
            compared=(f"{prefix}.instance_quota",),
        )
    if policy != "all-at-once" and serving.instance_type.startswith("ml.inf1."):
        yield Breach(
            key=f"{prefix}.instance_type",
            value=serving.instance_type,
            fault=f"knows no {policy} deployment: SageMaker would silently move all traffic at once",
            remedy='choose another instance type, or deployment.policy = "all-at-once"',
            compared=(f"{prefix}.deployment.policy",),
        )


def _part_of_a_fleet(prefix: str, serving: Serving) -> Iterator[Breach]:
    """A canary that is less than one instance: SageMaker does not say what it makes of one."""
    count = serving.autoscaling.minimum if serving.autoscaling else serving.instance_count
    if not isinstance(serving.deployment, Canary) or count < canary.least_instances(serving.deployment):
        return
    percent = serving.deployment.canary_percent
    if count * percent < 100:
        yield Breach(
            key=f"{prefix}.deployment.canary_percent",
            value=percent,
            fault=f"of {count} instances is less than one of them",
            remedy=f"set it to {-(-100 // count)} or more, or serve with more instances",
            compared=(f"{prefix}.instance_count", f"{prefix}.autoscaling.minimum", f"{prefix}.deployment.policy"),
        )


def _scaling(prefix: str, serving: Serving) -> Iterator[Breach]:
    """Between its bounds the count may be anything when a release begins: each must be one that can be deployed."""
    scaling = serving.autoscaling
    if scaling is None:
        return
    minimum, maximum = f"{prefix}.autoscaling.minimum", f"{prefix}.autoscaling.maximum"
    double = 2 * scaling.maximum
    least = canary.least_instances(serving.deployment)
    if scaling.minimum < least:
        yield Breach(
            key=minimum,
            value=scaling.minimum,
            fault=f"is too few for a {serving.deployment.policy} deployment, which divides traffic between instances",
            remedy=f'set it to {least} or more, or deployment.policy to "all-at-once"',
            compared=(f"{prefix}.deployment.policy",),
        )
    if not scaling.minimum <= serving.instance_count <= scaling.maximum:
        yield Breach(
            key=f"{prefix}.instance_count",
            value=serving.instance_count,
            fault=f"is not between autoscaling's minimum of {scaling.minimum} and maximum of {scaling.maximum}",
            remedy="set it to one of them or to a count in between: the endpoint begins with it",
            compared=(minimum, maximum),
        )
    if double > serving.instance_quota:
        yield Breach(
            key=maximum,
            value=scaling.maximum,
            fault=f"doubles to {double} while both fleets run, above the quota of {serving.instance_quota}",
            remedy="lower it, or raise the quota in AWS and set instance_quota to what you were granted",
            compared=(f"{prefix}.instance_quota",),
        )


def _datapoints(prefix: str, serving: Serving) -> Iterator[Breach]:
    alarms = serving.alarms
    if alarms.needed > alarms.periods:
        yield Breach(
            key=f"{prefix}.alarms.datapoints",
            value=alarms.datapoints,
            fault=f"is more than the {alarms.periods} minutes that an alarm looks at",
            remedy="lower it, or raise alarms.periods",
            compared=(f"{prefix}.alarms.periods",),
        )


def _bakes(prefix: str, serving: Serving) -> Iterator[Breach]:
    needed = serving.alarms.needed
    least = canary.least_bake_seconds(minutes=needed)
    for key in ("bake_seconds", "final_bake_seconds"):
        seconds = getattr(serving.deployment, key, None)
        # All at once may go without a bake; a canary without one would be no canary.
        unwatched = seconds == 0 and isinstance(serving.deployment, AllAtOnce)
        if seconds is not None and seconds < least and not unwatched:
            yield Breach(
                key=f"{prefix}.deployment.{key}",
                value=seconds,
                fault=f"ends before an alarm that needs {needed} bad minutes can ring",
                remedy=f"set it to {least} or more ({needed} minutes and {canary.OBSERVATION_SECONDS} seconds for "
                "metrics to arrive), or lower alarms.datapoints or alarms.periods",
                compared=(f"{prefix}.alarms.periods", f"{prefix}.alarms.datapoints", f"{prefix}.deployment.policy"),
            )


def _timeout(prefix: str, serving: Serving) -> Iterator[Breach]:
    waits = canary.waits_seconds(serving)
    if serving.deployment.timeout_seconds <= waits:
        deployment = f"{prefix}.deployment"
        yield Breach(
            key=f"{deployment}.timeout_seconds",
            value=serving.deployment.timeout_seconds,
            fault=f"is not longer than the {waits} seconds that all bakes take together",
            remedy="raise it (instances take time to start, too), or shorten the bakes",
            compared=(
                *(f"{deployment}.{key}" for key in ("policy", "bake_seconds", "final_bake_seconds", "step_percent")),
                f"{prefix}.instance_count",
                f"{prefix}.autoscaling.minimum",
                f"{prefix}.autoscaling.maximum",
            ),
        )
