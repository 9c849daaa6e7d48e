"""The plan of an update as data: what would be added, changed, replaced and removed, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from local.cloudformation.errors import InvalidRequest
from local.cloudformation.graph import ordered, references
from local.cloudformation.intrinsics import Resolver, Unknown, unknowns
from local.cloudformation.live import Live
from local.cloudformation.resources import CATALOGUE
from local.cloudformation.resources.provisioner import Schema
from local.cloudformation.revisions import Revision, outputs
from local.cloudformation.template import Declaration

Replacement = Literal["True", "False", "Conditional"]


@dataclass(frozen=True)
class Cause:
    """Why a property changes: in itself, or because of a parameter, a resource or a resource's attribute."""

    source: Literal["DirectModification", "ParameterReference", "ResourceReference", "ResourceAttribute"]
    entity: str = ""

    @property
    def certain(self) -> bool:
        """Whether the change is known before the update runs."""
        return self.source in ("DirectModification", "ParameterReference")


@dataclass(frozen=True)
class PropertyChange:
    """A property that differs; a value that only the update will know holds an Unknown."""

    name: str
    before: Any
    after: Any
    recreates: bool
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True)
class Change:
    """What happens to one resource. `aspects` are what differs beside properties: Metadata, DeletionPolicy, …"""

    action: Literal["Add", "Modify", "Remove"]
    logical_id: str
    type: str
    physical_id: str = ""
    replacement: Replacement = "False"
    properties: tuple[PropertyChange, ...] = ()
    aspects: tuple[str, ...] = ()
    retained: bool = False


def differences(schema: Schema, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[PropertyChange]:
    """The properties in which two states of a resource differ, by name."""
    names = sorted(before.keys() | after.keys())
    return [
        PropertyChange(name, before.get(name), after.get(name), recreates=name in schema.create_only)
        for name in names
        if before.get(name) != after.get(name)
    ]


def replacement(changes: list[PropertyChange]) -> Replacement:
    """Whether the changes need a new resource; Conditional when that hangs on values that are not known yet."""
    recreating = [change for change in changes if change.recreates]
    if any(not unknowns(change.after) for change in recreating):
        return "True"
    return "Conditional" if recreating else "False"


def plan(lives: Mapping[str, Live], old: Revision | None, new: Revision) -> list[Change]:
    """The changes that take the living resources of a stack to a revision: in dependency order, removals last.

    Every value of the revision is resolved on the way. Raises InvalidRequest and UnsupportedLocally for one that cannot
    be, and for a resource that would change its type.
    """
    return _Planner(lives, old, new).changes()


class _Planner:
    def __init__(self, lives: Mapping[str, Live], old: Revision | None, new: Revision) -> None:
        self._lives, self._old, self._new = lives, old, new
        self._fresh: set[str] = set()
        self._touched: set[str] = set()

    def changes(self) -> list[Change]:
        self._check_types()
        found = [change for name in ordered(self._new.needs) if (change := self._change(name)) is not None]
        gone = [self._removal(live) for name, live in self._lives.items() if name not in self._new.needs]
        resolver = Resolver(replace(self._new.scope, reference=self._reference, attribute=self._attribute))
        for output in outputs(self._new.template, self._new.scope.conditions).values():
            resolver.resolve(dict(output))
        return found + gone

    def _check_types(self) -> None:
        needs, lives = self._new.needs, self._lives
        changed = [name for name in needs if name in lives and lives[name].type != self._new.declaration(name).type]
        if changed:
            raise InvalidRequest(
                "Update of resource type is not permitted. The new template modifies resource type of the following "
                f"resources: [{', '.join(changed)}]"
            )

    def _change(self, name: str) -> Change | None:
        declared, live = self._new.declaration(name), self._lives.get(name)
        properties = self._new.properties(name, reference=self._reference, attribute=self._attribute)
        if live is None:
            self._fresh.add(name)
            return Change("Add", name, declared.type)
        schema = CATALOGUE[declared.type].schema
        changed = differences(schema, live.properties, properties)
        aspects = tuple(_aspects(live, declared))
        if not changed and not aspects and not live.status.endswith("_FAILED"):
            return None
        replaced = replacement(changed)
        (self._touched if replaced == "False" else self._fresh).add(name)
        return Change(
            action="Modify",
            logical_id=name,
            type=declared.type,
            physical_id=live.physical_id,
            replacement=replaced,
            properties=tuple(self._explained(change, declared) for change in changed),
            aspects=aspects,
            retained=declared.update_replace_policy == "Retain",
        )

    def _removal(self, live: Live) -> Change:
        kept = live.deletion_policy != "Delete"
        return Change("Remove", live.logical_id, live.type, live.physical_id, retained=kept)

    def _reference(self, name: str) -> Any:
        moves = name in self._touched and CATALOGUE[self._new.declaration(name).type].schema.open
        return Unknown(frozenset({name})) if name in self._fresh or moves else self._lives[name].physical_id

    def _attribute(self, name: str, attribute: str) -> Any:
        schema = CATALOGUE[self._new.declaration(name).type].schema
        if name in self._fresh or (name in self._touched and schema.may_change(attribute)):
            return Unknown(frozenset({f"{name}.{attribute}"}))
        return self._lives[name].attributes.get(attribute)

    def _explained(self, change: PropertyChange, declared: Declaration) -> PropertyChange:
        causes = tuple(self._causes(change, declared)) or (Cause("DirectModification"),)
        return PropertyChange(change.name, change.before, change.after, change.recreates, causes)

    def _causes(self, change: PropertyChange, declared: Declaration) -> Iterator[Cause]:
        written = declared.properties.get(change.name)
        old = self._old.template.resources.get(declared.logical_id) if self._old else None
        if old is None or old.properties.get(change.name) != written:
            yield Cause("DirectModification")
        for reference in references(written, self._new.scope.conditions):
            if self._parameter_changed(reference.name):
                yield Cause("ParameterReference", reference.name)
        for source in sorted({source for unknown in unknowns(change.after) for source in unknown.sources}):
            yield Cause("ResourceAttribute" if "." in source else "ResourceReference", source)

    def _parameter_changed(self, name: str) -> bool:
        if name not in self._new.parameters or self._old is None:
            return False
        before = self._old.parameters.get(name)
        return before is None or before.value != self._new.parameters[name].value


def _aspects(live: Live, declared: Declaration) -> Iterator[str]:
    if live.metadata != declared.metadata:
        yield "Metadata"
    if live.deletion_policy != declared.deletion_policy:
        yield "DeletionPolicy"
    if live.update_replace_policy != declared.update_replace_policy:
        yield "UpdateReplacePolicy"
