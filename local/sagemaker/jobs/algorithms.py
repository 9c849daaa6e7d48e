"""What AWS knows of its built-in algorithms besides their images."""

from __future__ import annotations

from typing import Final

# What the container's log can hold of each round (Developer Guide, "Tune an XGBoost Model").
_XGBOOST_METRICS: Final = (
    "accuracy auc aucpr balanced_accuracy f1 f1_binary f1_macro map ndcg precision r2 recall aft-nloglik cox-nloglik "
    "error gamma-deviance gamma-nloglik interval-regression-accuracy logloss mae mape merror mlogloss mphe mse "
    "poisson-nloglik rmse rmsle tweedie-nloglik"
)

_NUMBER: Final = r"([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)"


def metric_definitions(algorithm: str) -> list[dict[str, str]]:
    """The MetricDefinitions that training jobs of an algorithm have without being asked for."""
    if algorithm != "xgboost":
        return []
    return [
        {"Name": f"{data}:{metric}", "Regex": rf".*\[[0-9]+\].*#011{data}-{metric}:{_NUMBER}.*"}
        for data in ("train", "validation")
        for metric in _XGBOOST_METRICS.split()
    ]
