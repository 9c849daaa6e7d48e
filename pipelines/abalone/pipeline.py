"""The training workflow of the abalone model: how many rings a shell has, told from outside."""

from __future__ import annotations

from sagemaker.core.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow import Pipeline

from pipelines import workflow

INSTANCE_TYPE = ParameterString("TrainingInstanceType", "ml.m5.large")
ORIGIN = workflow.Origin()
SEED = ParameterInteger("Seed", 20)
PENALTY = ParameterFloat("Penalty", 3.0)
GATES = workflow.Gates(
    workflow.REGRESSION,
    workflow.at_most("rmse", "MaxRmse", 2.35),
    workflow.at_most("mae", "MaxMae", 1.65),
    workflow.at_least("r2", "MinR2", 0.50),
)


def get_pipeline(
    *, session: PipelineSession, role: str, bucket: str, kms_key: str, model: str, monitor: str
) -> Pipeline:
    """The pipeline of ``model``; its results stay in ``bucket``, encrypted."""
    jobs = workflow.Jobs(
        session=session, role=role, bucket=bucket, kms_key=kms_key, model=model, instance_type=INSTANCE_TYPE
    )
    data = jobs.input_data("data/abalone.csv")
    prepare = workflow.prepare_step(jobs, data, arguments=["--seed", SEED.to_string(), "--test-share", "0.2"])
    train = workflow.train_step(jobs, prepare, hyperparameters={"penalty": PENALTY.to_string()}, metrics=["rmse"])
    evaluate = workflow.evaluate_step(jobs, prepare, train, gates=GATES)
    baseline = workflow.baseline_step(jobs, prepare, evaluate, function=monitor)
    register = workflow.register_step(jobs, train, evaluate, baseline=baseline, metrics=GATES.metrics, origin=ORIGIN)
    parameters = [data, INSTANCE_TYPE, *GATES.parameters, *ORIGIN.parameters, SEED, PENALTY]
    steps = [prepare, train, evaluate, GATES.step(evaluate, passed=[baseline, register])]
    return Pipeline(name=model, parameters=parameters, steps=steps, sagemaker_session=session)
