"""Operations on what cannot be here, because the operation that would make it is refused: they say that it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.errors import UnsupportedLocally
from local.front import Handler
from local.model import service
from local.sagemaker.derived import kinds
from local.sagemaker.kinds import Kind
from local.sagemaker.listing import page
from local.sagemaker.plain.refused import REASONS
from local.sagemaker.resources import Store
from local.sagemaker.structural import list_operation
from local.wire import Call

Params = dict[str, Any]

_VERBS: Final = ("Describe", "Update", "Delete", "Start", "Stop")


def _unmade(name: str, arn_type: str, **members: Any) -> Kind:
    missing = f"{name} {{arn}} does not exist."
    return Kind(name, arn_type, missing=missing, exists="", missing_code="ResourceNotFound", **members)


_RESERVED_CAPACITY: Final = _unmade("ReservedCapacity", "reserved-capacity")
_SUBSCRIBED_WORKTEAM: Final = Kind(
    "SubscribedWorkteam",
    "workteam/vendor",
    missing="Subscribed workteam {arn} does not exist.",
    exists="",
    arn_member="WorkteamArn",
)

_OF_A_CLUSTER: Final = {
    "AttachClusterNodeNetworkInterface": "ClusterName",
    "AttachClusterNodeVolume": "ClusterArn",
    "BatchAddClusterNodes": "ClusterName",
    "BatchDeleteClusterNodes": "ClusterName",
    "BatchRebootClusterNodes": "ClusterName",
    "BatchReplaceClusterNodes": "ClusterName",
    "DescribeClusterEvent": "ClusterName",
    "DescribeClusterNode": "ClusterName",
    "DescribeClusterOperation": "ClusterName",
    "DetachClusterNodeVolume": "ClusterArn",
    "ListClusterEvents": "ClusterName",
    "ListClusterNodes": "ClusterName",
    "ListClusterOperations": "ClusterName",
    "StartClusterHealthCheck": "ClusterName",
    "UpdateClusterSoftware": "ClusterName",
    "CreateClusterExtension": "ClusterArn",
    "DescribeClusterExtension": "ClusterArn",
    "UpdateClusterExtension": "ClusterArn",
    "DeleteClusterExtension": "ClusterArn",
    "ListClusterExtensions": "ClusterArn",
    "CreateClusterSchedulerConfig": "ClusterArn",
    "CreateComputeQuota": "ClusterArn",
}
_OF: Final[Mapping[str, tuple[str, str]]] = {
    **{operation: ("Cluster", member) for operation, member in _OF_A_CLUSTER.items()},
    "CreateEdgeDeploymentStage": ("EdgeDeploymentPlan", "EdgeDeploymentPlanName"),
    "DeleteEdgeDeploymentStage": ("EdgeDeploymentPlan", "EdgeDeploymentPlanName"),
    "DescribeTrainingPlanExtensionHistory": ("TrainingPlan", "TrainingPlanArn"),
    "GetScalingConfigurationRecommendation": ("InferenceRecommendationsJob", "InferenceRecommendationsJobName"),
    "ListCandidatesForAutoMLJob": ("AutoMLJob", "AutoMLJobName"),
    "ListInferenceRecommendationsJobSteps": ("InferenceRecommendationsJob", "JobName"),
    "ListLabelingJobsForWorkteam": ("Workteam", "WorkteamArn"),
    "ListModelCardExportJobs": ("ModelCard", "ModelCardName"),
    "ListStageDevices": ("EdgeDeploymentPlan", "EdgeDeploymentPlanName"),
    "StartEdgeDeploymentStage": ("EdgeDeploymentPlan", "EdgeDeploymentPlanName"),
    "StopEdgeDeploymentStage": ("EdgeDeploymentPlan", "EdgeDeploymentPlanName"),
    "UpdateInferenceComponentRuntimeConfig": ("InferenceComponent", "InferenceComponentName"),
}
"""Operations on a part of a resource: the kind of the whole, and the member that names it."""

_OF_NOBODY: Final[Mapping[str, tuple[Kind, str]]] = {
    "DescribeReservedCapacity": (_RESERVED_CAPACITY, "ReservedCapacityArn"),
    "DescribeSubscribedWorkteam": (_SUBSCRIBED_WORKTEAM, "WorkteamArn"),
    "ListUltraServersByReservedCapacity": (_RESERVED_CAPACITY, "ReservedCapacityArn"),
}
_EMPTY_LISTS: Final = ("ListResourceCatalogs", "ListSubscribedWorkteams")


@dataclass(frozen=True)
class Absent:
    """A handler of an operation on what is not here: "not found", and empty lists."""

    store: Store
    kind: Kind
    path: tuple[str, ...] = ()
    """The members that name what must be there; none for a list of everything."""

    def __call__(self, params: Params, call: Call) -> Params:
        """Raise what tells that it is not there; give an empty page of a list."""
        if self.path:
            named = "/".join(str(params[member]) for member in self.path if member in params)
            self.store.get(self.kind, named)
        if call.operation.name.startswith("List"):
            return page(call.operation, params, [])
        raise UnsupportedLocally(f"sagemaker:{call.operation.name}")


def absences(store: Store) -> dict[str, Handler]:
    """A handler for each operation on a kind whose creation is refused, and on the parts of one."""
    known = service("sagemaker").operation_names
    made: dict[str, Handler] = {}
    for kind in kinds().values():
        if f"Create{kind.name}" in REASONS:
            made[list_operation(kind)] = Absent(store, kind)
            made |= {f"{verb}{kind.name}": Absent(store, kind, _path(f"{verb}{kind.name}", kind)) for verb in _VERBS}
    made |= {operation: Absent(store, kinds()[kind], (member,)) for operation, (kind, member) in _OF.items()}
    made |= {operation: Absent(store, kind, (member,)) for operation, (kind, member) in _OF_NOBODY.items()}
    made |= {operation: Absent(store, _SUBSCRIBED_WORKTEAM) for operation in _EMPTY_LISTS}
    return {operation: handler for operation, handler in made.items() if operation in known}


def _path(operation: str, kind: Kind) -> tuple[str, ...]:
    known = service("sagemaker")
    shape = known.operation_model(operation).input_shape if operation in known.operation_names else None
    takes_path = shape is None or all(member in shape.members for member in kind.path)
    return kind.path if takes_path else (kind.arn_member,)
