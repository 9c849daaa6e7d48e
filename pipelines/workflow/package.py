"""How a model enters the registry: with its evidence, pending, to be approved by a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sagemaker.core.metadata_properties import MetadataProperties
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
from sagemaker.core.workflow.parameters import ParameterString
from sagemaker.mlops.workflow import ModelStep, ProcessingStep, TrainingStep
from sagemaker.mlops.workflow.lambda_step import LambdaStep
from sagemaker.serve.model_builder import ModelBuilder

from pipelines.workflow import baseline as baselines
from pipelines.workflow import reports
from pipelines.workflow.jobs import Jobs
from pipelines.workflow.steps import output_uri

CSV, JSON = "text/csv", "application/json"
TRANSFORM_INSTANCES = ["ml.m5.large"]

_FACTS = {
    "sluice:data-uri": "data_uri",
    "sluice:data-version": "data_version",
    "sluice:data-sha256": "data_sha256",
    "sluice:rows": "rows",
    "sluice:model-sha256": "model_sha256",
}
"""Where in summary.json the facts of every package stand: CustomerMetadataProperties holds texts alone."""
REPORT = "sluice:report"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Why there is a version and what it was made of, as parameters that whoever starts the pipeline gives."""

    commit: ParameterString = field(default_factory=lambda: ParameterString("CodeCommit", "unknown"))
    reason: ParameterString = field(default_factory=lambda: ParameterString("Reason", "Trained on request"))
    """Why it is trained, in words: the description of the package."""
    report: ParameterString = field(default_factory=lambda: ParameterString("Report", "none"))
    """Where a report stands that led to it."""

    @property
    def parameters(self) -> list[ParameterString]:
        """For Pipeline(parameters=…)."""
        return [self.commit, self.reason, self.report]


def register_step(
    jobs: Jobs,
    train: TrainingStep,
    evaluate: ProcessingStep,
    *,
    baseline: LambdaStep,
    metrics: Sequence[str],
    origin: Origin,
) -> ModelStep:
    """Registers what ``train`` made, with the evidence of ``evaluate``, its ``metrics``, and the baselines."""
    evidence = output_uri(evaluate, reports.OUTPUT)
    facts = {**_FACTS, **{f"sluice:{metric}": metric for metric in metrics}}
    evaluation = Join(on="/", values=[evidence, reports.EVALUATION.path])
    arguments = _builder(jobs, train).register(
        model_package_group_name=jobs.model,
        content_types=[CSV, JSON],
        response_types=[CSV, JSON],
        inference_instances=list(jobs.instances),
        transform_instances=TRANSFORM_INSTANCES,
        approval_status="PendingManualApproval",
        description=origin.reason,
        model_metrics=baselines.metrics(jobs, baseline, evaluation=evaluation),
        drift_check_baselines=baselines.drift_check_baselines(jobs, baseline),
        metadata_properties=MetadataProperties(
            commit_id=origin.commit, generated_by=ExecutionVariables.PIPELINE_EXECUTION_ARN
        ),
        sample_payload_url=Join(on="/", values=[evidence, reports.SAMPLE]),
        customer_metadata_properties={
            **{name: reports.text(evaluate, path) for name, path in facts.items()},
            REPORT: origin.report,
        },
    )
    return ModelStep("Register", step_args=arguments)


def _builder(jobs: Jobs, train: TrainingStep) -> ModelBuilder:
    return ModelBuilder(
        s3_model_data_url=train.properties.ModelArtifacts.S3ModelArtifacts,
        image_uri=jobs.image,
        env_vars={"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"},
        role_arn=jobs.role,
        sagemaker_session=jobs.session,
    )
