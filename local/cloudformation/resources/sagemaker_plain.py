"""AWS::SageMaker types that are plain resources of its API, derived from botocore's model by a table of exceptions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore import xform_name

from local.cloudformation.errors import ResourceFailed
from local.cloudformation.names import Naming
from local.cloudformation.resources.declared import Calls, Declared
from local.cloudformation.resources.provisioner import Request, Schema, tags
from local.model import service

_NAMING: Final = Naming(limit=63, with_stack=False)
_ALL: Final = frozenset({"*"})


@dataclass(frozen=True)
class _Plain:
    """What of a type does not follow from the model.

    `name` is the property that names it, None when ids alone do; `ref` the member that Ref gives; `arn` the one that
    its tags hang on; `id` the member of calls that the physical id stands for; `create_only` the properties whose
    change replaces it (`*`: all); `without` the members of Create that CloudFormation does not offer; `attributes` the
    attributes, each with the member that it is; `status` the member to wait for.
    """

    kind: str
    name: str | None = ""
    ref: str = ""
    arn: str = ""
    id: str = ""
    create_only: frozenset[str] = _ALL
    without: frozenset[str] = frozenset()
    attributes: Mapping[str, str] = field(default_factory=dict)
    status: str = ""
    stop: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)


class SageMakerResource(Declared):
    """A resource of SageMaker, which tags all of its own by their ARNs."""

    def __init__(self, schema: Schema, calls: Calls, *, arn: str, id: str = "", **more: Any) -> None:
        super().__init__(schema, calls, **more)
        self._arn, self._id = arn, id

    def label(self, request: Request) -> None:
        """Add and delete tags."""
        arn = self._arn_of(request)
        request.retag("sagemaker", tag="add_tags", untag="delete_tags", ResourceArn=arn)

    def labels(self, request: Request) -> dict[str, str]:
        """The tags by key."""
        return tags(request.call("sagemaker", "list_tags", ResourceArn=self._arn_of(request))["Tags"])

    def identify(self, request: Request) -> dict[str, Any]:
        """Its name or the id that Ref gives."""
        by_id: dict[str, Any] = {member: request.physical_id for member in self._id.split("|") if member}
        if self._id == "Version":
            by_id = {"Version": int(request.physical_id.rpartition("/")[2])}
        return super().identify(request) | by_id

    def _arn_of(self, request: Request) -> str:
        if request.physical_id.startswith("arn:"):
            return request.physical_id
        return str(self.described(request)[self._arn])


def _made(plain: _Plain) -> SageMakerResource:
    schema, calls, more = _plain_parts(plain)
    return SageMakerResource(schema, calls, **more)


def _plain_parts(plain: _Plain) -> tuple[Schema, Calls, dict[str, Any]]:
    sagemaker = service("sagemaker")
    own = {api: name for name, api in plain.renamed.items()}
    created = sagemaker.operation_model(f"Create{plain.kind}").input_shape.members
    members = frozenset(own.get(name, name) for name in created if name not in plain.without)
    arn = plain.arn or f"{plain.kind}Arn"
    schema = Schema(
        type=f"AWS::SageMaker::{plain.kind}",
        properties=members,
        create_only=members if plain.create_only is _ALL else plain.create_only,
        attributes=frozenset(plain.attributes),
        name=f"{plain.kind}Name" if plain.name == "" else plain.name,
        naming=_NAMING,
        tags="list" if "Tags" in members else "none",
    )
    update = f"Update{plain.kind}" if f"Update{plain.kind}" in sagemaker.operation_names else ""
    calls = Calls(
        service="sagemaker",
        create=xform_name(f"Create{plain.kind}"),
        describe=xform_name(f"Describe{plain.kind}"),
        delete=xform_name(f"Delete{plain.kind}"),
        update=xform_name(update),
        stop=plain.stop,
        renamed=plain.renamed,
        also=("Version",) if plain.id == "Version" else (),
    )
    more = {"attributes": plain.attributes, "status": plain.status, "ref": _reference(plain.ref or arn)}
    return schema, calls, {"arn": arn, "id": plain.id, **more}


def _reference(members: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda answer: "|".join(str(answer[member]) for member in members.split("|"))


def _job_definition(family: str) -> _Plain:
    return _Plain(
        f"{family}JobDefinition",
        name="JobDefinitionName",
        arn="JobDefinitionArn",
        attributes=_same("CreationTime", "JobDefinitionArn"),
    )


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _times(kind: str, *, arn: str = "") -> dict[str, str]:
    return {arn or f"{kind}Arn": f"{kind}Arn", **_same("CreationTime", "LastModifiedTime")}


class FeatureGroup(SageMakerResource):
    """A feature group, to which features can be added, and whose online store can be changed."""

    def __init__(self) -> None:
        made = _plain_parts(_FEATURE_GROUP)
        super().__init__(made[0], made[1], **made[2])

    def update(self, request: Request) -> None:
        """Add the features that are new and change what can be of the online store. Raises ResourceFailed."""
        wanted, had = request.properties["FeatureDefinitions"], request.before["FeatureDefinitions"]
        added = [feature for feature in wanted if feature not in had]
        if any(feature not in wanted for feature in had):
            raise ResourceFailed("Features of an existing feature group can be added, and neither changed nor removed.")
        changes: dict[str, Any] = {"FeatureAdditions": added} if added else {}
        if request.changed("ThroughputConfig"):
            changes |= request.some("ThroughputConfig")
        if request.changed("OnlineStoreConfig"):
            online = request.properties.get("OnlineStoreConfig", {})
            changes["OnlineStoreConfig"] = {name: online[name] for name in ("TtlDuration",) if name in online}
        for name, value in changes.items():
            request.call("sagemaker", "update_feature_group", FeatureGroupName=request.name, **{name: value})
            self.wait(request)


class ModelCard(SageMakerResource):
    """A model card. A template writes its content as an object in its own case, the API as JSON text in another."""

    def __init__(self) -> None:
        schema, calls, more = _plain_parts(_MODEL_CARD)
        super().__init__(schema, calls, **more)

    def update(self, request: Request) -> None:
        """Change content, status and tags: the first two in a call each, as SageMaker wants it."""
        for name in ("Content", "ModelCardStatus"):
            if request.changed(name):
                given = {"ModelCardName": request.name, **request.some(name)}
                request.call("sagemaker", "update_model_card", **self._members(request, "update_model_card", given))
        self.label(request)

    def read(self, request: Request) -> dict[str, Any]:
        """The card, with its content in a template's case."""
        found = super().read(request)
        return {**found, "Content": _recased(json.loads(found["Content"]), _pascal)}

    def _members(self, request: Request, method: str, given: Mapping[str, Any]) -> dict[str, Any]:
        made = super()._members(request, method, given)
        if isinstance(made.get("Content"), dict):
            made["Content"] = json.dumps(_recased(made["Content"], xform_name))
        return made


