"""CloudTrail's event history: who asked for what, as LookupEvents tells it."""

from local.trail.part import CloudTrail

__all__ = ["CloudTrail"]
