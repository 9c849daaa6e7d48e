"""A pipeline of three steps in the SDK's version 2; `same_v3.py` is the same in version 3."""

import json
import sys
from pathlib import Path

from sagemaker import get_execution_role
from sagemaker.inputs import TrainingInput
from sagemaker.processing import ProcessingInput, ProcessingOutput
from sagemaker.sklearn import SKLearn, SKLearnProcessor
from sagemaker.workflow.pipeline import Pipeline
from sagemaker.workflow.pipeline_context import PipelineSession
from sagemaker.workflow.steps import ProcessingStep, TrainingStep

NAME, INSTANCE, ROOT = "same-v2", "ml.m5.xlarge", "/opt/ml/processing"
CODE = Path(__file__).with_name("code")
session = PipelineSession()
role, bucket = get_execution_role(), session.default_bucket()


def result(name):
    """An output of a processing job."""
    return ProcessingOutput(output_name=name, source=f"{ROOT}/{name}", destination=f"s3://{bucket}/{NAME}/{name}")


def get_pipeline(data):
    """Prepare, train, evaluate."""
    processor = SKLearnProcessor(
        framework_version="1.4-2", instance_type=INSTANCE, instance_count=1, role=role, sagemaker_session=session
    )
    prepared = processor.run(
        inputs=[ProcessingInput(source=data, destination=f"{ROOT}/input")],
        outputs=[result("train"), result("test")],
        code=str(CODE / "preprocess.py"),
    )
    prepare = ProcessingStep(name="Prepare", step_args=prepared)
    outputs = prepare.properties.ProcessingOutputConfig.Outputs
    estimator = SKLearn(
        entry_point="train.py",
        source_dir=str(CODE),
        framework_version="1.4-2",
        instance_type=INSTANCE,
        role=role,
        sagemaker_session=session,
        hyperparameters={"alpha": 0.001},
    )
    train = TrainingStep(
        name="Train", step_args=estimator.fit({"train": TrainingInput(outputs["train"].S3Output.S3Uri)})
    )
    measured = processor.run(
        inputs=[
            ProcessingInput(source=train.properties.ModelArtifacts.S3ModelArtifacts, destination=f"{ROOT}/model"),
            ProcessingInput(source=outputs["test"].S3Output.S3Uri, destination=f"{ROOT}/test"),
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
