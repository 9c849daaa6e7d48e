"""The model registry: groups, versioned packages, approval, and the event that tells of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from local.errors import AwsError, ValidationError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.errors import S3Error
from local.sagemaker.kinds import MODEL_PACKAGE, MODEL_PACKAGE_GROUP
from local.sagemaker.listing import matches, ordered, page
from local.sagemaker.resources import Record
from local.sagemaker.s3 import Files
from local.sagemaker.structural import structural
from local.wire import Call

Params = dict[str, Any]

_EVENT_MEMBERS = (
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "CreationTime",
    "LastModifiedTime",
    "InferenceSpecification",
    "ModelPackageStatus",
    "ModelPackageStatusDetails",
    "CertifyForMarketplace",
    "ModelApprovalStatus",
    "MetadataProperties",
    "ModelMetrics",
    "ModelLifeCycle",
)
# As the event's documentation spells them, with a small s in one.
_UPDATED_FIELDS = {
    "ModelLifeCycle": "ModelLifeCycle",
    "ModelApprovalStatus": "ModelApprovalStatus",
    "ApprovalDescription": "ApprovalDescription",
    "SourceUri": "sourceUri",
    "CustomerMetadataProperties": "CustomerMetadataProperties",
    "InferenceSpecification": "InferenceSpecification",
}
_SOURCES = ("InferenceSpecification", "SourceAlgorithmSpecification", "SourceUri")


class Registry:
    """Model packages and their groups."""

    def __init__(self, context: Context) -> None:
        self._services, self._store, self._identities = context.services, context.store, context.identities
        self._files, self._lineage = context.files, context.lineage
        self._tokens = context.services.state.table("sagemaker.package-tokens")
        self._lock = threading.Lock()

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        groups, packages = structural(self._store, MODEL_PACKAGE_GROUP), structural(self._store, MODEL_PACKAGE)
        return {
            "CreateModelPackageGroup": self.create_group,
            "DescribeModelPackageGroup": groups["DescribeModelPackageGroup"],
            "ListModelPackageGroups": groups["ListModelPackageGroups"],
            "DeleteModelPackageGroup": self.delete_group,
            "PutModelPackageGroupPolicy": self.put_policy,
            "GetModelPackageGroupPolicy": self.get_policy,
            "DeleteModelPackageGroupPolicy": self.delete_policy,
            "CreateModelPackage": self.create,
            "DescribeModelPackage": packages["DescribeModelPackage"],
            "BatchDescribeModelPackage": self.batch_describe,
            "ListModelPackages": self.list_packages,
            "UpdateModelPackage": self.update,
            "DeleteModelPackage": packages["DeleteModelPackage"],
        }

    def create_group(self, params: Params, call: Call) -> Params:
        """Make a group, complete at once."""
        name = params["ModelPackageGroupName"]
        members = {"ModelPackageGroupStatus": "Completed", "CreatedBy": self._identities.user_context(call)}
        return self._store.add(MODEL_PACKAGE_GROUP, name, {**params, **members})

    def delete_group(self, params: Params, _: Call) -> Params:
        """Delete an empty group. Raises ConflictException while it holds packages."""

        def empty(group: Record) -> None:
            if self._packages_of(group["ModelPackageGroupName"]):
                arn = group["ModelPackageGroupArn"]
                raise AwsError("ConflictException", f"Model Package Group {arn} cannot be deleted: it is not empty.")

        return self._store.remove(MODEL_PACKAGE_GROUP, params["ModelPackageGroupName"], check=empty)

    def put_policy(self, params: Params, _: Call) -> Params:
        """Keep a resource policy."""
        try:
            json.loads(params["ResourcePolicy"])
        except ValueError as error:
            raise ValidationError(f"The resource policy is not valid JSON: {error}") from error
        policy = {"ResourcePolicy": params["ResourcePolicy"]}
        return self._store.change(MODEL_PACKAGE_GROUP, params["ModelPackageGroupName"], **policy)

    def get_policy(self, params: Params, _: Call) -> Params:
        """The resource policy. Raises ValidationError when the group has none."""
        group = self._store.get(MODEL_PACKAGE_GROUP, params["ModelPackageGroupName"])
        _require_policy(group)
        return group

    def delete_policy(self, params: Params, _: Call) -> Params:
        """Remove the resource policy. Raises ValidationError when the group has none."""

        def without(group: Record) -> Mapping[str, Any]:
            _require_policy(group)
            return {"ResourcePolicy": None}

        return self._store.edit(MODEL_PACKAGE_GROUP, params["ModelPackageGroupName"], without)

    def create(self, params: Params, call: Call) -> Params:
        """Register a package: the next version of its group, or an unversioned one.

        The same ClientToken twice makes one. Raises ValidationError where AWS does: model data that is not in S3, tags
        on a version, an unknown group.
        """
        self._check(params)
        members = {
            "ModelApprovalStatus": "PendingManualApproval",
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
            "CreatedBy": self._identities.user_context(call),
            **params,
        }
        token = params.get("ClientToken", "")
        with self._lock:
            if token in self._tokens:
                return {"ModelPackageArn": self._tokens[token]}
            with self._store.together():
                if "ModelPackageGroupName" in params:
                    members |= self._next_version(params["ModelPackageGroupName"])
                record = self._store.add(MODEL_PACKAGE, members["ModelPackageName"], members)
                if token:
                    self._tokens[token] = record["ModelPackageArn"]
        self._lineage.package_made(record)
        self._tell(record)
        return record

    def batch_describe(self, params: Params, _: Call) -> Params:
        """Packages by ARN; those that are not there in a map of errors."""
        found, errors = {}, {}
        for arn in params["ModelPackageArnList"]:
            try:
                found[arn] = self._store.get(MODEL_PACKAGE, arn)
            except AwsError as error:
                errors[arn] = {"ErrorCode": error.code, "ErrorResponse": error.message}
        return {"ModelPackageSummaries": found, "BatchDescribeModelPackageErrorMap": errors}

    def list_packages(self, params: Params, call: Call) -> Params:
        """Packages of a group, or unversioned ones.

        The approval status filters within a page, as AWS does it: a page may be empty and still have a NextToken.
        """
        found = [record for record in self._scope(params) if matches(record, params, MODEL_PACKAGE)]
        status = params.get("ModelApprovalStatus")
        return page(
            call.operation,
            params,
            ordered(call.operation, params, found, MODEL_PACKAGE),
            keep=lambda record: status in (None, record["ModelApprovalStatus"]),
        )

    def update(self, params: Params, call: Call) -> Params:
        """Merge what is given into a package: any approval status may follow any other."""
        given = {key: value for key, value in params.items() if key not in ("ModelPackageArn", "ClientToken")}
        user = self._identities.user_context(call)
        changed: list[str] = []

        def merge(record: Record) -> Mapping[str, Any]:
            merged = _merged(record, given)
            changed.extend(member for member in _UPDATED_FIELDS if merged.get(member) != record.get(member))
            return {**merged, "LastModifiedBy": user}

        record = self._store.edit(MODEL_PACKAGE, params["ModelPackageArn"], merge)
        if "ModelApprovalStatus" in changed:
            self._lineage.package_decided(record)
        self._tell(record, changed=[_UPDATED_FIELDS[member] for member in changed])
        return record

    def _check(self, params: Params) -> None:
        versioned = "ModelPackageGroupName" in params
        if versioned == ("ModelPackageName" in params):
            raise ValidationError("Exactly one of ModelPackageName and ModelPackageGroupName must be provided.")
        if versioned and params.get("Tags"):
            raise ValidationError("Tags are not supported on versioned model packages: tag the model package group.")
        if not any(source in params for source in _SOURCES):
            raise ValidationError(f"At least one of {', '.join(_SOURCES)} must be provided.")
        for container in params.get("InferenceSpecification", {}).get("Containers", []):
            require_model_data(self._files, container)

    def _next_version(self, group: str) -> Params:
        name = self._store.get(MODEL_PACKAGE_GROUP, group)["ModelPackageGroupName"]
        version = self._store.next_number(f"{MODEL_PACKAGE_GROUP.name}/{name}")
        return {
            "ModelPackageName": f"{name}/{version}",
            "ModelPackageGroupName": name,
            "ModelPackageVersion": version,
        }

    def _scope(self, params: Params) -> list[Record]:
        if "ModelPackageGroupName" in params:
            group = self._store.get(MODEL_PACKAGE_GROUP, params["ModelPackageGroupName"])
            return self._packages_of(group["ModelPackageGroupName"])
        wanted = params.get("ModelPackageType", "Unversioned")
        records = self._store.all(MODEL_PACKAGE)
        return [r for r in records if wanted in ("Both", "Versioned" if "ModelPackageVersion" in r else "Unversioned")]

    def _packages_of(self, group: str) -> list[Record]:
        return [r for r in self._store.all(MODEL_PACKAGE) if r.get("ModelPackageGroupName") == group]

    def _tell(self, record: Record, *, changed: list[str] | None = None) -> None:
        detail = {member: _jsonable(record[member]) for member in _EVENT_MEMBERS if member in record}
        if changed is not None:
            detail["UpdatedModelPackageFields"] = changed
        arn = record["ModelPackageArn"]
        self._services.emit("aws.sagemaker", "SageMaker Model Package State Change", detail, resources=[arn])


def require_model_data(files: Files, container: Mapping[str, Any]) -> None:
    """Refuse a container whose model data is not in S3 or may not be read, as CreateModel does."""
    url = container.get("ModelDataUrl")
    try:
        found = url is None or files.exists(url)
    except S3Error as error:
        raise ValidationError(f"Could not access model data: {error}") from error
    if not found:
        raise ValidationError(f"Could not find model data at {url}.")


def _require_policy(group: Record) -> None:
    if "ResourcePolicy" not in group:
        raise ValidationError(f"Cannot find resource policy for: {group['ModelPackageGroupArn']}")


def _merged(record: Record, given: Mapping[str, Any]) -> dict[str, Any]:
    merged = {key: value for key, value in given.items() if not key.endswith(("ToRemove", "ToAdd"))}
    removed = given.get("CustomerMetadataPropertiesToRemove", [])
    if removed or "CustomerMetadataProperties" in given:
        properties = {**record.get("CustomerMetadataProperties", {}), **given.get("CustomerMetadataProperties", {})}
        kept = {key: value for key, value in properties.items() if key not in removed}
        merged["CustomerMetadataProperties"] = kept
    if "AdditionalInferenceSpecificationsToAdd" in given:
        before = record.get("AdditionalInferenceSpecifications", [])
        merged["AdditionalInferenceSpecifications"] = [*before, *given["AdditionalInferenceSpecificationsToAdd"]]
    return {**{member: record.get(member) for member in _UPDATED_FIELDS}, **merged}


def _jsonable(value: Any) -> Any:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value
