"""A pipeline as AWS's example of train, create and register is written: XGBoost as an algorithm, without a script."""

import json
import sys
import tempfile
from pathlib import Path

import rows
from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output
from sagemaker.core.workflow.parameters import ParameterInteger, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import CacheConfig, ProcessingStep, TrainingStep
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData

NAME = "sdk-v3-algorithm"
CODE = Path(__file__).with_name("code")

session, pipeline_session = Session(), PipelineSession()
role, bucket, region = get_execution_role(), session.default_bucket(), session.boto_region_name
with tempfile.TemporaryDirectory() as scratch:
    data = session.upload_data(str(rows.write(Path(scratch) / "rows.csv")), key_prefix=f"{NAME}/input")

count = ParameterInteger(name="ProcessingInstanceCount", default_value=1)
instance_type = ParameterString(name="TrainingInstanceType", default_value="ml.m5.xlarge")
input_data = ParameterString(name="InputDataUrl", default_value=data)
depth = ParameterString(name="MaxDepth", default_value="5")
cache = CacheConfig(enable_caching=True, expire_after="30d")

# The examples name older images than the catalogue's own; both are played by a newer one.
processor = ScriptProcessor(
    image_uri=image_uris.retrieve("sklearn", region, version="1.2-1", py_version="py3", instance_type="ml.m5.xlarge"),
    instance_type="ml.m5.xlarge",
    instance_count=count,
    base_job_name=NAME,
    sagemaker_session=pipeline_session,
    role=role,
)
prepared = processor.run(
    inputs=[
        ProcessingInput(
            input_name="input-1",
            s3_input=ProcessingS3Input(
                s3_uri=input_data,
                local_path="/opt/ml/processing/input",
                s3_data_type="S3Prefix",
                s3_input_mode="File",
                s3_data_distribution_type="ShardedByS3Key",
            ),
        )
    ],
    outputs=[
        ProcessingOutput(
            output_name=name,
            s3_output=ProcessingS3Output(
                s3_uri=f"s3://{bucket}/{NAME}/{name}",
                local_path=f"/opt/ml/processing/{name}",
                s3_upload_mode="EndOfJob",
            ),
        )
        for name in ("train", "test")
    ],
    code=str(CODE / "preprocess.py"),
    arguments=["--input-data", input_data],
)
preprocess = ProcessingStep(name="Preprocess", step_args=prepared, cache_config=cache)
outputs = preprocess.properties.ProcessingOutputConfig.Outputs
image = image_uris.retrieve("xgboost", region, version="1.0-1", py_version="py3", instance_type="ml.m5.xlarge")
trainer = ModelTrainer(
    training_image=image,
    compute=Compute(instance_type=instance_type, instance_count=1),
    base_job_name=NAME,
    sagemaker_session=pipeline_session,
    role=role,
    hyperparameters={"objective": "reg:linear", "num_round": 50, "max_depth": depth, "eta": 0.2, "silent": 0},
    input_data_config=[
        InputData(channel_name=channel, data_source=outputs[name].S3Output.S3Uri, content_type="text/csv")
        for channel, name in {"train": "train", "validation": "test"}.items()
    ],
)
train = TrainingStep(name="Train", step_args=trainer.train(), cache_config=cache)
builder = ModelBuilder(
    s3_model_data_url=train.properties.ModelArtifacts.S3ModelArtifacts,
    image_uri=image,
    sagemaker_session=pipeline_session,
    role_arn=role,
)
create = ModelStep(name="CreateModel", step_args=builder.build())
registered = builder.register(
    model_package_group_name=NAME,
    content_types=["text/csv"],
    response_types=["text/csv"],
    inference_instances=["ml.m5.xlarge"],
    approval_status="Approved",
)
pipeline = Pipeline(
    name=NAME,
    parameters=[count, instance_type, input_data, depth],
    steps=[preprocess, train, create, ModelStep(name="Register", step_args=registered)],
    sagemaker_session=pipeline_session,
)

if __name__ == "__main__":
    pipeline.upsert(role_arn=role)
    execution = pipeline.start()
    execution.wait(delay=1, max_attempts=200)
    client = session.sagemaker_client
    steps = {step["StepName"]: step for step in execution.list_steps()}
    job = client.describe_training_job(TrainingJobName=steps["Train"]["Metadata"]["TrainingJob"]["Arn"].split("/")[-1])
    seen = {
        "steps": {name: step["StepStatus"] for name, step in steps.items()},
        "metrics": {metric["MetricName"]: metric["Value"] for metric in job["FinalMetricDataList"]},
        "packages": client.list_model_packages(ModelPackageGroupName=NAME)["ModelPackageSummaryList"],
    }
    Path(sys.argv[1]).write_text(json.dumps(seen, default=str))
