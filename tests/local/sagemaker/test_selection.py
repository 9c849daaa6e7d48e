import json

import pytest

from tests.local.sagemaker.test_pipelines import definition, fails, step, uploads

ADD = """
import pathlib, sys
folder = pathlib.Path("/opt/ml/processing/in")
found = sorted(folder.glob("*")) if folder.exists() else []
text = "".join(file.read_text() for file in found) + sys.argv[1]
pathlib.Path("/opt/ml/processing/out/text").write_text(text)
"""


def adds(world, name, letter, after=None):
    """A step that writes what the step before it wrote, and a letter."""
    key = {"Std:Join": {"On": "/", "Values": ["s3://work", {"Get": "Execution.PipelineExecutionId"}, name]}}
    came = {"Get": f"Steps.{after}.ProcessingOutputConfig.Outputs['o'].S3Output.S3Uri"}
    inputs = [("before", came, "in")] if after else []
    return step(
        name, "Processing", world.processing(ADD, inputs=inputs, outputs=[("o", key, "out")], arguments=[letter])
    )


@pytest.fixture(scope="module")
def world(lasting):
    """One for all."""
    return lasting


@pytest.fixture(scope="module")
def chain(world):
    """A → B → C with a gate behind B, run once."""
    letter = {"Get": "Parameters.Letter"}
    gate = {"Conditions": [{"Type": "Equals", "LeftValue": letter, "RightValue": "c"}]}
    steps = [adds(world, "A", "a"), adds(world, "B", "b", "A"), adds(world, "C", letter, "B")]
    steps.append(step("Gate", "Condition", {**gate, "IfSteps": [], "ElseSteps": [fails()]}, DependsOn=["B"]))
    parameters = [{"Name": "Letter", "Type": "String", "DefaultValue": "c"}]
    return world.run_pipeline(definition(*steps, parameters=parameters))


def selective(names, source=None, *, pipeline="p", **more):
    """The request for a selective execution."""
    config = {"SelectedSteps": [{"StepName": name} for name in names]}
    if source:
        config["SourcePipelineExecutionArn"] = source["PipelineExecutionArn"]
    return {"PipelineName": pipeline, "SelectiveExecutionConfig": config, **more}


def test_selected_steps_run_on_what_others_have_left(world, chain):
    """Those before are shown with where they come from, those after do not run; parameters are the new ones."""
    given = [{"Name": "Letter", "Value": "x"}]
    request = selective(["C"], chain, PipelineParameters=given)
    arn = world.sm.start_pipeline_execution(**request)["PipelineExecutionArn"]
    execution = world.ended_execution(arn)
    assert execution["PipelineExecutionStatus"] == "Succeeded"
    assert execution["SelectiveExecutionConfig"] == request["SelectiveExecutionConfig"]
    steps, before = world.steps(execution), world.steps(chain)
    assert {name: found["StepStatus"] for name, found in steps.items()} == dict.fromkeys("ABC", "Succeeded")
    taken = {"SourcePipelineExecutionArn": chain["PipelineExecutionArn"]}
    assert [steps[name].get("SelectiveExecutionResult") for name in "ABC"] == [taken, taken, None]
    assert steps["B"]["Metadata"] == before["B"]["Metadata"]
    assert world.read(f"{arn.rsplit('/', 1)[1]}/C/text") == b"abx"

    again = selective(["C"], execution)  # which has what it took over
    arn = world.sm.start_pipeline_execution(**again)["PipelineExecutionArn"]
    assert world.ended_execution(arn)["PipelineExecutionStatus"] == "Succeeded"
    assert world.read(f"{arn.rsplit('/', 1)[1]}/C/text") == b"abc"


def test_steps_without_others_before_them_need_no_source(world, chain):
    """Only they run."""
    arn = world.sm.start_pipeline_execution(**selective(["A", "B"]))["PipelineExecutionArn"]
    assert sorted(world.steps(world.ended_execution(arn))) == ["A", "B"]


def test_what_cannot_be_selected_is_refused(world, chain):
    """With the steps that are lacking, before anything runs."""
    start = world.sm.start_pipeline_execution
    before = world.sm.list_pipeline_executions(PipelineName="p")["PipelineExecutionSummaries"]
    lonely = world.refused(start, **selective(["C"]))[1]
    assert lonely == ("Invalid SourcePipelineExecutionArn: null. The selected steps [C] have dependencies on [A, B]")
    assert "B between A and C is not selected" in world.refused(start, **selective(["A", "C"], chain))[1]
    assert "not steps of the pipeline: D" in world.refused(start, **selective(["D"], chain))[1]
    untaken = world.refused(start, **selective(["Fail"], chain))[1]
    assert "Step Fail is in a branch of Gate that was not taken there: select Gate too" in untaken
    other = {"PipelineExecutionArn": chain["PipelineExecutionArn"].replace("pipeline/p/", "pipeline/q/")}
    assert world.refused(start, **selective(["C"], other))[0] == "ResourceNotFound"
    assert world.sm.list_pipeline_executions(PipelineName="p")["PipelineExecutionSummaries"] == before


def test_a_source_must_have_what_is_needed(world):
    """A step that failed there, and an execution that still runs, give nothing."""
    broken = uploads(world, "x", "raise ValueError", "A")
    failed = world.run_pipeline(definition(broken, {**fails("Last"), "DependsOn": ["A"]}), pipeline="q")
    start = world.sm.start_pipeline_execution
    said = world.refused(start, **selective(["Last"], failed, pipeline="q"))[1]
    assert said.endswith("Step Last needs step A, which was Failed there.")
    slow = definition(uploads(world, "x", "import time; time.sleep(600)", "A"), {**fails("Last"), "DependsOn": ["A"]})
    world.sm.update_pipeline(PipelineName="q", PipelineDefinition=json.dumps(slow))
    running = start(PipelineName="q")
    assert "it must have ended" in world.refused(start, **selective(["Last"], running, pipeline="q"))[1]
    world.sm.stop_pipeline_execution(PipelineExecutionArn=running["PipelineExecutionArn"])
    world.ended_execution(running["PipelineExecutionArn"])
