"""constraints.json of data quality: what a baseline suggests, what people edit, what AWS's analyzer has made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from monitor.policy import DataPolicy, FeaturePolicy

TYPES: Final = ("Integral", "Fractional", "String", "Unknown")
NUMERIC: Final = ("Integral", "Fractional")


class BadConstraints(ValueError):
    """A document that is no constraints.json; the text says what is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class FeatureConstraints:
    """What one feature is held to."""

    name: str
    inferred_type: str
    completeness: float = 1.0
    """The least share of rows that have a value."""
    is_non_negative: bool = False
    domains: tuple[str, ...] | None = None
    """All values that are known; None: no such check."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """The feature's own monitoring configuration, as in the file."""


@dataclass(frozen=True, kw_only=True)
class Constraints:
    """The whole file; thresholds are shares of one."""

    features: tuple[FeatureConstraints, ...] = ()
    evaluate: bool = True
    emit_metrics: bool = True
    datatype_check_threshold: float = 1.0
    """The least share of values that have the type."""
    domain_content_threshold: float = 1.0
    """The least share of values that are known."""
    compare: bool = True
    comparison_threshold: float = 0.1
    categorical_comparison_threshold: float = 0.1
    robust: bool = True
    """Whether chance is taken into account (Robust); otherwise a distance alone is judged (Simple)."""
    categorical_drift_method: str = "LInfinity"

    def of(self, name: str) -> FeatureConstraints | None:
        """The constraints of one feature, None when it has none."""
        return next((each for each in self.features if each.name == name), None)


def document(constraints: Constraints) -> dict[str, Any]:
    """The file, as Model Monitor's analyzer writes it."""
    return {
        "version": 0.0,
        "features": [_feature_document(each) for each in constraints.features],
        "monitoring_config": {
            "evaluate_constraints": _switch(constraints.evaluate),
            "emit_metrics": _switch(constraints.emit_metrics),
            "datatype_check_threshold": constraints.datatype_check_threshold,
            "domain_content_threshold": constraints.domain_content_threshold,
            "distribution_constraints": {
                "perform_comparison": _switch(constraints.compare),
                "comparison_threshold": constraints.comparison_threshold,
                "comparison_method": "Robust" if constraints.robust else "Simple",
                "categorical_comparison_threshold": constraints.categorical_comparison_threshold,
                "categorical_drift_method": constraints.categorical_drift_method,
            },
        },
    }


def read(found: Any) -> Constraints:
    """Constraints out of parsed JSON, ours or AWS's; what a file leaves out is as AWS's analyzer suggests.

    Raises BadConstraints for what is no such file.
    """
    if not isinstance(found, Mapping) or not isinstance(found.get("features"), list):
        raise BadConstraints("constraints.json: an object with a list of features is wanted.")
    config = _table(found.get("monitoring_config"), "monitoring_config")
    distances = _table(config.get("distribution_constraints"), "distribution_constraints")
    threshold = _number(distances, "comparison_threshold", 0.1)
    return Constraints(
        features=tuple(_feature(each) for each in found["features"]),
        evaluate=_is_on(config, "evaluate_constraints"),
        emit_metrics=_is_on(config, "emit_metrics"),
        datatype_check_threshold=_number(config, "datatype_check_threshold", 1.0),
        domain_content_threshold=_number(config, "domain_content_threshold", 1.0),
        compare=_is_on(distances, "perform_comparison"),
        comparison_threshold=threshold,
        categorical_comparison_threshold=_number(distances, "categorical_comparison_threshold", threshold),
        robust=distances.get("comparison_method", "Robust") != "Simple",
        categorical_drift_method=str(distances.get("categorical_drift_method", "LInfinity")),
    )


def policy(constraints: Constraints) -> DataPolicy:
    """What a constraints file says of distances, as a policy: for runs that have no other, as Model Monitor's own."""
    own = {each.name: _own(each) for each in constraints.features if each.overrides}
    return DataPolicy(
        numeric_distance=constraints.comparison_threshold,
        categorical_distance=constraints.categorical_comparison_threshold,
        features={name: each for name, each in own.items() if each is not None},
    )


def _own(feature: FeatureConstraints) -> FeaturePolicy | None:
    distances = _table(feature.overrides.get("distribution_constraints"), feature.name)
    if distances.get("perform_comparison") == "Disabled":
        return FeaturePolicy(distance=1.0)
    key = "categorical_comparison_threshold" if feature.inferred_type == "String" else "comparison_threshold"
    found = distances.get(key, distances.get("comparison_threshold"))
    return None if found is None else FeaturePolicy(distance=float(found))


def _feature_document(feature: FeatureConstraints) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": feature.name,
        "inferred_type": feature.inferred_type,
        "completeness": feature.completeness,
    }
    if feature.inferred_type in NUMERIC:
        shown["num_constraints"] = {"is_non_negative": feature.is_non_negative}
    if feature.domains is not None:
        shown["string_constraints"] = {"domains": list(feature.domains)}
    return shown | ({"monitoringConfigOverrides": dict(feature.overrides)} if feature.overrides else {})


def _feature(found: Any) -> FeatureConstraints:
    if not isinstance(found, Mapping) or not isinstance(found.get("name"), str):
        raise BadConstraints("constraints.json: a feature without a name.")
    name = found["name"]
    if found.get("inferred_type") not in TYPES:
        raise BadConstraints(f"constraints.json: {name}: the type {found.get('inferred_type')!r} is none of {TYPES}.")
    texts = _table(found.get("string_constraints"), name)
    # The guide writes the overrides in one way, older files of AWS's own in the other.
    overrides = found.get("monitoringConfigOverrides") or found.get("monitoring_config_overrides")
    return FeatureConstraints(
        name=name,
        inferred_type=found["inferred_type"],
        completeness=_number(found, "completeness", 0.0),
        is_non_negative=_table(found.get("num_constraints"), name).get("is_non_negative") is True,
        domains=tuple(map(str, texts["domains"])) if texts.get("domains") is not None else None,
        overrides=_table(overrides, name),
    )


def _switch(on: bool) -> str:
    return "Enabled" if on else "Disabled"


def _is_on(config: Mapping[str, Any], key: str) -> bool:
    return bool(config.get(key, "Enabled") == "Enabled")


def _table(found: Any, where: str) -> Mapping[str, Any]:
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise BadConstraints(f"constraints.json: {where}: an object is wanted, not {found!r}.")
    return found


def _number(found: Mapping[str, Any], key: str, otherwise: float) -> float:
    value = found.get(key, otherwise)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadConstraints(f"constraints.json: {key}: a number is wanted, not {value!r}.")
    return float(value)
