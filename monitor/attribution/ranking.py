"""How much of an order of features is left in another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import groupby


def ndcg(current: Mapping[str, float], baseline: Mapping[str, float]) -> float:
    """Normalized discounted cumulative gain of the order of ``current``, with the values of ``baseline`` for gains.

    1 when both put the features into one order, and less the more a feature that counted has fallen behind; NaN when
    nothing counted. Features that either does not have count nothing there. Those of one value share their places.
    Source: "Monitor Feature Attribution Drift for Models in Production", SageMaker developer guide.
    """
    features = sorted({*current, *baseline})
    gains = {feature: baseline.get(feature, 0.0) for feature in features}
    best = sum(gain / _discount(place) for place, gain in enumerate(sorted(gains.values(), reverse=True)))
    if not best:
        return math.nan
    place, found = 0, 0.0
    for _, tied in groupby(
        sorted(features, key=lambda each: -current.get(each, 0.0)), lambda each: current.get(each, 0.0)
    ):
        group = list(tied)
        shared = sum(1 / _discount(each) for each in range(place, place + len(group))) / len(group)
        found += shared * sum(gains[feature] for feature in group)
        place += len(group)
    return found / best


def ranks(values: Mapping[str, float]) -> dict[str, int]:
    """Feature → its place, 1 for the largest value; names decide between equals."""
    ordered = sorted(values, key=lambda feature: (-values[feature], feature))
    return {feature: place for place, feature in enumerate(ordered, start=1)}


def _discount(place: int) -> float:
    return math.log2(place + 2)
