"""Actions and contexts by name, artifacts by what they are made of."""

from __future__ import annotations

from typing import Any

from local.errors import ValidationError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.kinds import Kind
from local.sagemaker.lineage.associations import Associations
from local.sagemaker.lineage.kinds import ACTION, ARTIFACT, CONTEXT
from local.sagemaker.lineage.names import artifact_id, group_arn
from local.sagemaker.listing import listed
from local.sagemaker.resources import Record
from local.wire import Call

Params = dict[str, Any]


class Entities:
    """Create, Describe, List, Update and Delete of the three kinds that people may make."""

    def __init__(self, context: Context, associations: Associations) -> None:
        self._store, self._identities = context.store, context.identities
        self._associations = associations

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        made: dict[str, Handler] = {"CreateArtifact": self.create_artifact, "DeleteArtifact": self.delete_artifact}
        for kind in (ACTION, CONTEXT):
            made |= {f"Create{kind.name}": self._create(kind), f"Delete{kind.name}": self._delete(kind)}
        for kind in (ACTION, CONTEXT, ARTIFACT):
            made |= {f"Describe{kind.name}": self._describe(kind), f"List{kind.name}s": self._list(kind)}
            made[f"Update{kind.name}"] = self._update(kind)
        return made

    def create_artifact(self, params: Params, call: Call) -> Params:
        """Keep an artifact: there is one of each source. Raises ValidationError for a source that is one already."""
        return self._add(ARTIFACT, artifact_id(params["Source"]), params, call)

    def delete_artifact(self, params: Params, _: Call) -> Params:
        """Delete an artifact by its ARN or its source; see `_delete`."""
        if ("ArtifactArn" in params) == ("Source" in params):
            raise ValidationError("Exactly one of ArtifactArn and Source must be provided.")
        name = params.get("ArtifactArn") or artifact_id(params["Source"])
        return self._store.remove(
            ARTIFACT, name, check=lambda record: self._associations.require_none(ARTIFACT, record)
        )

    def _create(self, kind: Kind) -> Handler:
        return lambda params, call: self._add(kind, params[kind.name_member], params, call)

    def _add(self, kind: Kind, name: str, params: Params, call: Call) -> Record:
        user = self._identities.user_context(call)
        kept = {**params, "CreatedBy": user, "LastModifiedBy": user, "LineageGroupArn": group_arn(self._store)}
        return self._store.add(kind, name, kept)

    def _describe(self, kind: Kind) -> Handler:
        member = kind.arn_member if kind is ARTIFACT else kind.name_member
        return lambda params, _: self._store.get(kind, params[member])

    def _list(self, kind: Kind) -> Handler:
        return lambda params, call: listed(call.operation, params, self._store.all(kind), kind=kind)

    def _update(self, kind: Kind) -> Handler:
        member = kind.arn_member if kind is ARTIFACT else kind.name_member

        def handle(params: Params, call: Call) -> Params:
            user = self._identities.user_context(call)
            return self._store.edit(
                kind, params[member], lambda record: {**_changed(record, params), "LastModifiedBy": user}
            )

        return handle

    def _delete(self, kind: Kind) -> Handler:
        def handle(params: Params, _: Call) -> Params:
            name = params[kind.name_member]
            return self._store.remove(kind, name, check=lambda record: self._associations.require_none(kind, record))

        return handle


def _changed(record: Record, params: Params) -> Params:
    # The given properties overwrite what was there (API reference, "UpdateContext").
    members = {key: value for key, value in params.items() if not key.endswith(("Arn", "ToRemove"))}
    gone = params.get("PropertiesToRemove", [])
    properties: Params = members["Properties"] if "Properties" in members else record.get("Properties", {})
    return {**members, "Properties": {key: value for key, value in properties.items() if key not in gone} or None}
