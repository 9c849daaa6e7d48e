import json

import pytest

from tests.local.sagemaker.test_pipelines import definition, step

ANALYZER = """
import json, os, pathlib, sys
out = pathlib.Path("/opt/ml/processing/output")
for name in ("statistics", "constraints"):
    (out / f"{name}.json").write_text(json.dumps({"made": True}))
if "baseline_constraints" in os.environ:
    held = json.loads(pathlib.Path(os.environ["baseline_constraints"]).read_text())
    pathlib.Path(os.environ["baseline_statistics"]).read_text()
    found = [{"feature_name": "age"}] if held.get("strict") else []
    (out / "constraint_violations.json").write_text(json.dumps({"violations": found}))
"""
STRICT, LAX = json.dumps({"strict": True}), json.dumps({"strict": False})


@pytest.fixture(scope="module")
def world(lasting):
    """One for all."""
    return lasting


def check(world, folder="checked", name="Check", **members):
    """A data quality check step that writes to a folder of its own."""
    arguments = world.processing(ANALYZER, outputs=[("result", f"s3://work/{folder}", "output")])
    return step(name, "QualityCheck", arguments, CheckType="DATA_QUALITY", **members)


def supplied(world, constraints):
    """The members of a step with a baseline of its own."""
    return {
        "SuppliedBaselineStatistics": world.put("given/statistics.json", "{}"),
        "SuppliedBaselineConstraints": world.put("given/constraints.json", constraints),
    }


def group(world, constraints):
    """A group whose only approved package has a baseline."""
    world.sm.create_model_package_group(ModelPackageGroupName="credit")
    arn = world.package("credit")
    files = {"Statistics": "statistics", "Constraints": "constraints"}
    baselines = {
        member: {"ContentType": "application/json", "S3Uri": world.put(f"old/{file}.json", constraints)}
        for member, file in files.items()
    }
    inference = world.sm.describe_model_package(ModelPackageName=arn)["InferenceSpecification"]
    world.sm.create_model_package(
        ModelPackageGroupName="credit",
        ModelApprovalStatus="Approved",
        InferenceSpecification=inference,
        DriftCheckBaselines={"ModelDataQuality": baselines},
    )
    return "credit"


def test_a_first_run_makes_the_baseline(world):
    """Check skipped, baseline registered: what was calculated is what later checks are held to."""
    uses = {"Get": "Steps.Check.BaselineUsedForDriftCheckConstraints"}
    told = step("Told", "Fail", {"ErrorMessage": uses})
    execution = world.run_pipeline(
        definition(check(world, SkipCheck=True, RegisterNewBaseline=True), told), pipeline="first"
    )
    assert execution["FailureReason"].endswith("s3://work/checked/constraints.json")
    metadata = world.steps(execution)["Check"]["Metadata"]["QualityCheck"]
    assert ":processing-job/pipelines-" in metadata.pop("CheckJobArn")
    assert metadata == {
        "CheckType": "DATA_QUALITY",
        "CalculatedBaselineStatistics": "s3://work/checked/statistics.json",
        "CalculatedBaselineConstraints": "s3://work/checked/constraints.json",
        "BaselineUsedForDriftCheckStatistics": "s3://work/checked/statistics.json",
        "BaselineUsedForDriftCheckConstraints": "s3://work/checked/constraints.json",
        "SkipCheck": True,
        "RegisterNewBaseline": True,
    }


def test_a_violation_fails_the_step_with_its_report(world):
    """As AWS words it; the report is in the metadata."""
    execution = world.run_pipeline(definition(check(world, "violated", **supplied(world, STRICT))), pipeline="violated")
    found = world.steps(execution)["Check"]
    report = "s3://work/violated/constraint_violations.json"
    assert found["FailureReason"] == f"ClientError: Quality check failed. See violation report: {report}"
    assert found["Metadata"]["QualityCheck"]["ViolationReport"] == report


def test_a_violation_may_be_let_pass(world):
    """FailOnViolation false: the step succeeds and tells the report. The old baseline is kept for later checks."""
    lets_pass = check(world, "passed", FailOnViolation=False, **supplied(world, STRICT))
    execution = world.run_pipeline(definition(lets_pass), pipeline="passed")
    assert execution["PipelineExecutionStatus"] == "Succeeded"
    metadata = world.steps(execution)["Check"]["Metadata"]["QualityCheck"]
    assert metadata["ViolationReport"].endswith("constraint_violations.json")
    assert metadata["BaselineUsedForDriftCheckConstraints"] == "s3://work/given/constraints.json"


def test_the_baseline_of_the_latest_approved_package_is_taken(world):
    """Where none is supplied."""
    held = check(world, "held", ModelPackageGroupName=group(world, LAX))
    execution = world.run_pipeline(definition(held), pipeline="held")
    metadata = world.steps(execution)["Check"]["Metadata"]["QualityCheck"]
    assert execution["PipelineExecutionStatus"] == "Succeeded"
    assert metadata["BaselineUsedForDriftCheckConstraints"] == "s3://work/old/constraints.json"
    assert "ViolationReport" not in metadata


@pytest.mark.parametrize("members", [{}, {"SkipCheck": True}, {"RegisterNewBaseline": True}])
def test_a_check_without_a_previous_baseline_fails_and_says_how_to_begin(world, members):
    """Unless it is skipped and registers a new one."""
    name = "-".join(["without", *members])
    reason = world.run_pipeline(definition(check(world, "without", **members)), pipeline=name)["FailureReason"]
    assert "no previous baseline (Constraints, Statistics) of check type DATA_QUALITY" in reason
    assert "set SkipCheck and RegisterNewBaseline to true for a first run" in reason


def test_the_analysis_is_refused_by_name_when_its_image_is_not_here(world):
    """Before anything runs; the pipeline can be kept."""
    asked = check(world, name="DataQuality", SkipCheck=True)
    asked["Arguments"]["AppSpecification"]["ImageUri"] = "sagemaker-model-monitor-analyzer"
    text = json.dumps(definition(asked))
    world.sm.create_pipeline(PipelineName="refused", PipelineDefinition=text, RoleArn=world.role)
    refused = world.refused(world.sm.start_pipeline_execution, PipelineName="refused")
    assert refused[0] == "UnsupportedLocally"
    assert "the analysis of QualityCheck step DataQuality: its image sagemaker-model-monitor-analyzer" in refused[1]
    assert world.sm.list_pipeline_executions(PipelineName="refused")["PipelineExecutionSummaries"] == []
