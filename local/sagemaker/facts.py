"""What botocore's model of SageMaker does not say of a kind: fields of a Kind that differ from what is derived."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_UNIQUE = "{title} names must be unique within an AWS account and region. {title} with name ({{name}}) already exists."


def _unique(title: str) -> str:
    return _UNIQUE.format(title=title)


# Service Authorization Reference, "Resource types defined by Amazon SageMaker": where neither the pattern of the ARN
# in the model nor the kind's name in kebab case gives the type.
ARN_TYPES: Final[Mapping[str, str]] = {
    "Workteam": "workteam/private-crowd",
}

FACTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "HyperParameterTuningJob": {"missing": "Amazon SageMaker can't find a tuning job with the name {name}."},
    "Experiment": {"exists": _unique("Experiment")},
    "Trial": {"exists": _unique("Trial")},
    "TrialComponent": {"exists": _unique("Trial Component")},
    "Algorithm": {"settled": "Completed"},
    "ImageVersion": {"path": ("ImageName", "Version")},
    "Domain": {"made_id": "domain"},
    "ComputeQuota": {"made_id": "short"},
    "ClusterSchedulerConfig": {"made_id": "short"},
    "MlflowApp": {"made_id": "app"},
    "PartnerApp": {"made_id": "app"},
    "Artifact": {"made_id": "hash"},
}
"""By the kind's name. Texts are templates over `name` and `arn`."""
