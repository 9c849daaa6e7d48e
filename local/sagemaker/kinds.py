"""The kinds of resources and how AWS words what is wrong with them.

`local.sagemaker.derived` derives a Kind for every resource that botocore's model creates. A kind written here and
named in WRITTEN takes the place of the derived one; to keep what is derived and change some of it, put the fields
that differ into `local.sagemaker.facts`. Handlers override in the same way: what `local.sagemaker.part` registers
after the generated handlers takes the place of the generated operation.
"""

from __future__ import annotations

from dataclasses import dataclass

from local.errors import AwsError


@dataclass(frozen=True)
class Kind:
    """A kind of resource. Texts are templates over `name` and `arn`.

    The control plane answers most "not found" and "already exists" with ValidationException, not with the errors its
    model declares; texts are those that clients in the field match on.
    """

    name: str
    """As in the operations: `EndpointConfig` for CreateEndpointConfig."""
    arn_type: str
    missing: str
    exists: str
    missing_code: str = "ValidationException"
    exists_code: str = "ValidationException"
    name_member: str = ""
    """The member that holds a resource's name; `<name>Name` unless it is given."""
    arn_member: str = ""
    """The member that holds a resource's ARN; `<name>Arn` unless it is given."""
    status_member: str = ""
    """The member that holds a resource's status, for the kinds that have one; `<name>Status` unless it is given."""
    path: tuple[str, ...] = ()
    """The members that tell one resource from another, in the order of its ARN; the name unless they are given."""
    settled: str = ""
    """The status of a resource that is kept, and in which nothing has to happen first; none when it is empty."""
    made_id: str = ""
    """What the ids begin with that the service makes for the last of `path`; empty where the caller names it."""

    keeps_case: bool = False
    """Whether names keep their case in ARNs; SageMaker lower-cases those of most kinds."""

    def __post_init__(self) -> None:
        for member, suffix in (("name_member", "Name"), ("arn_member", "Arn"), ("status_member", "Status")):
            if not getattr(self, member):
                object.__setattr__(self, member, self.name + suffix)
        if not self.path:
            object.__setattr__(self, "path", (self.name_member,))

    def not_found(self, *, name: str, arn: str) -> AwsError:
        """The error for a name that no resource has."""
        return AwsError(self.missing_code, self.missing.format(name=name, arn=arn))

    def already_exists(self, *, name: str, arn: str) -> AwsError:
        """The error for a name that is taken."""
        return AwsError(self.exists_code, self.exists.format(name=name, arn=arn))


def _hosting(name: str, arn_type: str, called: str) -> Kind:
    return Kind(
        name,
        arn_type,
        missing=f'Could not find {called} "{{arn}}".',
        exists=f'Cannot create already existing {called} "{{arn}}".',
    )


def _job(name: str, arn_type: str, missing: str) -> Kind:
    taken = "Job name must be unique within an AWS account and region, and a job with this name already exists ({arn})"
    return Kind(name, arn_type, missing=missing, exists=taken, exists_code="ResourceInUse")


MODEL = _hosting("Model", "model", "model")
ENDPOINT_CONFIG = _hosting("EndpointConfig", "endpoint-config", "endpoint configuration")
ENDPOINT = _hosting("Endpoint", "endpoint", "endpoint")
TRAINING_JOB = _job("TrainingJob", "training-job", "Requested resource not found.")
PROCESSING_JOB = _job("ProcessingJob", "processing-job", "Could not find requested job with name: {name}")
TRANSFORM_JOB = _job("TransformJob", "transform-job", "Could not find requested job with name: {name}")
TUNING_JOB = Kind(
    "HyperParameterTuningJob",
    "hyper-parameter-tuning-job",
    missing="Amazon SageMaker can't find a tuning job with the name {name}.",
    exists="Tuning job names must be unique within an AWS account and region. {arn} already exists.",
    missing_code="ResourceNotFound",
    exists_code="ResourceInUse",
)
MODEL_PACKAGE_GROUP = Kind(
    "ModelPackageGroup",
    "model-package-group",
    missing="ModelPackageGroup {arn} does not exist.",
    exists="Model Package Group already exists: {arn}",
)
MODEL_PACKAGE = Kind(
    "ModelPackage",
    "model-package",
    missing="ModelPackage {arn} does not exist.",
    exists="Model Package already exists: {arn}",
)
PIPELINE = Kind(
    "Pipeline",
    "pipeline",
    missing="Pipeline '{arn}' does not exist.",
    exists=(
        "Pipeline names must be unique within an AWS account and region. Pipeline with name ({name}) already exists."
    ),
    missing_code="ResourceNotFound",
)
PIPELINE_EXECUTION = Kind(
    "PipelineExecution",
    "pipeline",
    missing="Pipeline execution '{arn}' does not exist.",
    exists="Pipeline execution '{arn}' already exists.",
    missing_code="ResourceNotFound",
)
DEVICE = Kind(
    "Device",
    "device-fleet",
    missing="Device {arn} does not exist.",
    exists="Device {arn} is registered already.",
    missing_code="ResourceNotFound",
    path=("DeviceFleetName", "DeviceName"),
)
HUB_CONTENT = Kind(
    "HubContent",
    "hub-content",
    missing="Hub content {arn} does not exist.",
    exists="Hub content {arn} already exists.",
    missing_code="ResourceNotFound",
    exists_code="ResourceInUse",
    path=("HubName", "HubContentType", "HubContentName", "HubContentVersion"),
    settled="Available",
    keeps_case=True,
)

WRITTEN = (
    MODEL,
    ENDPOINT_CONFIG,
    ENDPOINT,
    TRAINING_JOB,
    PROCESSING_JOB,
    TRANSFORM_JOB,
    TUNING_JOB,
    MODEL_PACKAGE_GROUP,
    MODEL_PACKAGE,
    PIPELINE,
    DEVICE,
    HUB_CONTENT,
)
"""The kinds that are not derived."""
