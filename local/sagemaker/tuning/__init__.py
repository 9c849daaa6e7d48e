"""Hyperparameter tuning jobs: real training jobs, one for each point that a strategy chooses."""

from local.sagemaker.tuning.jobs import TuningJobs

__all__ = ["TuningJobs"]
