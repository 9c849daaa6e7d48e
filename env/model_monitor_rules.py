"""What must hold where SageMaker's own Model Monitor looks at a model, besides what holds for every monitor."""

from __future__ import annotations

import re
from collections.abc import Iterator

from env.breach import Breach
from env.monitor import Monitor
from env.stage import Model

_RATE = re.compile(r"rate\((?P<count>\d+) (?P<unit>hour|day)s?\)")
_MINUTES = {"hour": 60, "day": 1440}


def breaches(prefix: str, parts: Model) -> Iterator[Breach]:
    """What Model Monitor cannot do of what a stage asks for; nothing where the kit looks."""
    monitor = parts.monitor
    if monitor is None or monitor.schedule != "model-monitor":
        return
    yield from _window(prefix, monitor)
    yield from _label(prefix, monitor)
    yield from _limits(prefix, monitor)
    yield from _absent(prefix, monitor)
    if parts.serving.capture.masked:
        yield Breach(
            key=f"{prefix}.schedule",
            value=monitor.schedule,
            fault="reads what SageMaker captures, which holds no requests where columns are masked",
            remedy='set it to "kit", or mask nothing',
            compared=(f"{prefix.removesuffix('monitor')}serving.capture.masked",),
        )


def _window(prefix: str, monitor: Monitor) -> Iterator[Breach]:
    rate = _RATE.fullmatch(monitor.every)
    minutes = int(rate["count"]) * _MINUTES[rate["unit"]] if rate else monitor.window_minutes
    if monitor.window_minutes != minutes:
        yield Breach(
            key=f"{prefix}.window_minutes",
            value=monitor.window_minutes,
            fault="is not the time between two runs, which is what Model Monitor looks at",
            remedy=f'set it to {minutes}, or schedule to "kit"',
            compared=(f"{prefix}.every",),
        )


def _label(prefix: str, monitor: Monitor) -> Iterator[Breach]:
    """Model Monitor holds a probability to be that of the label 1."""
    quality = monitor.quality
    if quality is not None and quality.kind == "binary-classification" and quality.positive_label != "1":
        yield Breach(
            key=f"{prefix}.quality.positive_label",
            value=quality.positive_label,
            fault="is not 1, whose probability Model Monitor holds the answer to be",
            remedy='let the model answer the probability of 1, or set schedule to "kit"',
            compared=(f"{prefix}.schedule",),
        )


def _limits(prefix: str, monitor: Monitor) -> Iterator[Breach]:
    """Without limits its thresholds are what was measured at training, which each second window misses."""
    if monitor.quality is not None and not monitor.quality.limits:
        yield Breach(
            key=f"{prefix}.quality.limits",
            value=None,
            fault="is missing, and Model Monitor knows no chance: what was measured at training would be the limit",
            remedy="name limits, as limits.auc.at_least = 0.7, here and where the model is trained, or set schedule "
            'to "kit"',
            compared=(f"{prefix}.schedule",),
        )


def _absent(prefix: str, monitor: Monitor) -> Iterator[Breach]:
    if monitor.business:
        yield Breach(
            key=f"{prefix}.business",
            value=sorted(monitor.business),
            fault="is nothing that Model Monitor looks at",
            remedy='remove it, or set schedule to "kit"',
            compared=(f"{prefix}.schedule",),
        )
