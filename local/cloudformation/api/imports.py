"""What a change set with `ImportExistingResources` would take over: here it may have nothing to take over."""

from __future__ import annotations

from typing import Final

from local.cloudformation.changesets import ChangeSet
from local.cloudformation.intrinsics import Unknown
from local.cloudformation.resources import CATALOGUE
from local.errors import UnsupportedLocally
from local.services import Services

_IMPORTABLE: Final = ("Retain", "RetainExceptOnCreate")
"""The deletion policies of resources that are imported (User Guide, Import AWS resources … automatically)."""


def refuse_imports(services: Services, change_set: ChangeSet) -> None:
    """Raise UnsupportedLocally when an added resource with a custom name and such a policy exists already."""
    revision = change_set.revision
    for change in change_set.changes:
        name = CATALOGUE[change.type].schema.name
        declared = revision.declaration(change.logical_id) if change.action == "Add" else None
        if declared is None or name is None or declared.deletion_policy not in _IMPORTABLE:
            continue
        custom = revision.properties(change.logical_id, reference=_unknown, attribute=_unknown).get(name)
        if isinstance(custom, str) and CATALOGUE[change.type].exists(services, custom):
            raise UnsupportedLocally(f"the import of the existing {change.type} {custom}")


def _unknown(*names: str) -> Unknown:
    return Unknown(frozenset({".".join(names)}))
