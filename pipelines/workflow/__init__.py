"""What the pipelines of models share while they are compiled: steps, gates, registration, as objects of the SDK.

A pipeline.py puts them together, or writes steps of its own with the SageMaker SDK, of which these are ordinary
objects: a step needs no more than `Jobs` gives.
"""

from pipelines.workflow.baseline import baseline_step
from pipelines.workflow.gates import BINARY_CLASSIFICATION, REGRESSION, Gates, at_least, at_most
from pipelines.workflow.jobs import Jobs
from pipelines.workflow.package import Origin, register_step
from pipelines.workflow.steps import evaluate_step, output_uri, prepare_step, train_step

__all__ = [
    "BINARY_CLASSIFICATION",
    "REGRESSION",
    "Gates",
    "Jobs",
    "Origin",
    "at_least",
    "at_most",
    "baseline_step",
    "evaluate_step",
    "output_uri",
    "prepare_step",
    "register_step",
    "train_step",
]
