"""The steps that every model has: each gives a program of its folder ``steps`` what it reads, and keeps its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sagemaker.core.shapes import MetricDefinition
from sagemaker.core.training.configs import InputData
from sagemaker.core.workflow.parameters import ParameterString
from sagemaker.mlops.workflow import ProcessingStep, TrainingStep

from pipelines.workflow.gates import Gates
from pipelines.workflow.jobs import Jobs
from pipelines.workflow.reports import EVALUATION, OUTPUT, SUMMARY
from pipelines.workflow.sources import library, serving_code


def prepare_step(jobs: Jobs, data: ParameterString, *, arguments: Sequence[object]) -> ProcessingStep:
    """``steps/prepare.py`` checks the raw file against contract.json and splits it into ``train`` and ``test``."""
    job = jobs.processor("prepare").run(
        code="steps/prepare.py",
        arguments=list(arguments),
        inputs=[jobs.input("data", data), jobs.input("contract", "contract.json"), jobs.library()],
        outputs=[jobs.output("train"), jobs.output("test"), jobs.output("report")],
    )
    return ProcessingStep("Prepare", step_args=job)


def train_step(
    jobs: Jobs, prepare: ProcessingStep, *, hyperparameters: Mapping[str, object], metrics: Sequence[str] = ()
) -> TrainingStep:
    """``steps/train.py`` fits the model to the train rows and packs it with ``inference.py``, which serves it.

    What it prints as ``auc=0.74`` is followed as the job's metric ``train:auc`` if ``metrics`` names ``auc``.
    """
    channels = {
        "train": output_uri(prepare, "train"),
        "serving": serving_code("inference.py", "contract.json"),
        "library": library(),
    }
    trainer = jobs.trainer("train.py", hyperparameters=hyperparameters)
    trainer = trainer.with_metric_definitions([_printed(name) for name in metrics])
    job = trainer.train(
        input_data_config=[InputData(channel_name=name, data_source=source) for name, source in channels.items()]
    )
    return TrainingStep("Train", step_args=job)


def _printed(metric: str) -> MetricDefinition:
    return MetricDefinition(name=f"train:{metric}", regex=rf"\b{metric}=([-+0-9.eE]+)")


def evaluate_step(jobs: Jobs, prepare: ProcessingStep, train: TrainingStep, *, gates: Gates) -> ProcessingStep:
    """``steps/evaluate.py`` measures the model on the test rows, and says by how much it misses which gate."""
    job = jobs.processor("evaluate").run(
        code="steps/evaluate.py",
        arguments=gates.arguments(),
        inputs=[
            jobs.input("model", train.properties.ModelArtifacts.S3ModelArtifacts),
            *(jobs.input(name, output_uri(prepare, name)) for name in ("train", "test", "report")),
            jobs.input("contract", "contract.json"),
            jobs.library(),
        ],
        outputs=[jobs.output(OUTPUT)],
    )
    return ProcessingStep("Evaluate", step_args=job, property_files=[EVALUATION, SUMMARY])


def output_uri(step: ProcessingStep, name: str) -> object:
    """Where ``step`` leaves its output of this name."""
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri
