import json
import textwrap
from pathlib import Path

import pytest

from cli import compiling
from cli.compiling import environment

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "pipelines" / "credit_risk"

pytestmark = [
    pytest.mark.sdk,
    pytest.mark.skipif(
        not environment.location(ROOT).exists(),
        reason="the compile environment (0.7 GB) is not there; `sluice compile` makes it",
    ),
]

TEMPLATE_OF_V2 = """
import boto3
import sagemaker
from sagemaker.processing import ProcessingOutput
from sagemaker.sklearn.estimator import SKLearn
from sagemaker.sklearn.processing import SKLearnProcessor
from sagemaker.inputs import TrainingInput
from sagemaker.workflow.parameters import ParameterInteger
from sagemaker.workflow.pipeline import Pipeline
from sagemaker.workflow.pipeline_context import PipelineSession
from sagemaker.workflow.steps import ProcessingStep, TrainingStep


def get_pipeline(region, sagemaker_project_arn=None, role=None, default_bucket=None,
                 model_package_group_name="Group", pipeline_name="Pipeline", base_job_prefix="Base"):
    session = PipelineSession(boto_session=boto3.Session(region_name=region), default_bucket=default_bucket)
    if role is None:
        role = sagemaker.session.get_execution_role(session)
    count = ParameterInteger("Count", 1)
    processor = SKLearnProcessor("1.4-2", role, instance_type="ml.m5.large", instance_count=count,
                                 base_job_name=base_job_prefix, sagemaker_session=session)
    prepared = processor.run(code="prepare.py",
                             outputs=[ProcessingOutput(output_name="train", source="/opt/ml/processing/train")])
    prepare = ProcessingStep("Prepare", step_args=prepared)
    estimator = SKLearn("train.py", framework_version="1.4-2", role=role, instance_type="ml.m5.large",
                        sagemaker_session=session, hyperparameters={"group": model_package_group_name})
    data = prepare.properties.ProcessingOutputConfig.Outputs["train"].S3Output.S3Uri
    train = TrainingStep("Train", step_args=estimator.fit({"train": TrainingInput(data)}))
    return Pipeline(pipeline_name, parameters=[count], steps=[prepare, train], sagemaker_session=session)
"""

SCRIPT_OF_V3 = """
from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.workflow.parameters import ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import ProcessingStep

role, bucket, session = get_execution_role(), Session().default_bucket(), PipelineSession()
count = ParameterString("Count", "1")
processor = ScriptProcessor(
    image_uri=image_uris.retrieve("sklearn", session.boto_region_name, version="1.4-2", instance_type="ml.m5.large"),
    command=["python3"], instance_type="ml.m5.large", instance_count=COUNT, role=role, sagemaker_session=session,
)
step = ProcessingStep("Prepare", step_args=processor.run(code="prepare.py", arguments=[f"s3://{bucket}/data"]))
pipeline = Pipeline("any", parameters=[count], steps=[step], sagemaker_session=session)
pipeline.upsert(role_arn=role)
execution = pipeline.start()
execution.wait()
"""


@pytest.fixture
def compiled(tmp_path):
    """Compiles an author's file; the folder and what came out, CompileError included."""

    def compiled(source):
        folder = tmp_path / "pipelines" / "churn"
        folder.mkdir(parents=True)
        (folder / "pipeline.py").write_text(source)
        for name in ("prepare.py", "train.py"):
            (folder / name).write_text("print()\n")
        try:
            return folder, compiling.compile_model(folder, root=ROOT, progress=[].append, fresh=True)
        except compiling.CompileError as error:
            return folder, str(error)

    return compiled


def definition(folder):
    """The compiled definition, and its steps by name."""
    parsed = json.loads((folder / "lock" / "definition.json").read_text())
    return parsed, {step["Name"]: step["Arguments"] for step in parsed["Steps"]}


def test_the_committed_lock_is_what_the_sdk_gives():
    """Compiling the credit risk model gives the committed lock, byte for byte."""
    differences, _ = compiling.check(MODEL, root=ROOT, progress=[].append, fresh=True)
    assert differences == []


def test_an_authors_error_reaches_the_author(compiled):
    """An error in pipeline.py comes back from the compiling process as one sentence with file and line."""
    folder, said = compiled("def get_pipeline(**_):\n    raise ValueError('the rate is negative')\n")
    assert said == "pipelines/churn/pipeline.py:2 raises ValueError: the rate is negative"
    assert not (folder / "lock").exists()


def test_a_template_of_version_2_compiles(compiled):
    """`get_pipeline` as AWS's project templates write it, in the SDK's version 2, gives a bundle of the same form."""
    folder, made = compiled(TEMPLATE_OF_V2)
    parsed, steps = definition(folder)
    assert (made.files, parsed["Parameters"][0]["Name"]) == (2, "Count")
    assert steps["Prepare"]["AppSpecification"]["ImageUri"] == "{{sluice:image:sklearn:1.4-2}}"
    written = steps["Prepare"]["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]["Std:Join"]["Values"]
    assert written[:2] == ["s3:/", "{{sluice:artifact_bucket}}/{{sluice:model}}"]
    assert steps["Train"]["OutputDataConfig"]["S3OutputPath"].startswith(
        "s3://{{sluice:artifact_bucket}}/{{sluice:model}}"
    )
    assert steps["Train"]["HyperParameters"]["group"] == '"{{sluice:model}}"'
    assert steps["Train"]["RoleArn"] == "{{sluice:role:pipeline}}"


def test_a_script_as_in_a_notebook_compiles(compiled):
    """A script that upserts and starts its pipeline compiles; that the start is left out is said."""
    folder, made = compiled(SCRIPT_OF_V3.replace("COUNT", "1"))
    _, steps = definition(folder)
    assert steps["Prepare"]["AppSpecification"]["ContainerArguments"] == [
        "s3://{{sluice:artifact_bucket}}/{{sluice:model}}/data"
    ]
    assert any("pipeline.py:19: the start is left to `sluice run`" in warning for warning in made.warnings)


SCRIPT_WITH_OPTIONS = (
    SCRIPT_OF_V3.replace("COUNT", "1").partition("pipeline.upsert")[0]
    + """
def main():
    import argparse
    options = argparse.ArgumentParser()
    options.add_argument("--role", default=role)
    pipeline.upsert(role_arn=options.parse_args().role)
    return 0

if __name__ == "__main__":
    import sys
    sys.exit(main())
"""
)

FUNCTION_THAT_IS_STARTED = f"""
def get_pipeline():
{textwrap.indent(SCRIPT_OF_V3.replace("COUNT", "1").partition("pipeline.upsert")[0], "    ")}
    return pipeline

get_pipeline().start()
"""


@pytest.mark.parametrize("source", [SCRIPT_WITH_OPTIONS, FUNCTION_THAT_IS_STARTED], ids=["options", "a function"])
def test_scripts_that_end_as_programs_do_compile(compiled, source):
    """A script may read its options and leave with 0; one with a `get_pipeline` may call and start it itself."""
    folder, made = compiled(source)
    assert not isinstance(made, str), made
    assert list(definition(folder)[1]) == ["Prepare"]


def test_lint_points_at_the_authors_line(compiled):
    """A text where SageMaker wants a number is told with the line that makes the step."""
    _, said = compiled(SCRIPT_OF_V3.replace("COUNT", "count"))
    assert said == (
        "pipelines/churn/pipeline.py:16: Step Prepare.ProcessingResources.ClusterConfig.InstanceCount is "
        "Parameters.Count, a text; expected a whole number."
    )
