"""How artifacts, associations and the account's lineage group are named."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from local.sagemaker.lineage.kinds import ASSOCIATION, LINEAGE_GROUP
from local.sagemaker.resources import Store

GROUP: Final = "sagemaker-default-lineage-group"


def group_arn(store: Store) -> str:
    """The ARN of the account's lineage group, which every entity is in."""
    return store.arn(LINEAGE_GROUP, GROUP)


def artifact_id(source: Mapping[str, Any]) -> str:
    """The last part of an artifact's ARN: the same for the same source (Developer Guide, "Lineage Tracking Entities").

    AWS identifies an artifact by its source's address, not by its content.
    """
    return hashlib.md5(source["SourceUri"].encode(), usedforsecurity=False).hexdigest()


def association_id(source: str, destination: str) -> str:
    """What is shown of an association that is missing or there already."""
    return f"{source} -> {destination}"


def association_arn(store: Store, source: str, destination: str) -> str:
    """The key of an association; AWS has none."""
    return f"{store.arn(ASSOCIATION, '')}{association_id(source, destination)}"
