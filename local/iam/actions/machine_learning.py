"""What the requests of SageMaker and its runtimes want, derived from the kinds of its resources.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon SageMaker".
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from local.iam.actions.wanted import ANYTHING, Keys, Records, Wanted, texts
from local.sagemaker.derived import kinds

if TYPE_CHECKING:
    from local.requests import Asked

_VERBS: Final = ("Create", "Describe", "Delete", "Update", "Stop", "Start", "Import", "BatchDescribe", "Retry")
_ABOUT: Final[Mapping[str, tuple[str, ...]]] = {
    "AssociateTrialComponent": ("Trial", "TrialComponent"),
    "AttachClusterNodeNetworkInterface": ("Cluster",),
    "AttachClusterNodeVolume": ("Cluster",),
    "BatchAddClusterNodes": ("Cluster",),
    "BatchDeleteClusterNodes": ("Cluster",),
    "BatchGetMetrics": ("TrialComponent",),
    "BatchPutMetrics": ("TrialComponent",),
    "BatchRebootClusterNodes": ("Cluster",),
    "BatchReplaceClusterNodes": ("Cluster",),
    "CreateEdgeDeploymentStage": ("EdgeDeploymentPlan",),
    "CreateEndpoint": ("Endpoint", "EndpointConfig"),
    "CreateHubContentPresignedUrls": ("HubContent",),
    "CreateImageVersion": ("Image",),
    "CreateModelCardExportJob": ("ModelCard",),
    "CreatePartnerAppPresignedUrl": ("PartnerApp",),
    "CreatePresignedDomainUrl": ("UserProfile",),
    "CreatePresignedMlflowAppUrl": ("MlflowApp",),
    "CreatePresignedMlflowTrackingServerUrl": ("MlflowTrackingServer",),
    "CreatePresignedNotebookInstanceUrl": ("NotebookInstance",),
    "CreateTrial": ("Trial", "Experiment"),
    "DeleteEdgeDeploymentStage": ("EdgeDeploymentPlan",),
    "DeleteModelPackageGroupPolicy": ("ModelPackageGroup",),
    "CreateHubContentReference": ("HubContent",),
    "DeleteHubContentReference": ("HubContent",),
    "DeleteRecord": ("FeatureGroup",),
    "DeregisterDevices": ("DeviceFleet",),
    "DescribeDevice": ("DeviceFleet",),
    "DescribeTrainingPlanExtensionHistory": ("TrainingPlan",),
    "DescribeClusterEvent": ("Cluster",),
    "DescribeClusterNode": ("Cluster",),
    "DescribeFeatureMetadata": ("FeatureGroup",),
    "DescribePipelineDefinitionForExecution": ("PipelineExecution",),
    "DetachClusterNodeVolume": ("Cluster",),
    "DisassociateTrialComponent": ("Trial", "TrialComponent"),
    "GetDeviceFleetReport": ("DeviceFleet",),
    "GetModelPackageGroupPolicy": ("ModelPackageGroup",),
    "GetRecord": ("FeatureGroup",),
    "InvokeEndpoint": ("Endpoint",),
    "InvokeEndpointAsync": ("Endpoint",),
    "InvokeEndpointWithBidirectionalStream": ("Endpoint",),
    "InvokeEndpointWithResponseStream": ("Endpoint",),
    "ListAliases": ("Image",),
    "ListClusterEvents": ("Cluster",),
    "ListClusterNodes": ("Cluster",),
    "ListHubContentVersions": ("HubContent",),
    "ListHubContents": ("Hub",),
    "ListImageVersions": ("Image",),
    "ListLabelingJobsForWorkteam": ("Workteam",),
    "ListModelCardExportJobs": ("ModelCard",),
    "ListModelCardVersions": ("ModelCard",),
    "ListModelPackages": ("ModelPackage",),
    "ListPipelineExecutionSteps": ("PipelineExecution",),
    "ListPipelineExecutions": ("Pipeline",),
    "ListPipelineParametersForExecution": ("PipelineExecution",),
    "ListPipelineVersions": ("Pipeline",),
    "ListRecords": ("FeatureGroup",),
    "ListTrainingJobsForHyperParameterTuningJob": ("HyperParameterTuningJob",),
    "PutModelPackageGroupPolicy": ("ModelPackageGroup",),
    "PutRecord": ("FeatureGroup",),
    "RegisterDevices": ("DeviceFleet",),
    "SendPipelineExecutionStepFailure": ("PipelineExecution",),
    "SendPipelineExecutionStepSuccess": ("PipelineExecution",),
    "StartClusterHealthCheck": ("Cluster",),
    "StartEdgeDeploymentStage": ("EdgeDeploymentPlan",),
    "StartPipelineExecution": ("Pipeline",),
    "StopEdgeDeploymentStage": ("EdgeDeploymentPlan",),
    "UpdateClusterSoftware": ("Cluster",),
    "UpdateDevices": ("DeviceFleet",),
    "UpdateEndpoint": ("Endpoint", "EndpointConfig"),
    "UpdateEndpointWeightsAndCapacities": ("Endpoint",),
    "UpdateFeatureMetadata": ("FeatureGroup",),
    "UpdateHubContentReference": ("HubContent",),
    "UpdateInferenceComponentRuntimeConfig": ("InferenceComponent",),
    "UpdateMonitoringAlert": ("MonitoringSchedule",),
    "UpdatePipelineVersion": ("Pipeline",),
}
"""Operations that are about other kinds of resources than the one after their verb."""
_BY_ARN: Final[Mapping[str, tuple[str, ...]]] = {
    "AddAssociation": ("SourceArn", "DestinationArn"),
    "AddTags": ("ResourceArn",),
    "DeleteAssociation": ("SourceArn", "DestinationArn"),
    "DeleteTags": ("ResourceArn",),
    "ListTags": ("ResourceArn",),
}
_OF_GROUPS: Final = {"BatchGetRecord": "Identifiers", "BatchWriteRecord": "Entries"}
"""Operations about several feature groups, and the member that lists them."""
_TYPES: Final[Mapping[str, str]] = {"EdgeDeploymentPlan": "edge-deployment"}
"""Kinds that IAM knows by another type than their own ARNs bear."""
_TEXTS: Final[Mapping[str, str]] = {
    "CustomerMetadataPropertiesToRemove": "sagemaker:customermetadatapropertiestoremove",
    "DirectInternetAccess": "sagemaker:directinternetaccess",
    "EnableInterContainerTrafficEncryption": "sagemaker:intercontainertrafficencryption",
    "EnableNetworkIsolation": "sagemaker:networkisolation",
    "ModelApprovalStatus": "sagemaker:modelapprovalstatus",
    "RootAccess": "sagemaker:rootaccess",
    "TargetModel": "sagemaker:targetmodel",
}
"""Members anywhere in a request, and the condition keys that they are."""
_NESTED: Final[Mapping[str, str]] = {
    "InstanceType": "sagemaker:instancetypes",
    "SecurityGroupIds": "sagemaker:vpcsecuritygroupids",
    "Subnets": "sagemaker:vpcsubnets",
    "VolumeKmsKeyId": "sagemaker:volumekmskey",
}


def machine_learning(asked: Asked, records: Records) -> list[Wanted]:
    """What a request of SageMaker wants, tags and passed roles apart."""
    return [Wanted(f"sagemaker:{asked.operation}", _resources(asked, records) or ANYTHING, _keys(asked.params))]


def _resources(asked: Asked, records: Records) -> tuple[str, ...]:
    params = asked.params
    if asked.operation in _BY_ARN:
        given = (params.get(member) for member in _BY_ARN[asked.operation])
        return tuple(str(arn) for arn in given if arn)
    place = f"arn:aws:sagemaker:{records.region}:{records.account}"
    if asked.operation in _OF_GROUPS:
        groups = {str(each.get("FeatureGroupName", "*")) for each in params.get(_OF_GROUPS[asked.operation]) or []}
        return tuple(_lower(_below(f"{place}:feature-group", [name])) for name in sorted(groups))
    return tuple(arn for kind in _about(asked.operation) for arn in _arns(kind, params, place))


@functools.cache
def _about(operation: str) -> tuple[str, ...]:
    if operation in _ABOUT:
        return _ABOUT[operation]
    verb = next((verb for verb in sorted(_VERBS, key=len, reverse=True) if operation.startswith(verb)), None)
    return (operation.removeprefix(verb),) if verb else ()


def _arns(name: str, params: Mapping[str, Any], place: str) -> Iterator[str]:
    if name == "ModelPackage":
        yield from _packages(params, place)
        return
    if name == "PipelineExecution":
        yield str(params.get("PipelineExecutionArn") or f"{place}:pipeline/*")
        return
    kind = kinds().get(name)
    if kind is None:
        return
    whole = params.get(f"{name}Arn")
    parts = [str(params.get(member) or "*") for member in kind.path]
    yield _lower(str(whole) if whole else _below(f"{place}:{_TYPES.get(name, kind.arn_type)}", parts))


def _below(prefix: str, parts: list[str]) -> str:
    whole = next((part for part in parts if part.startswith("arn:")), None)
    return whole or "/".join([prefix, *parts])


def _packages(params: Mapping[str, Any], place: str) -> Iterator[str]:
    listed = params.get("ModelPackageArnList") or [params.get("ModelPackageArn") or params.get("ModelPackageName")]
    for name in filter(None, listed):
        yield _lower(str(name) if str(name).startswith("arn:") else f"{place}:model-package/{name}")
    group = params.get("ModelPackageGroupName")
    if not any(listed):
        last = str(group or "").rpartition("/")[2]
        yield _lower(f"{place}:model-package/{last}/*" if last else f"{place}:model-package/*")


def _lower(arn: str) -> str:
    """IAM sees names in small letters, as the ARNs that SageMaker makes have them."""
    head, slash, tail = arn.partition("/")
    return head + slash + tail.lower()


def _keys(params: Mapping[str, Any]) -> Keys:
    keys: Keys = {}
    for member, value, within in _walk(dict(params), ""):
        key = _TEXTS.get(member) or _NESTED.get(member) or (_key_of_kms(within) if member == "KmsKeyId" else None)
        if key:
            keys[key] = (*keys.get(key, ()), *texts(value))
    for name, value in (params.get("CustomerMetadataProperties") or {}).items():
        keys[f"sagemaker:customermetadataproperties/{name.lower()}"] = (str(value),)
    return keys


def _key_of_kms(within: str) -> str | None:
    """A request's own key is that of its volumes; the one of an output, that of the output."""
    if "Output" in within:
        return "sagemaker:outputkmskey"
    return None if within else "sagemaker:volumekmskey"


def _walk(value: Any, within: str) -> Iterator[tuple[str, Any, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield name, item, within
            if isinstance(item, dict | list):
                yield from _walk(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _walk(item, within)
