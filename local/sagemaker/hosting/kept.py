"""What an update takes over from the endpoint as it runs (`RetainAllVariantProperties`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.sagemaker.resources import Record


@dataclass(frozen=True)
class Kept:
    """Weights and counts by variant name, and the data capture."""

    weights: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    capture: Mapping[str, Any] | None = None
    keeps_capture: bool = False

    @classmethod
    def of(cls, params: Mapping[str, Any], endpoint: Record, *, capture: Mapping[str, Any] | None) -> Kept:
        """What an UpdateEndpoint request keeps; `capture` is the DataCaptureConfig that holds now."""
        if not params.get("RetainAllVariantProperties"):
            return cls()
        excluded = {entry["VariantPropertyType"] for entry in params.get("ExcludeRetainedVariantProperties", [])}
        return cls(
            weights={} if "DesiredWeight" in excluded else _by_variant(endpoint, "DesiredWeight"),
            counts={} if "DesiredInstanceCount" in excluded else _by_variant(endpoint, "DesiredInstanceCount"),
            capture=capture,
            keeps_capture="DataCaptureConfig" not in excluded,
        )

    @classmethod
    def resumed(cls, endpoint: Record) -> Kept:
        """All that an endpoint had when the process that served it ended."""
        return cls(
            weights=_by_variant(endpoint, "DesiredWeight"),
            counts=_by_variant(endpoint, "DesiredInstanceCount"),
            capture=endpoint.get("ServingCapture"),
            keeps_capture=True,
        )

    def instance_counts(self, config: Record) -> dict[str, int]:
        """How many instances each variant of a configuration gets."""
        return {
            variant["VariantName"]: self.counts.get(variant["VariantName"], variant.get("InitialInstanceCount", 1))
            for variant in config["ProductionVariants"]
        }


def _by_variant(endpoint: Record, member: str) -> dict[str, Any]:
    return {variant["VariantName"]: variant[member] for variant in endpoint.get("ProductionVariants", [])}
