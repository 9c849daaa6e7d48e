"""What a monitor compares with later: made of the rows that a version was trained and tested on, and kept with it."""

from __future__ import annotations

import json
from pathlib import Path

from sagemaker.core.drift_check_baselines import DriftCheckBaselines
from sagemaker.core.lambda_helper import Lambda
from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow import ProcessingStep
from sagemaker.mlops.workflow.lambda_step import LambdaOutput, LambdaOutputTypeEnum, LambdaStep

from pipelines.workflow import reports
from pipelines.workflow.jobs import Jobs
from pipelines.workflow.steps import output_uri

FOLDER = "baseline"
STATISTICS, CONSTRAINTS, ROWS = "statistics", "constraints", "rows"
"""What the function answers: where the statistics and constraints of the data are, and of how many rows they are."""


def baseline_step(jobs: Jobs, prepare: ProcessingStep, evaluate: ProcessingStep, *, function: str) -> LambdaStep:
    """The stage's monitor, whose ARN is ``function``, writes the baselines of all its kinds below ``baseline/``."""
    evidence = output_uri(evaluate, reports.OUTPUT)
    inputs = {
        "action": "baseline",
        "model": jobs.model,
        "data": Join(on="/", values=[output_uri(prepare, "train"), "train.csv"]),
        **{name: Join(on="/", values=[evidence, path]) for name, path in reports.BASELINE_INPUTS.items()},
        "output": jobs.uri(FOLDER),
    }
    return LambdaStep(
        "Baseline",
        lambda_func=Lambda(function_arn=function, session=jobs.session),
        inputs=inputs,
        outputs=[LambdaOutput(name, LambdaOutputTypeEnum.String) for name in (STATISTICS, CONSTRAINTS, ROWS)],
    )


def metrics(jobs: Jobs, baseline: LambdaStep, *, evaluation: Join) -> ModelMetrics:
    """What a package says of its quality: what Evaluate has measured, and the files that monitors suggest of it."""
    bias = _file(jobs, "bias/analysis.json") if _protects() else None
    return ModelMetrics(
        model_statistics=_json(evaluation),
        model_constraints=_file(jobs, "model-quality/constraints.json"),
        model_data_statistics=_json(baseline.properties.Outputs[STATISTICS]),
        model_data_constraints=_json(baseline.properties.Outputs[CONSTRAINTS]),
        bias=bias,
        explainability=_file(jobs, "explainability/analysis.json"),
    )


def drift_check_baselines(jobs: Jobs, baseline: LambdaStep) -> DriftCheckBaselines:
    """What a package is held to while it serves; a version that comes back brings its own."""
    bias = _file(jobs, "bias/analysis.json") if _protects() else None
    return DriftCheckBaselines(
        model_statistics=_file(jobs, "model-quality/statistics.json"),
        model_constraints=_file(jobs, "model-quality/constraints.json"),
        model_data_statistics=_json(baseline.properties.Outputs[STATISTICS]),
        model_data_constraints=_json(baseline.properties.Outputs[CONSTRAINTS]),
        bias_pre_training_constraints=bias,
        bias_post_training_constraints=bias,
        explainability_constraints=_file(jobs, "explainability/analysis.json"),
    )


def _protects() -> bool:
    """Whether the model's contract names attributes by which nobody may be judged."""
    return bool(json.loads(Path("contract.json").read_text(encoding="utf-8")).get("protected"))


def _file(jobs: Jobs, path: str) -> MetricsSource:
    return _json(jobs.uri(f"{FOLDER}/{path}"))


def _json(uri: object) -> MetricsSource:
    return MetricsSource(content_type="application/json", s3_uri=uri)
