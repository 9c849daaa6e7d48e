"""AWS::S3: buckets and their policies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.cloudformation.errors import ResourceFailed
from local.cloudformation.names import Naming
from local.cloudformation.resources.provisioner import Provisioner, Request, Schema, required, tag_list, tags, truth
from local.cloudformation.resources.s3_reading import (
    CORS,
    EXPIRATION,
    FILTER,
    NONCURRENT_TRANSITION,
    NOTIFICATIONS,
    SAME_IN_API,
    TRANSITION,
    bucket_settings,
)
from local.services import Services


@dataclass(frozen=True)
class _Setting:
    """A property of a bucket that has an API of its own: how it is put, and how it is taken away."""

    property: str
    put: str
    parameters: Callable[[Any], dict[str, Any]]
    unset: str
    unset_parameters: Mapping[str, Any]


class Bucket(Provisioner):
    """A bucket with its settings. Deleting one that holds objects fails, as on AWS."""

    schema = Schema(
        type="AWS::S3::Bucket",
        properties=frozenset(
            {
                "AccessControl",
                "BucketEncryption",
                "BucketName",
                "CorsConfiguration",
                "LifecycleConfiguration",
                "LoggingConfiguration",
                "NotificationConfiguration",
                "OwnershipControls",
                "PublicAccessBlockConfiguration",
                "Tags",
                "VersioningConfiguration",
            }
        ),
        create_only=frozenset({"BucketName"}),
        attributes=frozenset({"Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL"}),
        unread=frozenset({"AccessControl", "NotificationConfiguration/EventBridgeConfiguration"}),
        name="BucketName",
        naming=Naming(limit=63, lower=True),
        tags="list",
    )

    def exists(self, services: Services, name: str) -> bool:
        """Whether a bucket of that name is there."""
        listed = services.client("s3").list_buckets()["Buckets"]
        return name in [bucket["Name"] for bucket in listed]

    def create(self, request: Request) -> str:
        """Create the bare bucket."""
        region = request.services.region
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        request.call("s3", "create_bucket", Bucket=request.name, **place)
        return request.name

    def complete(self, request: Request) -> None:
        """Put every setting."""
        self.update(request)

    def update(self, request: Request) -> None:
        """Put the settings that differ and take away those that are no longer asked for."""
        for setting in _SETTINGS:
            if not request.changed(setting.property):
                continue
            value = request.properties.get(setting.property)
            method, parameters = setting.unset, dict(setting.unset_parameters)
            if value:
                method, parameters = setting.put, setting.parameters(value)
            if "LoggingEnabled" in parameters.get("BucketLoggingStatus", {}):
                parameters["BucketLoggingStatus"]["LoggingEnabled"].setdefault("TargetBucket", request.physical_id)
            request.call("s3", method, Bucket=request.physical_id, **parameters)

    def delete(self, request: Request) -> None:
        """Delete the bucket, which must be empty."""
        request.call("s3", "delete_bucket", Bucket=request.physical_id)

    def read(self, request: Request) -> dict[str, Any]:
        """Every setting that the API tells."""
        return bucket_settings(request)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The bucket's ARN and host names."""
        bucket, region = request.physical_id, request.services.region
        return {
            "Arn": f"arn:aws:s3:::{bucket}",
            "DomainName": f"{bucket}.s3.amazonaws.com",
            "DualStackDomainName": f"{bucket}.s3.dualstack.{region}.amazonaws.com",
            "RegionalDomainName": f"{bucket}.s3.{region}.amazonaws.com",
            "WebsiteURL": f"http://{bucket}.s3-website-{region}.amazonaws.com",
        }


class BucketPolicy(Provisioner):
    """The policy of a bucket."""

    schema = Schema(
        type="AWS::S3::BucketPolicy",
        properties=frozenset({"Bucket", "PolicyDocument"}),
        create_only=frozenset({"Bucket"}),
    )

    def create(self, request: Request) -> str:
        """Put the policy."""
        policy = json.dumps(required(request, "PolicyDocument"))
        request.call("s3", "put_bucket_policy", Bucket=required(request, "Bucket"), Policy=policy)
        return str(request.properties["Bucket"])

    def update(self, request: Request) -> None:
        """Put the new policy."""
        self.create(request)

    def delete(self, request: Request) -> None:
        """Delete the policy; the bucket stays."""
        request.call("s3", "delete_bucket_policy", Bucket=request.physical_id)

    def read(self, request: Request) -> dict[str, Any]:
        """The policy and whose it is."""
        policy = request.call("s3", "get_bucket_policy", Bucket=request.physical_id)["Policy"]
        return {"Bucket": request.physical_id, "PolicyDocument": policy}


def _access(value: Any) -> dict[str, Any]:
    # CloudFormation writes BucketOwnerRead where the API writes bucket-owner-read.
    return {"ACL": re.sub(r"(?<!^)(?=[A-Z])", "-", value).lower()}


def _encryption(value: Any) -> dict[str, Any]:
    rules = []
    for rule in value["ServerSideEncryptionConfiguration"]:
        renamed = dict(rule)
        if "ServerSideEncryptionByDefault" in renamed:
            renamed["ApplyServerSideEncryptionByDefault"] = renamed.pop("ServerSideEncryptionByDefault")
        rules.append(renamed)
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def _logging(value: Any) -> dict[str, Any]:
    _only(value, "LoggingConfiguration", "DestinationBucketName", "LogFilePrefix")
    enabled = {"TargetPrefix": value.get("LogFilePrefix", "")}
    if "DestinationBucketName" in value:
        enabled["TargetBucket"] = value["DestinationBucketName"]
    return {"BucketLoggingStatus": {"LoggingEnabled": enabled}}


