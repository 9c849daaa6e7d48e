"""The operations of SageMaker that only keep and show, and those that are refused: all that nobody writes by hand."""

from local.sagemaker.plain.all import generated

__all__ = ["generated"]
