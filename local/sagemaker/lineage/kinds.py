"""The kinds of lineage entities; components of trials are entities too."""

from __future__ import annotations

from typing import Final

from local.sagemaker.experiments.kinds import TRIAL_COMPONENT
from local.sagemaker.kinds import Kind

_GONE: Final = "ResourceNotFound"

ACTION: Final = Kind(
    "Action",
    "action",
    missing="Action '{arn}' does not exist.",
    exists="Action already exists: {arn}",
    missing_code=_GONE,
)
CONTEXT: Final = Kind(
    "Context",
    "context",
    missing="Context '{arn}' does not exist.",
    exists="Context already exists: {arn}",
    missing_code=_GONE,
)
# Known by its ARN alone: the name that an artifact may have need not be unique.
ARTIFACT: Final = Kind(
    "Artifact",
    "artifact",
    missing="Artifact '{arn}' does not exist.",
    exists="Artifact already exists: '{arn}' has the same source.",
    missing_code=_GONE,
    name_member="ArtifactId",
)
ASSOCIATION: Final = Kind(
    "Association",
    "association",
    missing="Association '{name}' does not exist.",
    exists="Association already exists: {name}",
    missing_code=_GONE,
    name_member="AssociationId",
)
LINEAGE_GROUP: Final = Kind(
    "LineageGroup",
    "lineage-group",
    missing="LineageGroup '{arn}' does not exist.",
    exists="LineageGroup '{arn}' already exists.",
    missing_code=_GONE,
)

_ENTITIES: Final = {kind.arn_type: kind for kind in (ARTIFACT, ACTION, CONTEXT, TRIAL_COMPONENT)}


def entity_kind(arn: str) -> Kind | None:
    """The kind of lineage entity that an ARN is of; None for another resource's."""
    return _ENTITIES.get(arn.rsplit(":", 1)[-1].partition("/")[0])
