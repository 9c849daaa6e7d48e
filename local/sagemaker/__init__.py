"""SageMaker on this machine: what is stored is stored whole, what runs really runs."""

from local.sagemaker.part import SageMaker

__all__ = ["SageMaker"]
