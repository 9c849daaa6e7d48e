"""Clarify's container, played by the analyzer: a configuration and data in, analysis.json and violations out.

Source: SageMaker Developer Guide, "Configure a SageMaker Clarify Processing Job", "Monitor Bias Drift for Models in
Production". Beside a processing job's folders, a monitoring job's environment is understood.
"""

from monitor.clarify.config import BadConfig
from monitor.clarify.job import main

__all__ = ["BadConfig", "main"]
