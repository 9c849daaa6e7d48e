"""The files that Evaluate leaves for the pipeline to read: numbers for the gates, texts for the registry."""

from __future__ import annotations

from sagemaker.core.workflow.functions import JsonGet
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow import ProcessingStep

OUTPUT = "evaluation"
EVALUATION = PropertyFile(name="Evaluation", output_name=OUTPUT, path="evaluation.json")
SUMMARY = PropertyFile(name="Summary", output_name=OUTPUT, path="summary.json")
SAMPLE = "sample.tar.gz"
BASELINE_INPUTS = {
    "predictions": "predictions.csv",
    "contract": "contract.json",
    "evaluation": EVALUATION.path,
    "explainability": "explainability",
}
"""What a baseline is made of besides the train rows, by where it stands: files, and a folder of attributions."""


def number(evaluate: ProcessingStep, path: str) -> JsonGet:
    """The number at ``path`` of evaluation.json, known when ``evaluate`` has run."""
    return JsonGet(step_name=evaluate.name, property_file=EVALUATION, json_path=path)


def text(evaluate: ProcessingStep, name: str) -> JsonGet:
    """The text ``name`` of summary.json, known when ``evaluate`` has run."""
    return JsonGet(step_name=evaluate.name, property_file=SUMMARY, json_path=name)
