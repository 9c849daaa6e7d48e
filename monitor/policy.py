"""What a model's monitors are held to: the policy document of a stage, read strictly."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints


class BadPolicy(ValueError):
    """A policy document that cannot be what was meant; the text is one sentence with the key's path."""


@dataclass(frozen=True, kw_only=True)
class FeaturePolicy:
    """What differs for one feature; what is None is as for all."""

    ignore: bool = False
    """Neither judged nor counted as missing or extra."""
    distance: float | None = None
    """Instead of ``numeric_distance`` or ``categorical_distance``."""
    psi: float | None = None
    jensen_shannon: float | None = None


@dataclass(frozen=True, kw_only=True)
class DataPolicy:
    """Data quality. A drift is a distance over its threshold that chance does not explain."""

    minimum_rows: int = 200
    """With fewer the outcome is insufficient data."""
    false_alarm_rate: float = 0.01
    """The largest chance that one run over unchanged data has any violation, all features and checks together."""
    numeric_distance: float = 0.05
    """Largest difference of the two cumulative distributions (Kolmogorov-Smirnov, Model Monitor's L-infinity)."""
    categorical_distance: float = 0.05
    """Largest difference of a category's share."""
    psi: float | None = None
    """Population stability index; None: not judged."""
    jensen_shannon: float | None = None
    """Jensen-Shannon distance (root of the divergence, natural logarithm: 0 to 0.83); None: not judged."""
    features: Mapping[str, FeaturePolicy] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Limit:
    """The side on which a number must stay; both may be given."""

    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, kw_only=True)
class QualityPolicy:
    """Model quality, by labels that came later."""

    kind: Literal["binary-classification", "regression"]
    positive_label: str | None = None
    """The label's value that the prediction is the probability of, as text; needed for classification."""
    decision_threshold: float = 0.5
    """A prediction above it decides for the positive label."""
    minimum_labels: int = 100
    label_delay_minutes: int = 0
    """Labels come so late: the judged window ends that much before now."""
    false_positive_cost: float = 1.0
    false_negative_cost: float = 1.0
    limits: Mapping[str, Limit] = field(default_factory=dict)
    """Metric → limit; without any, the metrics must not be significantly worse than the baseline's."""


@dataclass(frozen=True, kw_only=True)
class BiasPolicy:
    """Bias of data and predictions, facet by facet."""

    facets: Mapping[str, str | float] = field(default_factory=dict)
    """Protected column → the group looked at: a text is its value, a number the threshold above which it lies."""
    limits: Mapping[str, float] = field(default_factory=dict)
    """Clarify's metric → largest distance from its neutral value; the others are held to the baseline's."""
    favourable_label: str | None = None
    """The label's value that is good for a person; None: the quality's positive label."""
    group_variable: str | None = None
    """The column whose groups conditional disparity is reckoned in; None: it is left out."""


@dataclass(frozen=True, kw_only=True)
class ExplainabilityPolicy:
    """Drift of the features' attributions."""

    minimum_ndcg: float = 0.9
    rows: int = 300
    """So many rows of a window are explained."""


@dataclass(frozen=True, kw_only=True)
class KpiPolicy:
    """One business number: an expression over captured columns, predictions and labels."""

    expression: str
    at_least: float | None = None
    at_most: float | None = None
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class AlarmsPolicy:
    """M (`datapoints`) of N (`periods`) runs with violations ring a monitor's alarm."""

    periods: int = 1
    datapoints: int = 1


@dataclass(frozen=True, kw_only=True)
class RetrainingPolicy:
    """When drift may start a training by itself."""

    stop: bool = False
    cooldown_hours: float = 24.0
    at_most_per_day: int = 1
    minimum_rows: int = 500
    lookback_hours: float = 24.0
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The whole document of one model in one stage; a monitor that is None is off."""

    schedule: Literal["kit", "model-monitor"] = "kit"
    every: str = "rate(1 day)"
    window_minutes: int = 1440
    job_above_mb: int = 512
    job_instance_type: str = "ml.m5.xlarge"
    data: DataPolicy = field(default_factory=DataPolicy)
    quality: QualityPolicy | None = None
    bias: BiasPolicy | None = None
    explainability: ExplainabilityPolicy | None = None
    business: Mapping[str, KpiPolicy] = field(default_factory=dict)
    alarms: AlarmsPolicy = field(default_factory=AlarmsPolicy)
    retraining: RetrainingPolicy | None = None
    masked: tuple[str, ...] = ()
    """Columns that are captured as hashes or not at all: no monitor looks at their values."""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Policy:
        """A policy out of parsed JSON; a null is an absent key. Raises BadPolicy for unknown keys and wrong types."""
        return _object(cls, document, "policy")


_T = TypeVar("_T")


def _object(kind: type[_T], document: Any, where: str) -> _T:
    if not isinstance(document, Mapping):
        raise BadPolicy(f"{where}: a table is wanted, not {document!r}.")
    hints = get_type_hints(kind)
    unknown = sorted(set(document) - set(hints))
    if unknown:
        raise BadPolicy(f"{where}.{unknown[0]}: no such key; there are {', '.join(sorted(hints))}.")
    given = {key: _value(hints[key], value, f"{where}.{key}") for key, value in document.items() if value is not None}
    needed = [each.name for each in fields(kind) if _is_needed(each) and each.name not in given]  # type: ignore[arg-type]
    if needed:
        raise BadPolicy(f"{where}.{needed[0]}: is needed.")
    return kind(**given)


def _is_needed(each: Any) -> bool:
    return each.default is MISSING and each.default_factory is MISSING


def _value(hint: Any, value: Any, where: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _either([each for each in arguments if each is not type(None)], value, where)
    if origin is Literal:
        return _literal(arguments, value, where)
    if origin is tuple:
        return tuple(_sequence(arguments[0], value, where))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(arguments[1], value, where)
    return _object(hint, value, where) if isinstance(hint, type) and is_dataclass(hint) else _scalar(hint, value, where)


def _either(hints: list[Any], value: Any, where: str) -> Any:
    for hint in hints[:-1]:
        if isinstance(value, hint):
            return value
    return _value(hints[-1], value, where)


def _literal(allowed: tuple[Any, ...], value: Any, where: str) -> Any:
    if value not in allowed:
        raise BadPolicy(f"{where}: {value!r} is none of {', '.join(map(repr, allowed))}.")
    return value


def _sequence(hint: Any, value: Any, where: str) -> list[Any]:
    if isinstance(value, str) or not isinstance(value, (list, tuple)):
        raise BadPolicy(f"{where}: a list is wanted, not {value!r}.")
    return [_value(hint, each, where) for each in value]


def _mapping(hint: Any, value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise BadPolicy(f"{where}: a table is wanted, not {value!r}.")
    return {str(key): _value(hint, each, f"{where}.{key}") for key, each in value.items()}


def _scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is Any:
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise BadPolicy(f"{where}: {hint.__name__} is wanted, not {value!r}.")
    return value
