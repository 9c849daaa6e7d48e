"""Associations: from a source to a destination, each a lineage entity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from local.errors import AwsError, ValidationError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.kinds import Kind
from local.sagemaker.lineage.kinds import ASSOCIATION, entity_kind
from local.sagemaker.lineage.names import association_arn, association_id
from local.sagemaker.listing import matches, page
from local.sagemaker.resources import Record
from local.wire import Call

Params = dict[str, Any]

_EXACT = ("SourceArn", "DestinationArn", "AssociationType")


class Associations:
    """AddAssociation, DeleteAssociation, ListAssociations, and what the queries see of them."""

    def __init__(self, context: Context) -> None:
        self._store, self._identities = context.store, context.identities

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        return {
            "AddAssociation": self.add,
            "DeleteAssociation": self.delete,
            "ListAssociations": self.list_associations,
        }

    def add(self, params: Params, call: Call) -> Params:
        """Connect two entities. Raises ValidationError when they are connected, ResourceNotFound without one."""
        return self.connect(
            params["SourceArn"],
            params["DestinationArn"],
            kind=params.get("AssociationType"),
            user=self._identities.user_context(call),
        )

    def connect(self, source: str, destination: str, *, kind: str | None, user: Params | None) -> Record:
        """As AddAssociation."""
        members = {"SourceArn": source, "DestinationArn": destination, "AssociationType": kind, "CreatedBy": user}
        given = {key: value for key, value in members.items() if value is not None}
        with self._store.together():
            for side in (source, destination):
                self.entity(side)
            arn = association_arn(self._store, source, destination)
            return self._store.add(ASSOCIATION, association_id(source, destination), given, arn=arn)

    def delete(self, params: Params, _: Call) -> Params:
        """Disconnect two entities. Raises ResourceNotFound."""
        ends = params["SourceArn"], params["DestinationArn"]
        try:
            return self._store.remove(ASSOCIATION, association_arn(self._store, *ends))
        except AwsError as error:
            name = association_id(*ends)
            raise ASSOCIATION.not_found(name=name, arn=name) from error

    def list_associations(self, params: Params, call: Call) -> Params:
        """Associations by either end, the ends' types, their own type and time."""
        rows = [self._shown(record) for record in self.all()]
        found = [row for row in rows if _wanted(row, params)]
        timed = [row for row in found if matches(row, params, ASSOCIATION)]
        by = params.get("SortBy", "CreationTime")
        ascending = sorted(timed, key=lambda row: row[by])
        return page(call.operation, params, ascending if params.get("SortOrder") == "Ascending" else ascending[::-1])

    def all(self) -> list[Record]:
        """Every association, in order of creation."""
        return self._store.all(ASSOCIATION)

    def entity(self, arn: str) -> Record:
        """What an ARN names. Raises ResourceNotFound, ValidationError for what no association may connect."""
        kind = entity_kind(arn)
        if kind is None:
            raise ValidationError(f"{arn} is not the ARN of an artifact, action, context or trial component.")
        return self._store.get(kind, arn)

    def require_none(self, kind: Kind, record: Record) -> None:
        """Refuse to delete an entity that an association connects."""
        arn = record[kind.arn_member]
        for _ in self.of(arn):
            raise ValidationError(f"{kind.name} '{arn}' cannot be deleted: it has associations. Delete them first.")

    def of(self, arn: str) -> Iterator[Record]:
        """The associations from and to an entity."""
        return (one for one in self.all() if arn in (one["SourceArn"], one["DestinationArn"]))

    def _shown(self, record: Record) -> Record:
        ends: Params = {}
        for side in ("Source", "Destination"):
            arn = record[f"{side}Arn"]
            kind, entity = entity_kind(arn), self.entity(arn)
            assert kind is not None, "what is associated is an entity"
            ends |= {f"{side}Type": entity_type(kind, entity), f"{side}Name": entity.get(f"{kind.name}Name")}
        return {**record, **ends}


def _wanted(row: Record, params: Params) -> bool:
    if any(params.get(name) not in (None, row.get(name)) for name in _EXACT):
        return False
    # AWS's own SDK asks for entities by their type and by what they are, "ModelDeployment" and "Action".
    for side in ("Source", "Destination"):
        kind = entity_kind(row[f"{side}Arn"])
        if params.get(f"{side}Type") not in (None, row[f"{side}Type"], kind and kind.name):
            return False
    return True


def entity_type(kind: Kind, entity: Record) -> str:
    """`DataSet`, `ModelDeployment` and the like; of a trial component what it was made of."""
    if kind.name == "TrialComponent":
        return str(entity.get("Source", {}).get("SourceType", "TrialComponent"))
    return str(entity[f"{kind.name}Type"])
