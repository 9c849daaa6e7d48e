"""CloudWatch: metrics that really add up, and the alarms on them."""

from local.cloudwatch.part import CloudWatch

__all__ = ["CloudWatch"]
