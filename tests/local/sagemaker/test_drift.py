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
CLARIFY = """
import json, os, pathlib
out = pathlib.Path("/opt/ml/processing/output")
(out / "analysis.json").write_text(json.dumps({"made": True}))
if "baseline_constraints" in os.environ:
    held = json.loads(pathlib.Path(os.environ["baseline_constraints"]).read_text())
    found = [{"facet": "sex", "metric_name": "DPL"}] if held.get("strict") else []
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


def clarifies(world, folder, check_type="DATA_BIAS", **members):
    """A bias check step that writes to a folder of its own."""
    arguments = world.processing(CLARIFY, outputs=[("result", f"s3://work/{folder}", "output")])
    return step("Check", "ClarifyCheck", arguments, CheckType=check_type, **members)


def supplied(world, constraints):
    """The members of a step with a baseline of its own."""
    return {
        "SuppliedBaselineStatistics": world.put("given/statistics.json", "{}"),
        "SuppliedBaselineConstraints": world.put("given/constraints.json", constraints),
    }


def group(world, name, **baselines):
    """A group whose only approved package has baselines; its name."""
    world.sm.create_model_package_group(ModelPackageGroupName=name)
    inference = world.sm.describe_model_package(ModelPackageName=world.package(name))["InferenceSpecification"]
    world.sm.create_model_package(
        ModelPackageGroupName=name,
        ModelApprovalStatus="Approved",
        InferenceSpecification=inference,
        DriftCheckBaselines=baselines,
    )
    return name


def source(world, key, content):
    """A MetricsSource of what is put under a key."""
    return {"ContentType": "application/json", "S3Uri": world.put(key, content)}


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
    files = {"Statistics": "statistics", "Constraints": "constraints"}
    old = {member: source(world, f"old/{file}.json", LAX) for member, file in files.items()}
    held = check(world, "held", ModelPackageGroupName=group(world, "credit", ModelDataQuality=old))
    execution = world.run_pipeline(definition(held), pipeline="held")
    metadata = world.steps(execution)["Check"]["Metadata"]["QualityCheck"]
    assert execution["PipelineExecutionStatus"] == "Succeeded"
    assert metadata["BaselineUsedForDriftCheckConstraints"] == "s3://work/old/constraints.json"
    assert "ViolationReport" not in metadata


def test_a_first_analysis_of_bias_is_its_baseline(world):
    """Clarify has no statistics: what it has analysed is what later checks are held to."""
    first = clarifies(world, "analysed", SkipCheck=True, RegisterNewBaseline=True)
    metadata = world.steps(world.run_pipeline(definition(first), pipeline="analysed"))["Check"]["Metadata"]
    assert ":processing-job/pipelines-" in metadata["ClarifyCheck"].pop("CheckJobArn")
    assert metadata["ClarifyCheck"] == {
        "CheckType": "DATA_BIAS",
        "CalculatedBaselineConstraints": "s3://work/analysed/analysis.json",
        "BaselineUsedForDriftCheckConstraints": "s3://work/analysed/analysis.json",
        "SkipCheck": True,
        "RegisterNewBaseline": True,
    }


def test_bias_that_has_grown_fails_the_step(world):
    """Held to what the approved package has of its own check type, before or after training."""
    before, after = (source(world, f"bias/{name}/analysis.json", c) for name, c in (("pre", LAX), ("post", STRICT)))
    bias = {"PreTrainingConstraints": before, "PostTrainingConstraints": after}
    named = {"ModelPackageGroupName": group(world, "biased", Bias=bias)}
    found = {}
    for check_type in ("DATA_BIAS", "MODEL_BIAS"):
        asked = clarifies(world, check_type, check_type, **named)
        execution = world.run_pipeline(definition(asked), pipeline=check_type.replace("_", "-"))
        found[check_type] = world.steps(execution)["Check"]
    used = "BaselineUsedForDriftCheckConstraints"
    assert found["DATA_BIAS"]["StepStatus"] == "Succeeded"
    assert found["DATA_BIAS"]["Metadata"]["ClarifyCheck"][used] == "s3://work/bias/pre/analysis.json"
    report = "s3://work/MODEL_BIAS/constraint_violations.json"
    assert found["MODEL_BIAS"]["FailureReason"] == f"ClientError: Clarify check failed. See violation report: {report}"


def test_a_check_type_belongs_to_one_kind_of_step(world):
    """The others are not taken for it, and those there are, are told."""
    execution = world.run_pipeline(definition(clarifies(world, "mixed", "DATA_QUALITY")), pipeline="mixed")
    reason = execution["FailureReason"]
    assert "CheckType 'DATA_QUALITY' is not one of DATA_BIAS, MODEL_BIAS, MODEL_EXPLAINABILITY" in reason


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
