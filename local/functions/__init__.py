"""Lambda: functions whose real code runs in warm child processes."""

from local.functions.part import Functions

__all__ = ["Functions"]
