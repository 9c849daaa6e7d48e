"""What must hold between the values that say how models are monitored."""

from __future__ import annotations

import re
from collections.abc import Iterator

from env import model_monitor_rules, rhythm
from env.breach import Breach
from env.monitor import Bias, Limit, Monitor, Quality
from env.stage import Model, StageFile

RESERVED = ("labels", "reports")
"""Folders of the capture bucket beside those of the models."""

_WHOLE_HOURS = re.compile(r"rate\((1 hour|1 day|(?P<hours>[2-9]|1\d|2[0-4]) hours)\)")


def breaches(stage: StageFile) -> Iterator[Breach]:
    """Everything about monitoring that contradicts itself in a file."""
    for model, parts in stage.models.items():
        yield from _reserved(model)
        yield from _masked(stage, model, parts)
        if parts.monitor is not None:
            prefix = f"models.{model}.monitor"
            yield from _rhythm(prefix, parts.monitor)
            yield from model_monitor_rules.breaches(prefix, parts)
            yield from _captured(prefix, model, parts)
            yield from _datapoints(prefix, parts.monitor)
            yield from _quality(f"{prefix}.quality", parts.monitor.quality)
            yield from _bias(f"{prefix}.bias", parts.monitor.bias, parts.monitor.quality)
            yield from _bounds(prefix, parts.monitor)
            yield from _retraining(prefix, model, parts)
            yield from _kept(prefix, model, parts)
            yield from _hidden(prefix, model, parts)


def _reserved(model: str) -> Iterator[Breach]:
    if model in RESERVED:
        yield Breach(
            key=f"models.{model}",
            value=None,
            fault="has the name of a folder that all models share",
            remedy="give the model another name",
        )


def _masked(stage: StageFile, model: str, parts: Model) -> Iterator[Breach]:
    """Masked requests are written by the model's container, which an isolated one cannot."""
    if stage.network is not None and parts.serving.capture.masked:
        key = f"models.{model}.serving.capture.masked"
        yield Breach(
            key=key,
            value=dict(parts.serving.capture.masked),
            fault="cannot be kept in a private network, where models run isolated and write nothing",
            remedy="remove it and set capture.percent to 0, or remove [network]",
            compared=("network",),
        )


def _rhythm(prefix: str, monitor: Monitor) -> Iterator[Breach]:
    key = f"{prefix}.every"
    if fault := rhythm.fault(monitor.every):
        remedy = 'write it like "rate(1 day)" or "cron(0 6 * * ? *)"'
        yield Breach(key=key, value=monitor.every, fault=fault, remedy=remedy)
    elif monitor.schedule == "model-monitor" and not _WHOLE_HOURS.fullmatch(monitor.every):
        yield Breach(
            key=key,
            value=monitor.every,
            fault="is no schedule that Model Monitor has: every hour, every few hours, or every day",
            remedy='write it like "rate(1 hour)" or "rate(1 day)", or set schedule to "kit"',
            compared=(f"{prefix}.schedule",),
        )


def _captured(prefix: str, model: str, parts: Model) -> Iterator[Breach]:
    if parts.serving.capture.percent == 0:
        yield Breach(
            key=f"models.{model}.serving.capture.percent",
            value=0,
            fault="leaves the monitor nothing to look at",
            remedy=f"set it to 1 or more, or remove [{prefix}]",
            compared=(prefix,),
        )


def _datapoints(prefix: str, monitor: Monitor) -> Iterator[Breach]:
    """An alarm looks back seven days at most, one where its points are closer than an hour.

    Source: CloudWatch User Guide, "Using Amazon CloudWatch alarms", "Evaluating an alarm".
    """
    alarms = monitor.alarms
    pause = 0 if rhythm.fault(monitor.every) else rhythm.longest_pause_seconds(monitor.every)
    longest = 604_800 if pause >= 3600 else 86_400
    if pause * alarms.periods > longest:
        yield Breach(
            key=f"{prefix}.every",
            value=monitor.every,
            fault=f"is too seldom for alarms, which look back {longest // 86_400} days at most",
            remedy="shorten it, or lower alarms.periods",
            compared=(f"{prefix}.alarms.periods",),
        )
    if alarms.datapoints > alarms.periods:
        yield Breach(
            key=f"{prefix}.alarms.datapoints",
            value=alarms.datapoints,
            fault=f"is more than the {alarms.periods} runs that an alarm looks at",
            remedy="lower it, or raise alarms.periods",
            compared=(f"{prefix}.alarms.periods",),
        )


def _quality(prefix: str, quality: Quality | None) -> Iterator[Breach]:
    if quality is None:
        return
    binary = quality.kind == "binary-classification"
    key = f"{prefix}.positive_label"
    if binary and quality.positive_label is None:
        yield Breach(
            key=key,
            value=None,
            fault="is missing",
            remedy="say which label's probability the model answers",
            compared=(f"{prefix}.kind",),
        )
    if not binary and quality.positive_label is not None:
        yield Breach(
            key=key,
            value=quality.positive_label,
            fault="has no meaning for a regression",
            remedy='remove it, or set kind to "binary-classification"',
            compared=(f"{prefix}.kind",),
        )