def _notification(value: Any) -> dict[str, Any]:
    _only(value, "NotificationConfiguration", "EventBridgeConfiguration", *NOTIFICATIONS)
    made: dict[str, Any] = {}
    if "EventBridgeConfiguration" in value:
        _only(value["EventBridgeConfiguration"], "EventBridgeConfiguration", "EventBridgeEnabled")
        on = truth(value["EventBridgeConfiguration"].get("EventBridgeEnabled", True))
        made |= {"EventBridgeConfiguration": {}} if on else {}
    for name, (target, arn) in NOTIFICATIONS.items():
        listed = [_notified(item, name, target, arn) for item in value.get(name, [])]
        made |= {f"{arn.removesuffix('Arn')}Configurations": listed} if listed else {}
    return {"NotificationConfiguration": made}


def _notified(item: Any, name: str, target: str, arn: str) -> dict[str, Any]:
    _only(item, f"NotificationConfiguration/{name}", "Event", "Filter", target)
    made = {arn: item[target], "Events": [item["Event"]]}
    if "Filter" in item:
        made["Filter"] = {"Key": {"FilterRules": item["Filter"]["S3Key"]["Rules"]}}
    return made


def _cors(value: Any) -> dict[str, Any]:
    return {"CORSConfiguration": {"CORSRules": [_renamed(rule, CORS) for rule in value["CorsRules"]]}}


def _lifecycle(value: Any) -> dict[str, Any]:
    _only(value, "LifecycleConfiguration", "Rules")
    return {"LifecycleConfiguration": {"Rules": [_lifecycle_rule(rule) for rule in value["Rules"]]}}


def _lifecycle_rule(rule: Any) -> dict[str, Any]:
    lists = ("NoncurrentVersionTransitions", "TagFilters", "Transitions")
    _only(rule, "LifecycleConfiguration/Rules", "Id", *SAME_IN_API, *EXPIRATION, *FILTER, *lists)
    made = {name: rule[name] for name in SAME_IN_API if name in rule} | {"Filter": _filter(rule)}
    if "Id" in rule:
        made["ID"] = rule["Id"]
    expiration = _renamed(rule, EXPIRATION)
    if expiration:
        made["Expiration"] = expiration
    for name, names in (("Transitions", TRANSITION), ("NoncurrentVersionTransitions", NONCURRENT_TRANSITION)):
        for item in rule.get(name, []):
            _only(item, name, *names)
            made.setdefault(name, []).append(_renamed(item, names))
    return made


def _filter(rule: Any) -> dict[str, Any]:
    plain = {name: rule[name] for name in FILTER if name in rule}
    labels = rule.get("TagFilters", [])
    if len(plain) + len(labels) > 1:
        return {"And": plain | ({"Tags": labels} if labels else {})}
    if labels:
        return {"Tag": labels[0]}
    return plain or {"Prefix": ""}


def _renamed(value: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {new: value[old] for old, new in names.items() if old in value}


def _only(value: Mapping[str, Any], at: str, *known: str) -> None:
    unknown = sorted(value.keys() - set(known))
    if unknown:
        raise ResourceFailed(f"The local cloud does not support {', '.join(unknown)} in {at} of AWS::S3::Bucket.")


_SETTINGS: Final = (
    _Setting(
        property="BucketEncryption",
        put="put_bucket_encryption",
        parameters=_encryption,
        unset="delete_bucket_encryption",
        unset_parameters={},
    ),
    _Setting(
        property="VersioningConfiguration",
        put="put_bucket_versioning",
        parameters=lambda value: {"VersioningConfiguration": value},
        unset="put_bucket_versioning",
        unset_parameters={"VersioningConfiguration": {"Status": "Suspended"}},
    ),
    _Setting(
        property="PublicAccessBlockConfiguration",
        put="put_public_access_block",
        parameters=lambda value: {"PublicAccessBlockConfiguration": value},
        unset="delete_public_access_block",
        unset_parameters={},
    ),
    _Setting(
        property="OwnershipControls",
        put="put_bucket_ownership_controls",
        parameters=lambda value: {"OwnershipControls": value},
        unset="delete_bucket_ownership_controls",
        unset_parameters={},
    ),
    _Setting(
        property="LifecycleConfiguration",
        put="put_bucket_lifecycle_configuration",
        parameters=_lifecycle,
        unset="delete_bucket_lifecycle",
        unset_parameters={},
    ),
    _Setting(
        property="LoggingConfiguration",
        put="put_bucket_logging",
        parameters=_logging,
        unset="put_bucket_logging",
        unset_parameters={"BucketLoggingStatus": {}},
    ),
    _Setting(
        property="CorsConfiguration",
        put="put_bucket_cors",
        parameters=_cors,
        unset="delete_bucket_cors",
        unset_parameters={},
    ),
    _Setting(
        property="NotificationConfiguration",
        put="put_bucket_notification_configuration",
        parameters=_notification,
        unset="put_bucket_notification_configuration",
        unset_parameters={"NotificationConfiguration": {}},
    ),
    _Setting(
        property="AccessControl",
        put="put_bucket_acl",
        parameters=_access,
        unset="put_bucket_acl",
        unset_parameters={"ACL": "private"},
    ),
    _Setting(
        property="Tags",
        put="put_bucket_tagging",
        parameters=lambda value: {"Tagging": {"TagSet": tag_list(tags(value))}},
        unset="delete_bucket_tagging",
        unset_parameters={},
    ),
)

TYPES = (Bucket(), BucketPolicy())
