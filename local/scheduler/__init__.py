"""EventBridge Scheduler: schedules on the cloud's clock, and their delivery to targets that really run."""

from local.scheduler.part import Scheduler

__all__ = ["Scheduler"]
