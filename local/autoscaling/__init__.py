"""Application Auto Scaling: instance counts of endpoint variants that follow their traffic."""

from local.autoscaling.part import AutoScaling

__all__ = ["AutoScaling"]
