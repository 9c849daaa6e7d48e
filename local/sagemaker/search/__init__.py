"""Search over the records of every kind that SageMaker lets one search."""

from local.sagemaker.search.search import Search

__all__ = ["Search"]