def _recased(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {change(name): _recased(item, change) for name, item in value.items()}
    return [_recased(item, change) for item in value] if isinstance(value, list) else value


def _pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


_MODEL_CARD: Final = _Plain(
    "ModelCard",
    ref="ModelCardName",
    create_only=frozenset({"ModelCardName", "SecurityConfig"}),
    attributes=_times("ModelCard") | _same("ModelCardVersion", "ModelCardProcessingStatus"),
)
_FEATURE_GROUP: Final = _Plain(
    "FeatureGroup",
    ref="FeatureGroupName",
    create_only=frozenset(
        {
            "Description",
            "EventTimeFeatureName",
            "FeatureGroupName",
            "OfflineStoreConfig",
            "RecordIdentifierFeatureName",
            "RoleArn",
            "Tags",
        }
    ),
    attributes=_same("CreationTime", "FeatureGroupStatus"),
    status="FeatureGroupStatus",
)
_JOB_DEFINITIONS: Final = ("DataQuality", "ModelBias", "ModelExplainability", "ModelQuality")

_TABLE: Final = (
    *(_job_definition(family) for family in _JOB_DEFINITIONS),
    _Plain(
        "Action",
        create_only=frozenset({"ActionName", "ActionType", "MetadataProperties", "Source"}),
        attributes=_times("Action", arn="Arn"),
    ),
    _Plain(
        "App",
        ref="AppName|AppType|DomainId|UserProfileName",
        create_only=frozenset({"AppName", "AppType", "DomainId", "ResourceSpec", "UserProfileName"}),
        without=frozenset({"SpaceName"}),
        attributes=_same("AppArn"),
        status="Status",
    ),
    _Plain(
        "AppImageConfig",
        ref="AppImageConfigName",
        create_only=frozenset({"AppImageConfigName"}),
        attributes=_same("AppImageConfigArn"),
    ),
    _Plain(
        "Artifact",
        name=None,
        id="ArtifactArn",
        create_only=frozenset({"ArtifactType", "MetadataProperties", "Source"}),
        attributes=_times("Artifact", arn="Arn"),
    ),
    _Plain(
        "CodeRepository",
        create_only=frozenset({"CodeRepositoryName"}),
        attributes=_same("CodeRepositoryArn", "CodeRepositoryName"),
    ),
    _Plain(
        "Context",
        create_only=frozenset({"ContextName", "ContextType", "Source"}),
        attributes=_times("Context", arn="Arn"),
    ),
    _Plain(
        "Domain",
        ref="DomainId",
        id="DomainId",
        create_only=frozenset({"AuthMode", "DomainName", "KmsKeyId", "VpcId"}),
        without=frozenset({"HomeEfsFileSystemKmsKeyId"}),
        attributes=_same("DomainArn", "DomainId", "HomeEfsFileSystemId", "SecurityGroupIdForDomainBoundary", "Url"),
        status="Status",
    ),
    _Plain("Experiment", create_only=frozenset({"ExperimentName"}), attributes=_times("Experiment", arn="Arn")),
    _Plain(
        "HumanTaskUi",
        create_only=frozenset({"HumanTaskUiName", "UiTemplate"}),
        attributes=_same("CreationTime", "HumanTaskUiArn"),
    ),
    _Plain(
        "Image",
        create_only=frozenset({"ImageName"}),
        attributes=_same("ImageArn"),
        status="ImageStatus",
        renamed={"ImageDescription": "Description", "ImageDisplayName": "DisplayName", "ImageRoleArn": "RoleArn"},
    ),
    _Plain(
        "ImageVersion",
        name=None,
        id="Version",
        create_only=frozenset({"BaseImage", "ImageName"}),
        without=frozenset({"ClientToken"}),
        attributes=_same("ContainerImage", "ImageArn", "ImageVersionArn", "Version"),
        status="ImageVersionStatus",
    ),
    _Plain(
        "MlflowTrackingServer",
        name="TrackingServerName",
        arn="TrackingServerArn",
        ref="TrackingServerName",
        create_only=frozenset({"MlflowVersion", "RoleArn", "TrackingServerName"}),
        without=frozenset({"S3BucketOwnerAccountId", "S3BucketOwnerVerification"}),
        attributes=_same("TrackingServerArn"),
        status="TrackingServerStatus",
    ),
    _Plain(
        "ModelPackage",
        name=None,
        id="ModelPackageName|ModelPackageArn",
        create_only=frozenset(
            {
                "ClientToken",
                "Domain",
                "DriftCheckBaselines",
                "InferenceSpecification",
                "MetadataProperties",
                "ModelCard",
                "ModelMetrics",
                "ModelPackageDescription",
                "ModelPackageGroupName",
                "SamplePayloadUrl",
                "SecurityConfig",
                "SourceAlgorithmSpecification",
                "SourceUri",
                "Task",
                "ValidationSpecification",
            }
        ),
        without=frozenset({"ManagedStorageType", "ModelLifeCycle", "ModelPackageName", "ModelPackageRegistrationType"}),
        attributes=_times("ModelPackage") | _same("ModelPackageStatus"),
        status="ModelPackageStatus",
    ),
    _Plain(
        "MonitoringSchedule",
        create_only=frozenset({"MonitoringScheduleName"}),
        attributes=_times("MonitoringSchedule"),
        status="MonitoringScheduleStatus",
    ),
    _Plain(
        "NotebookInstance",
        create_only=frozenset(
            {
                "DirectInternetAccess",
                "KmsKeyId",
                "NotebookInstanceName",
                "PlatformIdentifier",
                "SecurityGroupIds",
                "SubnetId",
            }
        ),
        without=frozenset({"IpAddressType"}),
        attributes=_same("NotebookInstanceArn", "NotebookInstanceName"),
        status="NotebookInstanceStatus",
        stop="stop_notebook_instance",
    ),
    _Plain(
        "NotebookInstanceLifecycleConfig",
        create_only=frozenset({"NotebookInstanceLifecycleConfigName"}),
        attributes=_same("NotebookInstanceLifecycleConfigArn", "NotebookInstanceLifecycleConfigName"),
    ),
    _Plain(
        "Space",
        ref="DomainId|SpaceName",
        create_only=frozenset({"DomainId", "OwnershipSettings", "SpaceName", "SpaceSharingSettings"}),
        attributes=_same("SpaceArn", "Url"),
        status="Status",
    ),
    _Plain(
        "StudioLifecycleConfig",
        ref="StudioLifecycleConfigName",
        create_only=frozenset(
            {"StudioLifecycleConfigAppType", "StudioLifecycleConfigContent", "StudioLifecycleConfigName", "Tags"}
        ),
        attributes=_same("StudioLifecycleConfigArn"),
    ),
    _Plain(
        "TrialComponent",
        create_only=frozenset({"MetadataProperties", "TrialComponentName"}),
        without=frozenset({"EndTime", "StartTime"}),
        attributes=_times("TrialComponent"),
    ),
    _Plain(
        "UserProfile",
        ref="UserProfileName|DomainId",
        create_only=frozenset({"DomainId", "SingleSignOnUserIdentifier", "SingleSignOnUserValue", "UserProfileName"}),
        attributes=_same("UserProfileArn"),
        status="Status",
    ),
)

TYPES = (FeatureGroup(), ModelCard(), *(_made(plain) for plain in _TABLE))