def _bias(prefix: str, bias: Bias | None, quality: Quality | None) -> Iterator[Breach]:
    """Which answer is the good one only binary classification says."""
    if bias is None:
        return
    if not bias.facets:
        remedy = 'name a column and the group in it, like sex = "female"'
        yield Breach(key=f"{prefix}.facets", value={}, fault="names no group", remedy=remedy)
    if quality is None or quality.kind != "binary-classification":
        other = prefix.removesuffix("bias") + "quality"
        yield Breach(
            key=f"{prefix}.facets",
            value=dict(bias.facets),
            fault="cannot be compared: which label is the positive one is not said",
            remedy=f'add [{other}] with kind = "binary-classification" and positive_label, or remove [{prefix}]',
            compared=(f"{other}.kind",),
        )


def _bounds(prefix: str, monitor: Monitor) -> Iterator[Breach]:
    """Every bound says something, and leaves some value to be well."""
    quality = monitor.quality.limits if monitor.quality else {}
    bounded: dict[str, Limit] = {
        **{f"{prefix}.quality.limits.{name}": limit for name, limit in quality.items()},
        **{f"{prefix}.business.{name}": limit for name, limit in monitor.business.items()},
    }
    for key, limit in bounded.items():
        if limit.at_least is None and limit.at_most is None:
            yield Breach(key=key, value=None, fault="has no bound", remedy="add at_least, at_most or both")
        elif limit.at_least is not None and limit.at_most is not None and limit.at_least > limit.at_most:
            yield Breach(
                key=f"{key}.at_least",
                value=limit.at_least,
                fault=f"is more than at_most, {limit.at_most:g}: no value is well",
                remedy="lower it, or raise at_most",
                compared=(f"{key}.at_most",),
            )


def _retraining(prefix: str, model: str, parts: Model) -> Iterator[Breach]:
    assert parts.monitor is not None
    if parts.monitor.retraining is None:
        return
    if parts.training is None:
        yield Breach(
            key=f"{prefix}.retraining",
            value=None,
            fault="starts a pipeline in a stage that does not train the model",
            remedy=f"remove it, or add [models.{model}.training] in the stage with the registry",
            compared=(f"models.{model}.training",),
        )
    if parts.monitor.quality is None:
        yield Breach(
            key=f"{prefix}.retraining",
            value=None,
            fault="learns from labels, and the stage does not say what they mean",
            remedy=f"add [{prefix}.quality], or remove it",
            compared=(f"{prefix}.quality",),
        )


def _kept(prefix: str, model: str, parts: Model) -> Iterator[Breach]:
    """What is looked at must be there still."""
    assert parts.monitor is not None
    monitor, days = parts.monitor, parts.serving.capture.retention_days
    late = monitor.quality.label_delay_minutes if monitor.quality else 0
    back = {
        "window_minutes": (monitor.window_minutes + late) / 1440,
        "retraining.lookback_hours": monitor.retraining.lookback_hours / 24 if monitor.retraining else 0,
    }
    for key, needed in back.items():
        if needed > days:
            yield Breach(
                key=f"models.{model}.serving.capture.retention_days",
                value=days,
                fault=f"ends before the monitor has looked: {key} reaches {needed:.1f} days back",
                remedy=f"raise it, or lower {prefix}.{key}",
                compared=(f"{prefix}.{key}", f"{prefix}.quality.label_delay_minutes"),
            )


def _hidden(prefix: str, model: str, parts: Model) -> Iterator[Breach]:
    """What is masked cannot be looked at: a hash tells no group, has no value, and cannot be trained with."""
    assert parts.monitor is not None
    monitor, masked = parts.monitor, parts.serving.capture.masked
    compared = (f"models.{model}.serving.capture.masked",)
    if masked and monitor.retraining is not None:
        yield Breach(
            key=f"{prefix}.retraining",
            value=None,
            fault=f"would train with masked columns: {', '.join(masked)}",
            remedy="remove it, or capture.masked: hashes are no training data",
            compared=compared,
        )
    if masked and monitor.explainability is not None:
        yield Breach(
            key=f"{prefix}.explainability",
            value=None,
            fault=f"would explain answers by masked columns: {', '.join(masked)}",
            remedy="remove it, or capture.masked: the model cannot be asked again with hashes",
            compared=compared,
        )
    facets = monitor.bias.facets if monitor.bias else {}
    for column in [column for column in facets if column in masked]:
        yield Breach(
            key=f"{prefix}.bias.facets.{column}",
            value=facets[column],
            fault="is masked when it is captured: nobody's group is known",
            remedy="remove it, or do not mask the column",
            compared=compared,
        )
    for name, indicator in monitor.business.items():
        for column in sorted(set(re.findall(r"\w+", indicator.expression)) & set(masked)):
            yield Breach(
                key=f"{prefix}.business.{name}.expression",
                value=indicator.expression,
                fault=f"reckons with {column}, which is masked when it is captured",
                remedy="reckon without it, or do not mask the column",
                compared=compared,
            )
