"""A pipeline as the examples of SageMaker's SDK v3 are written: preprocess, train, evaluate, create, register."""

import json
import sys
import tempfile
from pathlib import Path

import rows
from botocore.exceptions import WaiterError
from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output
from sagemaker.core.workflow.conditions import ConditionGreaterThanOrEqualTo
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import CacheConfig, ProcessingStep, TrainingStep
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData, SourceCode

NAME = "sdk-v3"
CODE = Path(__file__).with_name("code")

session, pipeline_session = Session(), PipelineSession()
role, bucket, region = get_execution_role(), session.default_bucket(), session.boto_region_name
image = image_uris.retrieve(
    framework="sklearn", region=region, version="1.4-2", py_version="py3", instance_type="ml.m5.xlarge"
)

instance_count = ParameterInteger(name="ProcessingInstanceCount", default_value=1)
instance_type = ParameterString(name="InstanceType", default_value="ml.m5.xlarge")
approval_status = ParameterString(name="ModelApprovalStatus", default_value="PendingManualApproval")
min_r2 = ParameterFloat(name="MinR2", default_value=0.9)


def folder(name, uri, *, distribution="FullyReplicated"):
    """An input of a processing job."""
    source = ProcessingS3Input(
        s3_uri=uri,
        local_path=f"/opt/ml/processing/{name}",
        s3_data_type="S3Prefix",
        s3_input_mode="File",
        s3_data_distribution_type=distribution,
    )
    return ProcessingInput(input_name=name, s3_input=source)


def result(name):
    """An output of a processing job."""
    target = ProcessingS3Output(
        s3_uri=f"s3://{bucket}/{NAME}/{name}", local_path=f"/opt/ml/processing/{name}", s3_upload_mode="EndOfJob"
    )
    return ProcessingOutput(output_name=name, s3_output=target)


def get_pipeline(data):
    """The whole pipeline."""
    input_data = ParameterString(name="InputData", default_value=data)
    cache = CacheConfig(enable_caching=True, expire_after="30d")
    # The examples prepare with an older image than they train with, and name no command.
    processor = ScriptProcessor(
        image_uri=image.replace("1.4-2", "1.2-1"),
        instance_type=instance_type,
        instance_count=instance_count,
        base_job_name=NAME,
        sagemaker_session=pipeline_session,
        role=role,
    )
    prepared = processor.run(
        inputs=[folder("input", input_data, distribution="ShardedByS3Key")],
        outputs=[result("train"), result("test")],
        code=str(CODE / "preprocess.py"),
        arguments=["--input-data", input_data, "--train-share", "0.75"],
    )
    preprocess = ProcessingStep(name="Preprocess", step_args=prepared, cache_config=cache)
    outputs = preprocess.properties.ProcessingOutputConfig.Outputs
    trainer = ModelTrainer(
        training_image=image,
        source_code=SourceCode(source_dir=str(CODE), entry_script="train.py"),
        compute=Compute(instance_type="ml.m5.xlarge", instance_count=1),
        base_job_name=NAME,
        sagemaker_session=pipeline_session,
        role=role,
        hyperparameters={"alpha": 0.001},
        input_data_config=[
            InputData(channel_name="train", data_source=outputs["train"].S3Output.S3Uri, content_type="text/csv")
        ],
    )
    train = TrainingStep(name="Train", step_args=trainer.train(), cache_config=cache)
    model_data = train.properties.ModelArtifacts.S3ModelArtifacts
    report = PropertyFile(name="Evaluation", output_name="evaluation", path="evaluation.json")
    measured = processor.run(
        inputs=[folder("model", model_data), folder("test", outputs["test"].S3Output.S3Uri)],
        outputs=[result("evaluation")],
        code=str(CODE / "evaluate.py"),
    )
    evaluate = ProcessingStep(name="Evaluate", step_args=measured, property_files=[report])
    # With code of its own the SDK adds a step that packs it into the model: a training job in sklearn:1.2-1.
    builder = ModelBuilder(
        s3_model_data_url=model_data,
        image_uri=image,
        source_code=SourceCode(source_dir=str(CODE), entry_script="train.py"),
        sagemaker_session=pipeline_session,
        role_arn=role,
    )
    create = ModelStep(name="CreateModel", step_args=builder.build())
    registered = builder.register(
        model_package_group_name=NAME,
        content_types=["text/csv"],
        response_types=["text/csv"],
        inference_instances=["ml.m5.xlarge"],
        approval_status=approval_status,
    )
    check = ConditionStep(
        name="Check",
        conditions=[
            ConditionGreaterThanOrEqualTo(
                left=JsonGet(step_name="Evaluate", property_file=report, json_path="regression_metrics.r2.value"),
                right=min_r2,
            )
        ],
        if_steps=[create, ModelStep(name="Register", step_args=registered)],
        else_steps=[FailStep(name="TooBad", error_message=Join(on=" ", values=["R2 is below", min_r2.to_string()]))],
    )
    return Pipeline(
        name=NAME,
        parameters=[instance_count, instance_type, approval_status, min_r2, input_data],
        steps=[preprocess, train, evaluate, check],
        sagemaker_session=pipeline_session,
    )


def ended(execution):
    """How an execution ended, as the SDK sees it."""
    try:
        execution.wait(delay=1, max_attempts=120)
        waited = "succeeded"
    except WaiterError as error:
        waited = str(error)
    described = execution.describe()
    return {
        "waited": waited,
        "status": described["PipelineExecutionStatus"],
        "reason": described.get("FailureReason"),
        "steps": {step["StepName"]: step["StepStatus"] for step in execution.list_steps()},
        "reasons": [step["FailureReason"] for step in execution.list_steps() if "FailureReason" in step],
        "cached": sorted(step["StepName"] for step in execution.list_steps() if "CacheHitResult" in step),
        "parameters": {item["Name"]: item["Value"] for item in execution.list_parameters()["PipelineParameters"]},
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        data = session.upload_data(str(rows.write(Path(scratch) / "rows.csv")), key_prefix=f"{NAME}/input")
    pipeline = get_pipeline(data)
    seen = {
        "role": role,
        "bucket": bucket,
        "upserts": [
            pipeline.upsert(role_arn=role, tags=[{"Key": "team", "Value": "risk"}])["PipelineArn"],
            pipeline.upsert(role_arn=role, tags=[{"Key": "cost", "Value": "7"}])["PipelineArn"],
        ],
    }
    seen["tags"] = session.sagemaker_client.list_tags(ResourceArn=seen["upserts"][0])["Tags"]
    seen["first"] = ended(pipeline.start(execution_display_name="first"))
    seen["second"] = ended(pipeline.start(parameters={"MinR2": 2}))
    seen["executions"] = pipeline.list_executions()["PipelineExecutionSummaries"]
    seen["packages"] = session.sagemaker_client.list_model_packages(ModelPackageGroupName=NAME)
    Path(sys.argv[1]).write_text(json.dumps(seen, default=str))
