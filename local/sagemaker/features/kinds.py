"""The kinds of Feature Store."""

from __future__ import annotations

from typing import Final

from local.sagemaker.kinds import Kind

FEATURE_GROUP: Final = Kind(
    "FeatureGroup",
    "feature-group",
    missing="Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name {name}",
    exists=("Resource Already Exists: FeatureGroup with name {name} already exists. Choose a different name."),
    missing_code="ResourceNotFound",
    exists_code="ResourceInUse",
    settled="Created",
)
FEATURE: Final = Kind(
    "FeatureMetadata",
    "feature-group",
    missing="Resource Not Found: Amazon SageMaker can't find a feature with name {name}",
    exists="Resource Already Exists: feature {name} already exists.",
    missing_code="ResourceNotFound",
    exists_code="ResourceInUse",
    name_member="FeatureId",
    arn_member="FeatureArn",
)
"""One for each feature of each group; `FeatureId` is `<group>/<feature>`."""
