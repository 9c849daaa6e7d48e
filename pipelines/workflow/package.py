"""How a model enters the registry: with its evidence, pending, to be approved by a person."""

from __future__ import annotations

from collections.abc import Sequence

from sagemaker.core.metadata_properties import MetadataProperties
from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
from sagemaker.core.workflow.parameters import ParameterString
from sagemaker.mlops.workflow import ModelStep, ProcessingStep, TrainingStep
from sagemaker.serve.model_builder import ModelBuilder

from pipelines.workflow import reports
from pipelines.workflow.jobs import Jobs
from pipelines.workflow.steps import output_uri

CSV, JSON = "text/csv", "application/json"
INSTANCES = ("ml.t2.medium", "ml.m5.large", "ml.m5.xlarge", "ml.c5.large")
TRANSFORM_INSTANCES = ["ml.m5.large"]

_FACTS = {
    "sluice:data-uri": "data_uri",
    "sluice:data-version": "data_version",
    "sluice:data-sha256": "data_sha256",
    "sluice:rows": "rows",
    "sluice:model-sha256": "model_sha256",
}
"""Where in summary.json the facts of every package stand: CustomerMetadataProperties holds texts alone."""


def register_step(
    jobs: Jobs,
    train: TrainingStep,
    evaluate: ProcessingStep,
    *,
    metrics: Sequence[str],
    commit: ParameterString,
    instances: Sequence[str] = INSTANCES,
) -> ModelStep:
    """Registers what ``train`` made for these instance types, with the evidence of ``evaluate`` and its ``metrics``."""
    evidence = output_uri(evaluate, reports.OUTPUT)
    statistics = Join(on="/", values=[evidence, reports.EVALUATION.path])
    facts = {**_FACTS, **{f"sluice:{metric}": metric for metric in metrics}}
    arguments = _builder(jobs, train).register(
        model_package_group_name=jobs.model,
        content_types=[CSV, JSON],
        response_types=[CSV, JSON],
        inference_instances=list(instances),
        transform_instances=TRANSFORM_INSTANCES,
        approval_status="PendingManualApproval",
        model_metrics=ModelMetrics(model_statistics=MetricsSource(content_type=JSON, s3_uri=statistics)),
        metadata_properties=MetadataProperties(
            commit_id=commit, generated_by=ExecutionVariables.PIPELINE_EXECUTION_ARN
        ),
        sample_payload_url=Join(on="/", values=[evidence, reports.SAMPLE]),
        customer_metadata_properties={name: reports.text(evaluate, path) for name, path in facts.items()},
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
