"""Versions of SageMaker images, by number and by alias."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from local.errors import AwsError, ValidationError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.derived import kinds
from local.sagemaker.kinds import Kind
from local.sagemaker.listing import listed, page
from local.sagemaker.resources import Record
from local.wire import Call

Params = dict[str, Any]

VERSION: Final = Kind(
    "ImageVersion",
    "image-version",
    missing="ImageVersion {name} does not exist.",
    exists="ImageVersion {name} already exists.",
    missing_code="ResourceNotFound",
    exists_code="ResourceInUse",
    name_member="ImageVersionKey",
)
_NOT_KEPT: Final = ("AliasesToAdd", "AliasesToDelete", "Alias", "ImageName", "Version")


class ImageVersions:
    """The operations on versions; those on images are made from the model, besides DeleteImage."""

    def __init__(self, context: Context) -> None:
        self._store, self._image = context.store, kinds()["Image"]
        self._tokens = context.services.state.table("sagemaker.image-tokens")

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        return {
            "CreateImageVersion": self.create,
            "DescribeImageVersion": self.describe,
            "UpdateImageVersion": self.update,
            "DeleteImageVersion": self.delete,
            "ListImageVersions": self.list_versions,
            "ListAliases": self.list_aliases,
            "DeleteImage": self.delete_image,
        }

    def create(self, params: Params, _: Call) -> Params:
        """Keep the next version of an image. The same ClientToken twice makes one."""
        with self._store.together():
            return self._create(params)

    def describe(self, params: Params, _: Call) -> Params:
        """The version of a number or an alias, else the last one."""
        return self._wanted(params)

    def update(self, params: Params, _: Call) -> Params:
        """Replace what is given; aliases are added and taken away."""
        version, gone = self._wanted(params), params.get("AliasesToDelete", [])

        def change(record: Record) -> Mapping[str, Any]:
            others = [other for other in self._of(version) if other["Version"] != version["Version"]]
            kept = [alias for alias in record["Aliases"] if alias not in gone]
            aliases = [*kept, *(alias for alias in params.get("AliasesToAdd", []) if alias not in kept)]
            self._check(aliases, others)
            return {**{key: value for key, value in params.items() if key not in _NOT_KEPT}, "Aliases": aliases}

        return self._store.edit(VERSION, version["ImageVersionArn"], change)

    def delete(self, params: Params, _: Call) -> Params:
        """Forget a version, which is named by its number or an alias."""
        if "Version" not in params and "Alias" not in params:
            raise ValidationError("Either Version or Alias must be provided.")
        self._store.remove(VERSION, self._wanted(params)["ImageVersionArn"])
        return {}

    def list_versions(self, params: Params, call: Call) -> Params:
        """The versions of an image."""
        image = self._store.get(self._image, params["ImageName"])
        return listed(call.operation, params, self._of(image), kind=VERSION)

    def list_aliases(self, params: Params, call: Call) -> Params:
        """The aliases of an image, of one version, or the one that is named."""
        image = self._store.get(self._image, params["ImageName"])
        named = "Version" in params or "Alias" in params
        versions = [self._wanted(params)] if named else self._of(image)
        found = [alias for version in versions for alias in version["Aliases"]]
        return page(call.operation, params, [a for a in found if params.get("Alias") in (None, a)])

    def delete_image(self, params: Params, _: Call) -> Params:
        """Forget an image with its versions."""
        with self._store.together():
            image = self._store.remove(self._image, params["ImageName"])
            for version in self._of(image):
                self._store.remove(VERSION, version["ImageVersionArn"])
        return {}

    def _create(self, params: Params) -> Params:
        image, token = self._store.get(self._image, params["ImageName"]), params["ClientToken"]
        arn = image["ImageArn"]
        if f"{arn} {token}" in self._tokens:
            return {"ImageVersionArn": self._tokens[f"{arn} {token}"]}
        number = self._store.next_number(f"ImageVersion/{arn}/{image['CreationTime'].isoformat()}")
        self._check(params.get("Aliases", []), self._of(image))
        members = {
            **params,
            "Aliases": params.get("Aliases", []),
            "ImageArn": arn,
            "Version": number,
            "ContainerImage": params["BaseImage"],
            "ImageVersionStatus": "CREATED",
        }
        name = f"{image['ImageName']}/{number}"
        made = self._store.add(VERSION, name, members)
        self._tokens[f"{arn} {token}"] = made["ImageVersionArn"]
        return made

    def _of(self, image: Record) -> list[Record]:
        return [version for version in self._store.all(VERSION) if version["ImageArn"] == image["ImageArn"]]

    def _wanted(self, params: Params) -> Record:
        image, alias = self._store.get(self._image, params["ImageName"]), params.get("Alias")
        known = self._of(image)
        number = params.get("Version", known[-1]["Version"] if known and alias is None else None)
        for version in known:
            if number in (None, version["Version"]) and alias in (None, *version["Aliases"]):
                return version
        raise VERSION.not_found(name=f"{image['ImageArn']} {alias or number or ''}".rstrip(), arn="")

    def _check(self, aliases: Sequence[str], others: Sequence[Record]) -> None:
        for version in others:
            for alias in aliases:
                if alias in version["Aliases"]:
                    taken = f"the alias of version {version['Version']}"
                    raise AwsError("ResourceInUse", f"{alias} is {taken} of {version['ImageArn']}.")
