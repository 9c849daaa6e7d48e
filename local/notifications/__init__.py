"""What S3 and SNS tell of objects and messages, delivered to functions, queues, topics and the bus of this cloud."""

from local.notifications.part import Notifications

__all__ = ["Notifications"]
