"""What botocore's model of SageMaker does not say of the kinds of resources, as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_UNIQUE = "{title} names must be unique within an AWS account and region. {title} with name ({{name}}) already exists."


def _unique(title: str) -> str:
    return _UNIQUE.format(title=title)


# Service Authorization Reference, "Resource types defined by Amazon SageMaker": where neither the pattern of the ARN
# in the model nor the kind's name in kebab case gives the type.
ARN_TYPES: Final[Mapping[str, str]] = {
    "Workteam": "workteam/private-crowd",
}

FACTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "Algorithm": {"settled": "Completed"},
    "Domain": {"made_id": "d-"},
    "Experiment": {"exists": _unique("Experiment")},
    "Hub": {"keeps_case": True},  # as the ARN of SageMakerPublicHub shows
    "ImageVersion": {"path": ("ImageName", "Version")},
    "Trial": {"exists": _unique("Trial")},
    "TrialComponent": {"exists": _unique("Trial Component")},
    "Workforce": {"status_member": "Status", "settled": "Active"},
}
"""Fields of a Kind that differ from what is derived, by its name. Texts are templates over `name` and `arn`."""

PARENTS: Final[Mapping[str, Mapping[str, str]]] = {
    "App": {"DomainId": "Domain"},
    "ClusterExtension": {"ClusterArn": "Cluster"},
    "ClusterSchedulerConfig": {"ClusterArn": "Cluster"},
    "ComputeQuota": {"ClusterArn": "Cluster"},
    "Device": {"DeviceFleetName": "DeviceFleet"},
    "FlowDefinition": {"HumanLoopConfig.HumanTaskUiArn": "HumanTaskUi"},
    "HubContent": {"HubName": "Hub"},
    "Space": {"DomainId": "Domain"},
    "UserProfile": {"DomainId": "Domain"},
    "Workteam": {"WorkforceName": "Workforce"},
}
"""The kinds that a resource of a kind hangs on, by the member that names one: it must be there, and then stays."""

FOUND_AT: Final[Mapping[str, Mapping[str, str]]] = {
    "Action": {"SourceUri": "Source.SourceUri"},
    "Artifact": {"SourceUri": "Source.SourceUri"},
    "Context": {"SourceUri": "Source.SourceUri"},
    "DataQualityJobDefinition": {"EndpointName": "DataQualityJobInput.EndpointInput.EndpointName"},
    "FeatureGroup": {
        "OfflineStoreStatus": "OfflineStoreStatus.Status",
        "OfflineStoreStatusEquals": "OfflineStoreStatus.Status",
    },
    "MlflowApp": {"DefaultForDomainId": "DefaultDomainIdList"},
    "ModelBiasJobDefinition": {"EndpointName": "ModelBiasJobInput.EndpointInput.EndpointName"},
    "ModelExplainabilityJobDefinition": {"EndpointName": "ModelExplainabilityJobInput.EndpointInput.EndpointName"},
    "ModelQualityJobDefinition": {"EndpointName": "ModelQualityJobInput.EndpointInput.EndpointName"},
    "Device": {"ModelName": "Models", "RegistrationTime": "CreationTime"},
    "MonitoringExecution": {
        name: name for name in ("EndpointName", "MonitoringJobDefinitionName", "MonitoringScheduleName")
    },
    "MonitoringSchedule": {"MonitoringJobDefinitionName": "MonitoringScheduleConfig.MonitoringJobDefinitionName"},
    "NotebookInstance": {"AdditionalCodeRepositoryEquals": "AdditionalCodeRepositories"},
    "OptimizationJob": {"OptimizationContains": "OptimizationTypes"},
    "Space": {
        "SpaceSettingsSummary": "SpaceSettings",
        "SpaceSharingSettingsSummary": "SpaceSharingSettings",
        "OwnershipSettingsSummary": "OwnershipSettings",
    },
}
"""Where a record has what lists filter by, or show, under another name: member to path, by kind."""

NO_FILTERS: Final[Mapping[str, tuple[str, ...]]] = {
    "HubContent": ("HubName",),  # which may be an ARN
    "ModelPackage": ("ModelApprovalStatus", "ModelPackageGroupName", "ModelPackageType"),
}
"""Members of List requests that their own handlers see to, although they are called as members of the kind are."""

NOTHING_IS: Final[Mapping[str, str]] = {"CrossAccountFilterOption": "CrossAccount", "ManagedBy": "AWS"}
"""What a List request may want of records that none here is, by the member that says so."""

BY_PART: Final[Mapping[str, tuple[str, ...]]] = {"Device": ("DeviceFleetName",)}
"""Members of List requests that name a part of what a record has, although they are called as if it were all of it."""

DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "Algorithm": {"AlgorithmStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []}},
    "Domain": {"AppNetworkAccessType": "PublicInternetOnly"},  # API reference, "CreateDomain"
}
"""Members that a new resource has when the caller does not give them, by kind."""

BY_HAND: Final = frozenset(
    {
        "Action",
        "Artifact",
        "Context",
        "Endpoint",
        "EndpointConfig",
        "Experiment",
        "FeatureGroup",
        "HyperParameterTuningJob",
        "ImageVersion",
        "MlflowTrackingServer",
        "Model",
        "ModelCard",
        "ModelPackage",
        "ModelPackageGroup",
        "MonitoringSchedule",
        "Pipeline",
        "ProcessingJob",
        "TrainingJob",
        "TransformJob",
        "Trial",
        "TrialComponent",
    }
)
"""Kinds in which something happens: none of their operations is generated, lest one that is forgotten only pretends."""
