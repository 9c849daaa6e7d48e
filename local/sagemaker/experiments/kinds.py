"""The kinds that experiments are made of."""

from __future__ import annotations

from typing import Final

from local.sagemaker.kinds import Kind


def _named(name: str, arn_type: str, title: str) -> Kind:
    # Clients in the field look for "already exists" in a ValidationException (SageMaker Python SDK, experiments).
    unique = f"{title} names must be unique within an AWS account and region. "
    return Kind(
        name,
        arn_type,
        missing=f"{title} '{{arn}}' does not exist.",
        exists=f"{unique}{title} with name ({{name}}) already exists.",
        missing_code="ResourceNotFound",
    )


EXPERIMENT: Final = _named("Experiment", "experiment", "Experiment")
TRIAL: Final = _named("Trial", "experiment-trial", "Trial")
TRIAL_COMPONENT: Final = _named("TrialComponent", "experiment-trial-component", "Trial component")
