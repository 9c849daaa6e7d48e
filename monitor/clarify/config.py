"""analysis_config.json, by which Clarify is told what to analyse.

SageMaker Developer Guide, "Analysis Configuration Files".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.policy import BiasPolicy, ExplainabilityPolicy, QualityPolicy
from monitor.quality.values import canonical


class BadConfig(ValueError):
    """A configuration that asks for nothing that can be done; the text is one sentence."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """A facet, and the value of it that is looked at; a number may be a value as well as a threshold."""

    name: str
    value: str | float


@dataclass(frozen=True, kw_only=True)
class Config:
    """What of a configuration is understood."""

    headers: tuple[str, ...]
    """The columns of the data in their order; empty where the data name them."""
    label: str
    favourable: str
    groups: tuple[Group, ...]
    group_variable: str | None
    predicted: str
    """The column with the predicted label, where the data have one."""
    methods: frozenset[str]
    threshold: float
    """The probability from which on a model's answer is the favourable label."""
    shap: Mapping[str, Any]
    predictor: Mapping[str, Any]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Config:
        """From the document. Raises BadConfig."""
        headers = tuple(map(str, document.get("headers") or ()))
        label = _named(document.get("label"), headers)
        methods = document.get("methods") or {}
        return cls(
            headers=headers,
            label=label,
            favourable=_favourable(document),
            groups=tuple(_group(each, headers) for each in _listed(document.get("facet"))),
            group_variable=_named(document.get("group_variable"), headers) or None,
            predicted=_named(document.get("predicted_label"), headers),
            methods=frozenset(methods),
            threshold=float(document.get("probability_threshold") or 0.5),
            shap=methods.get("shap") or {},
            predictor=document.get("predictor") or {},
        )

    @property
    def features(self) -> tuple[str, ...]:
        """The columns of a request."""
        return tuple(name for name in self.headers if name not in (self.label, self.predicted))


def of_bias(columns: Sequence[str], policy: BiasPolicy, quality: QualityPolicy) -> dict[str, Any]:
    """The document for the facets of a policy, over requests of these columns."""
    grouped = {"group_variable": policy.group_variable} if policy.group_variable else {}
    return {
        "headers": [*columns, "label"],
        "label": "label",
        "label_values_or_threshold": [_number(policy.favourable_label or quality.positive_label or "1")],
        "facet": [{"name_or_index": name, "value_or_threshold": [value]} for name, value in policy.facets.items()],
        **grouped,
        "methods": {"pre_training_bias": {"methods": "all"}, "post_training_bias": {"methods": "all"}},
    }


def of_explainability(
    columns: Sequence[str], policy: ExplainabilityPolicy, *, model: str, instance_type: str, background: Sequence[Any]
) -> dict[str, Any]:
    """The document for Shapley values of a model's answers, against one background row."""
    shap = {"baseline": [list(background)], "num_samples": policy.rows, "agg_method": "mean_abs"}
    return {
        "headers": list(columns),
        "methods": {"shap": {**shap, "save_local_shap_values": False}},
        "predictor": {
            "model_name": model,
            "instance_type": instance_type,
            "initial_instance_count": 1,
            "content_type": "text/csv",
            "accept_type": "text/csv",
        },
    }


def _favourable(document: Mapping[str, Any]) -> str:
    values = document.get("label_values_or_threshold")
    if values is None:
        return "1"
    if not isinstance(values, list) or len(values) != 1:
        raise BadConfig("label_values_or_threshold has not one value: one label is looked at here.")
    return canonical(values[0])


def _group(entry: Mapping[str, Any], headers: tuple[str, ...]) -> Group:
    name, values = _named(entry.get("name_or_index"), headers), entry.get("value_or_threshold")
    if not isinstance(values, list) or len(values) != 1:
        raise BadConfig(f"The facet {name!r} has not one value_or_threshold: one group is looked at here.")
    (value,) = values
    return Group(name=name, value=float(value) if _is_number(value) else str(value))


def _listed(value: Any) -> list[Mapping[str, Any]]:
    return [value] if isinstance(value, Mapping) else list(value or ())


def _named(value: Any, headers: tuple[str, ...]) -> str:
    """A column by its name or its place. Raises BadConfig for a place that there is not."""
    if isinstance(value, int) and not isinstance(value, bool):
        if value >= len(headers):
            raise BadConfig(f"There is no column {value}: headers names {len(headers)}.")
        return headers[value]
    return str(value or "")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(text: str) -> Any:
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number
