"""Model cards and their versions: each other content is a version that nobody can change any more."""

from __future__ import annotations

from typing import Any, Final

from local.errors import ValidationError
from local.front import Handler
from local.sagemaker.cards.content import check
from local.sagemaker.context import Context
from local.sagemaker.kinds import Kind
from local.sagemaker.listing import listed
from local.sagemaker.resources import Record
from local.wire import Call

Params = dict[str, Any]

CARD: Final = Kind(
    "ModelCard",
    "model-card",
    missing="Model card {arn} does not exist.",
    exists="Model card {arn} already exists.",
    missing_code="ResourceNotFound",
    exists_code="ConflictException",
)
VERSION: Final = Kind(
    "ModelCardVersion",
    "model-card",
    missing="Model card version {name} does not exist.",
    exists="Model card version {name} already exists.",
    missing_code="ResourceNotFound",
    name_member="ModelCardKey",
    arn_member="ModelCardVersionArn",
    status_member="ModelCardStatus",
)


class ModelCards:
    """The operations on model cards."""

    def __init__(self, context: Context) -> None:
        self._store, self._identities = context.store, context.identities

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        return {
            "CreateModelCard": self.create,
            "DescribeModelCard": self.describe,
            "UpdateModelCard": self.update,
            "DeleteModelCard": self.delete,
            "ListModelCards": self.list_cards,
            "ListModelCardVersions": self.list_versions,
        }

    def create(self, params: Params, call: Call) -> Params:
        """Keep a card, whose content must be a card's. Raises ValidationError, ConflictException."""
        check(params["Content"])
        user = self._identities.user_context(call)
        members = {**params, "ModelCardVersion": 1, "CreatedBy": user, "LastModifiedBy": user}
        with self._store.together():
            card = self._store.add(CARD, params["ModelCardName"], members)
            self._keep(card)
        return card

    def describe(self, params: Params, _: Call) -> Params:
        """A card in its last version or another one; MetadataOnly leaves the content's own fields out."""
        card = self._store.get(CARD, params["ModelCardName"])
        if params.get("ModelCardVersion") not in (None, card["ModelCardVersion"]):
            card = self._store.get(VERSION, _arn(card, params["ModelCardVersion"]))
        if params.get("IncludedData") == "MetadataOnly":
            return {**card, "Content": "{}"}
        return card

    def update(self, params: Params, call: Call) -> Params:
        """Another content makes another version; another status does not (Developer Guide, "Edit a model card")."""
        if "Content" in params and "ModelCardStatus" in params:
            raise ValidationError("Model card content and status cannot be updated in the same call.")
        if "Content" in params:
            check(params["Content"])
        members = {key: value for key, value in params.items() if key != "ModelCardName"}
        members["LastModifiedBy"] = self._identities.user_context(call)
        with self._store.together():
            before = self._store.get(CARD, params["ModelCardName"])
            if "Content" in params:
                members["ModelCardVersion"] = before["ModelCardVersion"] + 1
            card = self._store.change(CARD, before["ModelCardArn"], **members)
            if "Content" in params:
                self._keep(card)
            else:
                self._store.change(VERSION, _arn(card, card["ModelCardVersion"]), **members)
        return card

    def delete(self, params: Params, _: Call) -> Params:
        """Forget a card with its versions."""
        with self._store.together():
            card = self._store.remove(CARD, params["ModelCardName"])
            for version in self._of(card):
                self._store.remove(VERSION, version["ModelCardVersionArn"])
        return {}

    def list_cards(self, params: Params, call: Call) -> Params:
        """Cards by name, status and time."""
        return listed(call.operation, params, self._store.all(CARD), kind=CARD)

    def list_versions(self, params: Params, call: Call) -> Params:
        """The versions of a card."""
        card = self._store.get(CARD, params["ModelCardName"])
        wanted = {key: value for key, value in params.items() if key not in ("ModelCardName", "SortBy")}
        status = params.get("ModelCardStatus")
        found = [version for version in self._of(card) if status in (None, version["ModelCardStatus"])]
        return listed(call.operation, wanted, found, kind=VERSION)

    def _keep(self, card: Record) -> None:
        number = card["ModelCardVersion"]
        members = {key: value for key, value in card.items() if key != "Tags"}
        self._store.add(VERSION, f"{card['ModelCardArn']} {number}", members, arn=_arn(card, number))

    def _of(self, card: Record) -> list[Record]:
        return [version for version in self._store.all(VERSION) if version["ModelCardArn"] == card["ModelCardArn"]]


def _arn(card: Record, number: int) -> str:
    return f"{card['ModelCardArn']}/version/{number}"
