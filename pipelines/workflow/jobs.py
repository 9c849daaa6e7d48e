"""What the jobs of one pipeline share: image, instance, role and key, and where they leave what they make."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sagemaker.core import image_uris
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output
from sagemaker.core.training.configs import Compute, OutputDataConfig, StoppingCondition
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
from sagemaker.core.workflow.parameters import ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.train import ModelTrainer

from pipelines.workflow.sources import library, step_code

PROCESSING = "/opt/ml/processing"
LIBRARY = f"{PROCESSING}/input/library"


@dataclass(frozen=True, kw_only=True)
class Jobs:
    """What the jobs of ``model`` share: they run as ``role`` and leave results in ``bucket``, encrypted."""

    session: PipelineSession
    role: str
    bucket: str
    kms_key: str
    model: str
    instance_type: ParameterString
    framework: tuple[str, str] = ("sklearn", "1.4-2")
    """AWS's image that all jobs run in and the model is served from; requirements.txt has its library versions."""
    max_runtime_seconds: int = 3600
    instances: tuple[str, ...] = ("ml.t2.medium", "ml.m5.large", "ml.m5.xlarge", "ml.c5.large")
    """The types that a version may serve on."""

    @property
    def image(self) -> str:
        """The image's URI."""
        name, version = self.framework
        region = self.session.boto_region_name
        return str(image_uris.retrieve(name, region, version=version, py_version="py3", instance_type="ml.m5.large"))

    def input_data(self, file: str) -> ParameterString:
        """The parameter ``InputData``: by default the model's own file, under a key that holds its SHA-256."""
        path = Path(file)
        version = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        return ParameterString("InputData", f"s3://{self.bucket}/{self.model}/data/{version}/{path.name}")

    def uri(self, name: str) -> Join:
        """Where an execution leaves what ``name`` says."""
        prefix = f"s3://{self.bucket}/{self.model}"
        return Join(on="/", values=[prefix, ExecutionVariables.PIPELINE_EXECUTION_ID, name])

    def processor(self, name: str) -> ScriptProcessor:
        """A job for one script, which may import ``pipelines.evidence`` when `library()` is among its inputs."""
        return ScriptProcessor(
            image_uri=self.image,
            command=["python3"],
            env={"PYTHONPATH": LIBRARY},
            instance_type=self.instance_type,
            instance_count=1,
            max_runtime_in_seconds=self.max_runtime_seconds,
            output_kms_key=self.kms_key,
            base_job_name=name,
            role=self.role,
            sagemaker_session=self.session,
        )

    def trainer(self, entry_script: str, *, hyperparameters: Mapping[str, object]) -> ModelTrainer:
        """A training job for ``steps/<entry_script>``, which may import ``pipelines.evidence`` likewise."""
        return ModelTrainer(
            training_image=self.image,
            source_code=step_code(entry_script),
            compute=Compute(instance_type=self.instance_type, instance_count=1, volume_size_in_gb=10),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=self.max_runtime_seconds),
            output_data_config=OutputDataConfig(s3_output_path=self.uri("model"), kms_key_id=self.kms_key),
            environment={"PYTHONPATH": "/opt/ml/input/data/library"},
            hyperparameters=dict(hyperparameters),
            base_job_name="train",
            role=self.role,
            sagemaker_session=self.session,
        )

    def input(self, name: str, source: object) -> ProcessingInput:
        """A script's input, downloaded to the folder ``name``: an S3 URI, a step's output, or a file of the model."""
        return _input(name, source, path=f"{PROCESSING}/{name}")

    def library(self) -> ProcessingInput:
        """The input that brings a script the shared code."""
        return _input("library", library(), path=LIBRARY)

    def output(self, name: str) -> ProcessingOutput:
        """The folder ``name`` of a script, uploaded when it ends."""
        target = ProcessingS3Output(s3_uri=self.uri(name), local_path=f"{PROCESSING}/{name}", s3_upload_mode="EndOfJob")
        return ProcessingOutput(output_name=name, s3_output=target)


def _input(name: str, source: object, *, path: str) -> ProcessingInput:
    target = ProcessingS3Input(
        s3_uri=source,
        local_path=path,
        s3_data_type="S3Prefix",
        s3_input_mode="File",
        s3_data_distribution_type="FullyReplicated",
    )
    return ProcessingInput(input_name=name, s3_input=target)
