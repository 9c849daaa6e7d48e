"""Operations that are refused by name, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.errors import UnsupportedLocally
from local.wire import Call

_UNSERVED: Final = "nothing is served at such an address here"
_CATALOGUE: Final = "it shows a catalogue of AWS's own, which is not here"
_CAPACITY: Final = "there is no capacity to be bought here"

REASONS: Final[Mapping[str, str]] = {
    "CreateAIBenchmarkJob": "no endpoint is put under load here",
    "CreateAIRecommendationJob": "no instance types are tried out here",
    "CreateApp": "no notebook server is started here",
    "CreateAutoMLJob": "no search for models runs here",
    "CreateAutoMLJobV2": "no search for models runs here",
    "CreateCluster": "there are no HyperPod machines here",
    "CreateCompilationJob": "no model is compiled here",
    "CreateEdgeDeploymentPlan": "it deploys packaged models, and none is packaged here",
    "CreateEdgePackagingJob": "it packages a compiled model, and none is compiled here",
    "CreateHubContentPresignedUrls": _UNSERVED,
    "CreateHubContentReference": "SageMaker's public hub, to which it refers, is not here",
    "CreateInferenceComponent": "endpoints here serve models, not components",
    "CreateInferenceExperiment": "endpoints here have no shadow variants",
    "CreateInferenceRecommendationsJob": "no instance types are tried out here",
    "CreateInferenceRouter": "endpoints here are asked one by one",
    "CreateJob": "the managed recipes that it runs are not here",
    "CreateLabelingJob": "nobody labels here",
    "CreateMlflowApp": "MLflow is here as a tracking server, which CreateMlflowTrackingServer makes",
    "CreateModelCardExportJob": "no PDF is written here",
    "CreateNotebookInstance": "no notebook server is started here",
    "CreateOptimizationJob": "no model is optimized here",
    "CreatePartnerApp": "the applications of AWS's partners are not here",
    "CreatePartnerAppPresignedUrl": _UNSERVED,
    "CreatePresignedDomainUrl": _UNSERVED,
    "CreatePresignedMlflowAppUrl": _UNSERVED,
    "CreatePresignedNotebookInstanceUrl": _UNSERVED,
    "CreateProject": "Service Catalog, which would provision its template, is not here",
    "CreateTrainingPlan": _CAPACITY,
    "CreateTrainingSession": "no model is trained interactively here",
    "DescribeJobSchemaVersion": _CATALOGUE,
    "ExtendTrainingPlan": _CAPACITY,
    "ListClusterExtensionVersions": _CATALOGUE,
    "ListJobSchemaVersions": _CATALOGUE,
    "ListModelMetadata": _CATALOGUE,
    "RenderUiTemplate": "no page for workers is drawn here",
    "SearchTrainingPlanOfferings": _CATALOGUE,
    "StartSession": "there is no Studio space to connect to",
}
"""By operation of `sagemaker`; the sentence goes on after "The local cloud does not support sagemaker:<operation>:"."""


@dataclass(frozen=True)
class Refused:
    """A handler of an operation that is refused."""

    what: str
    reason: str

    def __call__(self, params: dict[str, Any], call: Call) -> dict[str, Any]:
        """Raise UnsupportedLocally."""
        raise UnsupportedLocally(self.what, reason=self.reason)


def refusals() -> dict[str, Refused]:
    """A handler for each refused operation."""
    return {operation: Refused(f"sagemaker:{operation}", reason) for operation, reason in REASONS.items()}
