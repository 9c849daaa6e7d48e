"""The training workflow of the credit risk model: prepare, train, evaluate, then register or fail at the gate.

`sluice compile` runs it in this folder, so paths are relative to it. Parameters, steps and pipeline are objects of the
SageMaker Python SDK; `pipelines/workflow` makes those that all models have.
"""

from __future__ import annotations

from sagemaker.core.workflow.parameters import ParameterInteger, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow import Pipeline

from pipelines.workflow import (
    BINARY_CLASSIFICATION,
    Gates,
    Jobs,
    Origin,
    at_least,
    at_most,
    baseline_step,
    evaluate_step,
    prepare_step,
    register_step,
    train_step,
)

INSTANCE_TYPE = ParameterString("TrainingInstanceType", "ml.m5.large")
ORIGIN = Origin()
SEED = ParameterInteger("Seed", 20)
GATES = Gates(
    BINARY_CLASSIFICATION,
    at_least("auc", "MinAuc", 0.70),
    at_most("brier", "MaxBrier", 0.20),
    at_most("cost", "MaxCost", 0.65),
)


def get_pipeline(
    *, session: PipelineSession, role: str, bucket: str, kms_key: str, model: str, monitor: str
) -> Pipeline:
    """The pipeline of ``model``: its jobs run as ``role`` and leave their results, encrypted, in ``bucket``."""
    jobs = Jobs(session=session, role=role, bucket=bucket, kms_key=kms_key, model=model, instance_type=INSTANCE_TYPE)
    data = jobs.input_data("data/german.csv")
    prepare = prepare_step(jobs, data, arguments=["--seed", SEED.to_string()])
    train = train_step(
        jobs, prepare, hyperparameters={"seed": SEED.to_string(), "regularization": 0.3}, metrics=["auc"]
    )
    evaluate = evaluate_step(jobs, prepare, train, gates=GATES)
    baseline = baseline_step(jobs, prepare, evaluate, function=monitor)
    register = register_step(jobs, train, evaluate, baseline=baseline, metrics=GATES.metrics, origin=ORIGIN)
    return Pipeline(
        name=model,
        parameters=[data, INSTANCE_TYPE, *GATES.parameters, *ORIGIN.parameters, SEED],
        steps=[prepare, train, evaluate, GATES.step(evaluate, passed=[baseline, register])],
        sagemaker_session=session,
    )
