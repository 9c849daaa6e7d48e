"""The training workflow of the credit risk model: prepare, train, evaluate, then register or fail at the gate.

`sluice compile` runs it in this folder, so paths are relative to it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sagemaker.core import image_uris
from sagemaker.core.metadata_properties import MetadataProperties
from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output
from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig, SourceCode, StoppingCondition
from sagemaker.core.workflow.conditions import ConditionGreaterThanOrEqualTo, ConditionLessThanOrEqualTo
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow import ConditionStep, FailStep, ModelStep, Pipeline, ProcessingStep, TrainingStep
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train import ModelTrainer

DATA = Path("data/german.csv")
CSV, JSON = "text/csv", "application/json"
SERVING_INSTANCES = ["ml.t2.medium", "ml.m5.large", "ml.m5.xlarge", "ml.c5.large"]

TRAINING_INSTANCE_TYPE = ParameterString("TrainingInstanceType", "ml.m5.large")
MIN_AUC = ParameterFloat("MinAuc", 0.70)
MAX_BRIER = ParameterFloat("MaxBrier", 0.20)
MAX_COST = ParameterFloat("MaxCost", 0.65)
CODE_COMMIT = ParameterString("CodeCommit", "unknown")
SEED = ParameterInteger("Seed", 20)

EVALUATION = PropertyFile(name="Evaluation", output_name="evaluation", path="evaluation.json")
SUMMARY = PropertyFile(name="Summary", output_name="evaluation", path="summary.json")
SAMPLE = "sample.tar.gz"


def get_pipeline(*, session: PipelineSession, role: str, bucket: str, kms_key: str, model: str) -> Pipeline:
    """The pipeline of ``model``: its jobs run as ``role`` and leave their results, encrypted, in ``bucket``."""
    data_version = hashlib.sha256(DATA.read_bytes()).hexdigest()[:16]
    input_data = ParameterString("InputData", f"s3://{bucket}/{model}/data/{data_version}/{DATA.name}")
    jobs = Jobs(session=session, role=role, prefix=f"s3://{bucket}/{model}", kms_key=kms_key)
    prepare = prepare_step(jobs, input_data)
    train = train_step(jobs, prepare)
    evaluate = evaluate_step(jobs, prepare, train)
    register = register_step(jobs, train, evaluate, model)
    return Pipeline(
        name=model,
        parameters=[input_data, TRAINING_INSTANCE_TYPE, MIN_AUC, MAX_BRIER, MAX_COST, CODE_COMMIT, SEED],
        steps=[prepare, train, evaluate, gate_step(evaluate, register)],
        sagemaker_session=session,
    )


@dataclass(frozen=True, kw_only=True)
class Jobs:
    """What the jobs of one execution share."""

    session: PipelineSession
    role: str
    prefix: str
    kms_key: str

    @property
    def image(self) -> str:
        """The image all jobs run in, and the model is served from; requirements.txt has its library versions."""
        region = self.session.boto_region_name
        return str(
            image_uris.retrieve("sklearn", region, version="1.4-2", py_version="py3", instance_type="ml.m5.large")
        )

    def uri(self, name: str) -> Join:
        """Where an execution leaves what ``name`` says."""
        return Join(on="/", values=[self.prefix, ExecutionVariables.PIPELINE_EXECUTION_ID, name])

    def processor(self, name: str) -> ScriptProcessor:
        """A job for one script."""
        return ScriptProcessor(
            image_uri=self.image,
            command=["python3"],
            instance_type=TRAINING_INSTANCE_TYPE,
            instance_count=1,
            max_runtime_in_seconds=3600,
            output_kms_key=self.kms_key,
            base_job_name=name,
            role=self.role,
            sagemaker_session=self.session,
        )

    def output(self, name: str) -> ProcessingOutput:
        """The folder ``name`` of a script, uploaded when it ends."""
        target = ProcessingS3Output(
            s3_uri=self.uri(name), local_path=f"/opt/ml/processing/{name}", s3_upload_mode="EndOfJob"
        )
        return ProcessingOutput(output_name=name, s3_output=target)


def prepare_step(jobs: Jobs, input_data: ParameterString) -> ProcessingStep:
    """Checks the raw file and splits it."""
    arguments = jobs.processor("prepare").run(
        code="steps/prepare.py",
        arguments=["--seed", SEED.to_string()],
        inputs=[_input("data", input_data)],
        outputs=[jobs.output("train"), jobs.output("test"), jobs.output("report")],
    )
    return ProcessingStep("Prepare", step_args=arguments)


def train_step(jobs: Jobs, prepare: ProcessingStep) -> TrainingStep:
    """Fits the model and packs it with the code that serves it."""
    trainer = ModelTrainer(
        training_image=jobs.image,
        source_code=SourceCode(
            source_dir="steps",
            entry_script="train.py",
            ignore_patterns=["prepare.py", "evaluate.py", "__pycache__"],
        ),
        compute=Compute(instance_type=TRAINING_INSTANCE_TYPE, instance_count=1, volume_size_in_gb=10),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=3600),
        output_data_config=OutputDataConfig(s3_output_path=jobs.uri("model"), kms_key_id=jobs.kms_key),
        hyperparameters={"seed": SEED.to_string(), "regularization": 0.3},
        base_job_name="train",
        role=jobs.role,
        sagemaker_session=jobs.session,
    )
    channels = [
        InputData(channel_name="train", data_source=_output_uri(prepare, "train"), content_type=CSV),
        InputData(channel_name="serving", data_source="inference.py"),
    ]
    return TrainingStep("Train", step_args=trainer.train(input_data_config=channels))


def evaluate_step(jobs: Jobs, prepare: ProcessingStep, train: TrainingStep) -> ProcessingStep:
    """Measures the model on the test rows; knows the limits in order to say by how much one is missed."""
    limits = {"--min-auc": MIN_AUC, "--max-brier": MAX_BRIER, "--max-cost": MAX_COST}
    arguments = jobs.processor("evaluate").run(
        code="steps/evaluate.py",
        arguments=[word for option, limit in limits.items() for word in (option, limit.to_string())],
        inputs=[
            _input("model", train.properties.ModelArtifacts.S3ModelArtifacts),
            _input("test", _output_uri(prepare, "test")),
            _input("report", _output_uri(prepare, "report")),
        ],
        outputs=[jobs.output("evaluation")],
    )
    return ProcessingStep("Evaluate", step_args=arguments, property_files=[EVALUATION, SUMMARY])


def register_step(jobs: Jobs, train: TrainingStep, evaluate: ProcessingStep, model: str) -> ModelStep:
    """Puts the model into the registry with its evidence, to be approved by a person."""
    evidence = _output_uri(evaluate, "evaluation")
    statistics = Join(on="/", values=[evidence, EVALUATION.path])
    builder = ModelBuilder(
        s3_model_data_url=train.properties.ModelArtifacts.S3ModelArtifacts,
        image_uri=jobs.image,
        env_vars={"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"},
        role_arn=jobs.role,
        sagemaker_session=jobs.session,
    )
    arguments = builder.register(
        model_package_group_name=model,
        content_types=[CSV, JSON],
        response_types=[CSV, JSON],
        inference_instances=SERVING_INSTANCES,
        transform_instances=["ml.m5.large"],
        approval_status="PendingManualApproval",
        model_metrics=ModelMetrics(model_statistics=MetricsSource(content_type=JSON, s3_uri=statistics)),
        metadata_properties=MetadataProperties(commit_id=CODE_COMMIT),
        sample_payload_url=Join(on="/", values=[evidence, SAMPLE]),
        # Taken from the summary, where they are texts: CustomerMetadataProperties holds strings alone.
        customer_metadata_properties={
            "sluice:data-sha256": _summary(evaluate, "data_sha256"),
            "sluice:model-sha256": _summary(evaluate, "model_sha256"),
            "sluice:rows": _summary(evaluate, "rows"),
            "sluice:auc": _summary(evaluate, "auc"),
            "sluice:brier": _summary(evaluate, "brier"),
            "sluice:cost": _summary(evaluate, "cost"),
        },
    )
    return ModelStep("Register", step_args=arguments)


def gate_step(evaluate: ProcessingStep, register: ModelStep) -> ConditionStep:
    """Registers a model that meets all three limits; otherwise the execution fails and says which it misses."""
    message = Join(on=" ", values=["Not registered:", _summary(evaluate, "gates")])
    return ConditionStep(
        "Gate",
        conditions=[
            ConditionGreaterThanOrEqualTo(left=_metric(evaluate, "auc"), right=MIN_AUC),
            ConditionLessThanOrEqualTo(left=_metric(evaluate, "brier"), right=MAX_BRIER),
            ConditionLessThanOrEqualTo(left=_metric(evaluate, "cost"), right=MAX_COST),
        ],
        if_steps=[register],
        else_steps=[FailStep("GateFailed", error_message=message)],
    )


def _metric(evaluate: ProcessingStep, name: str) -> JsonGet:
    path = f"binary_classification_metrics.{name}.value"
    return JsonGet(step_name=evaluate.name, property_file=EVALUATION, json_path=path)


def _summary(evaluate: ProcessingStep, name: str) -> JsonGet:
    return JsonGet(step_name=evaluate.name, property_file=SUMMARY, json_path=name)


def _output_uri(step: ProcessingStep, name: str) -> object:
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri


def _input(name: str, uri: object) -> ProcessingInput:
    source = ProcessingS3Input(
        s3_uri=uri,
        local_path=f"/opt/ml/processing/{name}",
        s3_data_type="S3Prefix",
        s3_input_mode="File",
        s3_data_distribution_type="FullyReplicated",
    )
    return ProcessingInput(input_name=name, s3_input=source)
