"""When a trial, or a whole tuning job, has seen enough."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Final

from local.sagemaker.tuning.request import Objective
from local.sagemaker.tuning.trials import Trial

_IMPROVEMENT: Final = 0.01
"""What counts as better: by at least one per cent (API reference, "BestObjectiveNotImproving")."""


def hopeless(trial: Trial, ended: Sequence[Trial]) -> bool:
    """Whether a running trial is worse than those before it were at the same point (AWS's early stopping).

    That is: its last value is worse than the median of the running averages that earlier trials had by then
    (Developer Guide, "Stop Training Jobs Early"). A trial in its last epoch, as the earlier ones tell, goes on.
    """
    epoch = len(trial.history)
    others = [other.history for other in ended if other.history]
    if not epoch or not any(len(history) > epoch for history in others):
        return False
    median = statistics.median(statistics.fmean(history[:epoch]) for history in others)
    return trial.definition.objective.better(median, trial.history[-1])


def satisfied(found: Sequence[Trial], criteria: Mapping[str, Any]) -> bool:
    """Whether a tuning job's TuningJobCompletionCriteria are met."""
    scored = [trial for trial in found if trial.value is not None]
    target = criteria.get("TargetObjectiveMetricValue")
    if target is not None and any(_reached(trial, target) for trial in scored):
        return True
    patience = criteria.get("BestObjectiveNotImproving", {}).get("MaxNumberOfTrainingJobsNotImproving")
    return patience is not None and not_improving(scored) >= patience


def not_improving(scored: Sequence[Trial]) -> int:
    """How many trials in a row, the last ones, have not brought the best value further."""
    count, leading = 0, None
    for trial in scored:
        if trial.value is None:
            continue
        if leading is None or _improved(trial.definition.objective, trial.value, leading):
            count, leading = 0, trial.value
        else:
            count += 1
    return count


def _improved(objective: Objective, value: float, leading: float) -> bool:
    step = abs(leading) * _IMPROVEMENT
    return objective.better(value, leading) and abs(value - leading) >= step


def _reached(trial: Trial, target: float) -> bool:
    return trial.value is not None and not trial.definition.objective.better(target, trial.value)
