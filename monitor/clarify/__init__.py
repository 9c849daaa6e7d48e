"""Clarify's container, played by the analyzer: a configuration and data in, analysis.json and violations out.

Source: SageMaker Developer Guide, "Configure a SageMaker Clarify Processing Job", "Monitor Bias Drift for Models in
Production". Beside a processing job's folders, a monitoring job's environment is understood.
"""
