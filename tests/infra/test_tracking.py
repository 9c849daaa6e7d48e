import json

import env
from env.stage import Tracking
from infra.tracking import read_runs
from tests.infra.templates import actions, only, resources, statements


def test_the_server_keeps_artifacts_in_the_stages_bucket(local):
    """It is as large as the stage says, registers no models, and waits for its role."""
    template = local.template("tracking")
    server = only(template, "AWS::SageMaker::MlflowTrackingServer")
    assert server["TrackingServerName"] == "sluice-local"
    assert server["TrackingServerSize"] == "Small"
    assert server["ArtifactStoreUri"] == "s3://sluice-local-artifacts-123456789012-eu-west-1/mlflow"
    assert server["AutomaticModelRegistration"] is False
    [(_, resource)] = resources(template, "AWS::SageMaker::MlflowTrackingServer")
    assert any(name.startswith("RoleDefaultPolicy") for name in resource["DependsOn"])


def test_a_stage_that_asks_for_none_has_none(synthesized):
    """The server is billed by the hour: without `[tracking]` there is no stack, and nobody has rights to it."""
    dev = synthesized("dev")
    assert dev.stack("tracking") not in dev.templates()
    assert "mlflow" not in json.dumps(dev.templates()).lower().replace("lambdas.mlflow", "")
    assert read_runs(env.load("dev")) == []


def test_the_server_waits_for_the_release_and_nothing_for_it(local):
    """AWS takes half an hour to make one, which must not hold up a release."""
    stacks = {name: part for name, part in local.manifest()["artifacts"].items() if name in local.templates()}
    assert local.stack("release") in stacks[local.stack("tracking")]["dependencies"]
    assert [name for name, part in stacks.items() if local.stack("tracking") in part["dependencies"]] == []


def test_ends_of_executions_wake_the_function_and_so_does_the_clock(local):
    """However an execution of one of the stage's pipelines ended; what has got lost is found by the clock."""
    rules = {name: rule["Properties"] for name, rule in resources(local.template("tracking"), "AWS::Events::Rule")}
    patterns = [rule["EventPattern"] for rule in rules.values() if "EventPattern" in rule]
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/credit-risk-local"
    [pattern] = [found for found in patterns if "pipelineArn" in found["detail"]]
    assert set(pattern["detail"]["currentPipelineExecutionStatus"]) == {
        "Succeeded",
        "CompletedWithFailures",
        "Failed",
        "Stopped",
    }
    assert arn in pattern["detail"]["pipelineArn"]
    assert [rule["ScheduleExpression"] for rule in rules.values() if "ScheduleExpression" in rule] == ["rate(6 hours)"]


def test_the_function_reads_models_and_writes_beside_them(local):
    """What pipelines have left is never written by what tells of it, and packages are never changed."""
    given = statements(local.template("tracking"), "Track")
    writing = [s["Resource"] for s in given if "s3:PutObject" in actions(s)]
    assert writing == ["arn:aws:s3:::sluice-local-artifacts-123456789012-eu-west-1/mlflow/*"]
    allowed = {action for s in given if s["Effect"] == "Allow" for action in actions(s)}
    packages = {action for action in allowed if "ModelPackage" in action}
    assert packages == {"sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"}


def test_people_look_at_runs_and_write_none():
    """Scientists and approvers read; a run says what the function saw, and nobody else has a say in it."""
    local = env.load("local").model_copy(update={"tracking": Tracking(server="Small")})
    mine = [action for right in read_runs(local) for action in right.actions]
    assert "sagemaker-mlflow:SearchRuns" in mine
    assert not [a for a in mine if a.split(":")[1].startswith(("Log", "Set", "Delete", "Update", "CreateRun"))]
