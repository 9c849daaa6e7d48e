"""Why an alarm is in its state, in CloudWatch's own words (StateReason) and in the JSON beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

_WORDS: Final = {
    "GreaterThanThreshold": "greater than",
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
_TREATED: Final = {"breaching": "Breaching", "notBreaching": "NonBreaching"}
_SHOWN: Final = 5
"""From this many data points on only the newest are shown, in a sentence of their own."""


@dataclass(frozen=True)
class Evaluated:
    """A data point that was evaluated: of the period that begins at `start`, in seconds of the epoch."""

    start: int
    value: float
    samples: float
    breaches: bool


@dataclass(frozen=True)
class Evidence:
    """What a state comes from: the data points, oldest first, and the settings that the words mention.

    `newest` is the start of the newest period; `demanded` is None for an alarm that leaves DatapointsToAlarm out.
    """

    datapoints: Sequence[Evaluated]
    newest: int
    period: int
    periods: int
    demanded: int | None
    comparison: str
    threshold: float
    missing: str
    statistic: str | None
    unit: str | None

    @property
    def filled(self) -> int:
        """How many data points are missing."""
        return self.periods - len(self.datapoints)


def reason(state: str, evidence: Evidence) -> str:
    """StateReason, worded as AWS does (examples in "Alarm events and EventBridge")."""
    if not evidence.datapoints and evidence.missing not in _TREATED:
        return f"Insufficient Data: {_counted(evidence.periods, 'datapoint')} {_were(evidence.periods)} unknown."
    telling = [point for point in evidence.datapoints if point.breaches == (state == "ALARM")]
    treated = evidence.filled and evidence.missing in _TREATED
    if not telling:
        return f"Threshold Crossed: {_received(evidence)}."
    clause = f" and {_filled(evidence)}" if treated else ""
    return f"Threshold Crossed: {_crossing(telling, evidence, state=state, clause=clause)}."


def reason_data(evidence: Evidence, now: datetime) -> dict[str, Any]:
    """StateReasonData, before it is made JSON: recent data points oldest first, evaluated ones newest first."""
    points = evidence.datapoints
    newest_first = [
        # A data point of an expression comes from no samples of its own.
        {"timestamp": stamp(p.start), **({"sampleCount": p.samples} if evidence.statistic else {}), "value": p.value}
        for p in reversed(points)
    ]
    missing = [{"timestamp": stamp(evidence.newest - n * evidence.period)} for n in range(evidence.periods)]
    members = {
        "version": "1.0",
        "queryDate": stamp(now.timestamp()),
        "startDate": stamp(points[0].start) if points else None,
        "unit": evidence.unit,
        "statistic": evidence.statistic,
        "period": evidence.period,
        "recentDatapoints": [point.value for point in points],
        "threshold": evidence.threshold,
        "evaluatedDatapoints": newest_first or missing,
    }
    return {name: value for name, value in members.items() if value is not None}


def stamp(seconds: float) -> str:
    """A moment in the form of CloudWatch's JSON: milliseconds and `+0000`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}+0000"


def _crossing(telling: Sequence[Evaluated], evidence: Evidence, *, state: str, clause: str) -> str:
    many, newest = len(telling), [_shown(point) for point in reversed(telling[-_SHOWN:])]
    count = f"{many} out of the last {evidence.periods} datapoints"
    if evidence.demanded is None:
        count = _counted(many, "datapoint")
    listed = "" if many >= _SHOWN else f" [{', '.join(newest)}]"
    crossed = f"{'' if state == 'ALARM' else 'not '}{_WORDS[evidence.comparison]} the threshold"
    sentence = f"{count}{listed} {_were(many)} {crossed} ({_number(evidence.threshold)}){clause}"
    if not listed:
        sentence += f". The most recent datapoints which crossed the threshold: [{', '.join(newest)}]"
    return sentence + _minimum(evidence, state=state)


def _minimum(evidence: Evidence, *, state: str) -> str:
    if evidence.demanded is None:
        return ""
    ringing = state == "ALARM"
    needed = evidence.demanded if ringing else evidence.periods - evidence.demanded + 1
    transition = "OK -> ALARM" if ringing else "ALARM -> OK"
    return f" (minimum {_counted(needed, 'datapoint')} for {transition} transition)"


def _received(evidence: Evidence) -> str:
    many = len(evidence.datapoints)
    received = f"{_counted(many, 'datapoint')} {'was' if many == 1 else 'were'} received"
    if not many:
        received = "no datapoints were received"
    return f"{received} for {_counted(evidence.periods, 'period')} and {_filled(evidence)}"


def _filled(evidence: Evidence) -> str:
    many = evidence.filled
    return f"{_counted(many, 'missing datapoint')} {_were(many)} treated as [{_TREATED[evidence.missing]}]"


def _counted(many: int, noun: str) -> str:
    return f"{many} {noun}" if many == 1 else f"{many} {noun}s"


def _were(many: int) -> str:
    return "was" if many == 1 else "were"


def _shown(point: Evaluated) -> str:
    return f"{_number(point.value)} ({datetime.fromtimestamp(point.start, UTC):%d/%m/%y %H:%M:%S})"


def _number(value: float) -> str:
    """As Java writes a double, which is how AWS does."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(float(value))
    digits, _, exponent = f"{Decimal(repr(float(value))).normalize():E}".partition("E")
    return f"{digits if '.' in digits else digits + '.0'}E{int(exponent)}"
