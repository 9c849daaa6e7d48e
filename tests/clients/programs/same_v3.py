"""A pipeline of three steps in the SDK's version 3; `same_v2.py` is the same in version 2."""

import json
import sys
from pathlib import Path

from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import get_execution_role
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData, SourceCode

NAME, INSTANCE = "same-v3", "ml.m5.xlarge"
CODE = Path(__file__).with_name("code")
session = PipelineSession()
role, bucket = get_execution_role(), session.default_bucket()
image = image_uris.retrieve(
    framework="sklearn", region=session.boto_region_name, version="1.4-2", py_version="py3", instance_type=INSTANCE
)


def folder(name, uri):
    """An input of a processing job."""
    source = ProcessingS3Input(
        s3_uri=uri, local_path=f"/opt/ml/processing/{name}", s3_data_type="S3Prefix", s3_input_mode="File"
    )
    return ProcessingInput(input_name=name, s3_input=source)


def result(name):
    """An output of a processing job."""
    target = ProcessingS3Output(
        s3_uri=f"s3://{bucket}/{NAME}/{name}", local_path=f"/opt/ml/processing/{name}", s3_upload_mode="EndOfJob"
    )
    return ProcessingOutput(output_name=name, s3_output=target)


def get_pipeline(data):
    """Prepare, train, evaluate."""
    processor = ScriptProcessor(
        image_uri=image,
        command=["python3"],
        instance_type=INSTANCE,
        instance_count=1,
        sagemaker_session=session,
        role=role,
    )
    prepared = processor.run(
        inputs=[folder("input", data)],
        outputs=[result("train"), result("test")],
        code=str(CODE / "preprocess.py"),
    )
    prepare = ProcessingStep(name="Prepare", step_args=prepared)
    outputs = prepare.properties.ProcessingOutputConfig.Outputs
    trainer = ModelTrainer(
        training_image=image,
        source_code=SourceCode(source_dir=str(CODE), entry_script="train.py"),
        compute=Compute(instance_type=INSTANCE, instance_count=1),
        sagemaker_session=session,
        role=role,
        hyperparameters={"alpha": 0.001},
        input_data_config=[InputData(channel_name="train", data_source=outputs["train"].S3Output.S3Uri)],
    )
    train = TrainingStep(name="Train", step_args=trainer.train())
    measured = processor.run(
        inputs=[
            folder("model", train.properties.ModelArtifacts.S3ModelArtifacts),
            folder("test", outputs["test"].S3Output.S3Uri),
        ],
        outputs=[result("evaluation")],
        code=str(CODE / "evaluate.py"),
    )
    evaluate = ProcessingStep(name="Evaluate", step_args=measured)
    return Pipeline(name=NAME, steps=[prepare, train, evaluate], sagemaker_session=session)


if __name__ == "__main__":
    pipeline = get_pipeline(sys.argv[2])
    pipeline.upsert(role_arn=role)
    execution = pipeline.start()
    execution.wait(delay=1, max_attempts=120)
    Path(sys.argv[1]).write_text(json.dumps({"steps": execution.list_steps(), "bucket": bucket}, default=str))
