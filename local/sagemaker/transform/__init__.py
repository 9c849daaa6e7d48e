"""Batch transform: a model server for the time of a job, and every object of a prefix sent through it."""

from local.sagemaker.transform.jobs import TransformJobs

__all__ = ["TransformJobs"]
