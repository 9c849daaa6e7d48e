"""Hyperparameter tuning as the examples of SageMaker's SDK v3 are written: by itself, and as a step of a pipeline."""

import json
import sys
import tempfile
from pathlib import Path

import rows
from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.parameter import CategoricalParameter, ContinuousParameter
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import TuningStep
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData, SourceCode
from sagemaker.train.tuner import HyperparameterTuner

NAME = "sdk-v3-tuning"
CODE = Path(__file__).with_name("code")

session, pipeline_session = Session(), PipelineSession()
role, bucket, region = get_execution_role(), session.default_bucket(), session.boto_region_name
image = image_uris.retrieve(
    framework="sklearn", region=region, version="1.4-2", py_version="py3", instance_type="ml.m5.xlarge"
)


def tuner(where, ranges, **more):
    """A tuner of the ridge's only hyperparameter."""
    trainer = ModelTrainer(
        training_image=image,
        source_code=SourceCode(source_dir=str(CODE), entry_script="train.py"),
        compute=Compute(instance_type="ml.m5.xlarge", instance_count=1, volume_size_in_gb=30),
        base_job_name=NAME,
        sagemaker_session=where,
        role=role,
    )
    return HyperparameterTuner(
        model_trainer=trainer,
        objective_metric_name="train:r2",
        hyperparameter_ranges=ranges,
        metric_definitions=[{"Name": "train:r2", "Regex": "train-r2=(.*?);"}],
        early_stopping_type="Auto",
        **more,
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        data = session.upload_data(str(rows.write(Path(scratch) / "train.csv")), key_prefix=f"{NAME}/input")
    inputs = [InputData(channel_name="train", data_source=data)]

    alone = tuner(session, {"alpha": ContinuousParameter(0.0001, 1000.0)}, max_jobs=3, max_parallel_jobs=2)
    alone.tune(inputs=inputs, wait=True)
    described = session.sagemaker_client.describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=alone._current_job_name
    )

    grid = tuner(pipeline_session, {"alpha": CategoricalParameter(["0.001", "1000"])}, strategy="Grid", max_jobs=2)
    tune = TuningStep(name="Tune", step_args=grid.tune(inputs=inputs, wait=False))
    prefix = grid.model_trainer.output_data_config.s3_output_path.removeprefix(f"s3://{bucket}/").strip("/")
    best = ModelBuilder(
        image_uri=image,
        s3_model_data_url=tune.get_top_model_s3_uri(top_k=0, s3_bucket=bucket, prefix=prefix),
        sagemaker_session=pipeline_session,
        role_arn=role,
    )
    create = ModelStep(name="CreateBestModel", step_args=best.build())
    pipeline = Pipeline(name=NAME, steps=[tune, create], sagemaker_session=pipeline_session)
    pipeline.upsert(role_arn=role)
    execution = pipeline.start()
    execution.wait(delay=1, max_attempts=120)
    steps = {step["StepName"]: step for step in execution.list_steps()}
    (model,) = [step["Metadata"]["Model"]["Arn"] for step in steps.values() if "Model" in step.get("Metadata", {})]
    seen = {
        "alone": described,
        "status": execution.describe()["PipelineExecutionStatus"],
        "tuning": steps["Tune"]["Metadata"]["TuningJob"]["Arn"],
        "model": session.sagemaker_client.describe_model(ModelName=model.rsplit("/", 1)[1]),
    }
    Path(sys.argv[1]).write_text(json.dumps(seen, default=str))
