"""EventBridge: rules of the default bus, and their delivery to targets that really run."""

from local.events.part import Events

__all__ = ["Events"]
