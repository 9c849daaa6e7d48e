import json
import re

import pytest
from aws_cdk import App

import env
from env.monitor import Limit, Monitor, Quality, Ringing
from infra import monitoring
from infra.errors import PolicyError
from infra.monitoring import Monitoring
from lambdas import run_monitor
from lambdas.settings import from_environ
from monitor.policy import Policy
from tests.infra.templates import CHECKOUT, MODEL, actions, of_one_model, only, resources, statements

KINDS = ("data-quality", "model-quality", "bias", "business")
MINUTE = 60


def alarms(synthesized):
    """The alarms of a stage's monitors by name."""
    found = resources(synthesized.template("monitoring"), "AWS::CloudWatch::Alarm")
    return {resource["Properties"]["AlarmName"]: resource["Properties"] for _, resource in found}


def test_every_monitor_has_an_alarm_and_silence_too(local):
    """What the stage's file asks for, each with the dimensions of its own metric, and one on not being judged."""
    found = alarms(local)
    assert found.keys() == {f"credit-risk-local-{name}" for name in (*KINDS, "not-judged")}
    for kind in KINDS:
        alarm = found[f"credit-risk-local-{kind}"]
        dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        assert (alarm["Namespace"], alarm["MetricName"]) == ("Sluice/Monitoring", "Violations")
        assert dimensions == {"Endpoint": "credit-risk-local", "Monitor": kind}
        assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (MINUTE, 1, 1)
        assert alarm["TreatMissingData"] == "ignore"
        assert alarm["AlarmActions"] == ["arn:aws:sns:eu-west-1:123456789012:sluice-local-notify"]


def test_what_rings_says_what_to_do(local):
    """Whoever gets the mail finds the section of the runbooks, and the command that shows what was found."""
    page = (CHECKOUT / "docs" / "runbooks.md").read_text()
    for name, alarm in alarms(local).items():
        (section,) = re.findall(r"docs/runbooks\.md#([a-z-]+)", alarm["AlarmDescription"])
        assert f"](#{section})" in page, name


def test_an_alarm_on_several_runs_has_a_period_for_each():
    """M of N runs: a period is as long as the pause between two of them, so that none is passed over."""
    stage = of_one_model("local")
    parts = stage.models[MODEL]
    monitor = parts.monitor.model_copy(update={"every": "rate(1 hour)", "alarms": Ringing(periods=3, datapoints=2)})
    stage = stage.model_copy(update={"models": {MODEL: parts.model_copy(update={"monitor": monitor})}})
    app = App()
    Monitoring(app, stage=stage)
    template = app.synth().get_stack_by_name("sluice-local-monitoring").template
    found = {r["Properties"]["AlarmName"]: r["Properties"] for _, r in resources(template, "AWS::CloudWatch::Alarm")}
    alarm = found["credit-risk-local-bias"]
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (60 * MINUTE, 3, 2)


def test_silence_is_three_runs_without_a_judgement(local):
    """A run that does not come is as bad as one that cannot judge; where nothing serves there is nothing to hear."""
    alarm = alarms(local)["credit-risk-local-not-judged"]
    queries = {query["Id"]: query for query in alarm["Metrics"]}
    assert queries["heard"]["Expression"] == "MAX([FILL(judged, 0), FILL(idle, 0)])"
    metrics = {query["MetricStat"]["Metric"]["MetricName"] for query in alarm["Metrics"] if "MetricStat" in query}
    assert metrics == {"Judged", "Idle"}
    assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (3, 3)
    assert alarm["TreatMissingData"] == "breaching"


def test_the_schedule_asks_for_a_run_at_its_time(local):
    """As often as the stage's file says, with the time for which it was due, in a role that can do no more."""
    schedule = only(local.template("monitoring"), "AWS::Scheduler::Schedule")
    assert schedule["ScheduleExpression"] == env.load("local").models[MODEL].monitor.every
    assert json.loads(schedule["Target"]["Input"]) == {
        "action": "run",
        "model": MODEL,
        "time": "<aws.scheduler.scheduled-time>",
    }
    allowed = [action for each in statements(local.template("monitoring"), "SchedulerRole") for action in actions(each)]
    assert sorted(allowed) == ["lambda:InvokeFunction", "sqs:SendMessage"]


@pytest.mark.parametrize("name", env.names())
def test_the_analyzer_understands_what_a_stage_says(whole, name):
    """The parameter of each stage reads as a policy, whose numbers are those of the stage's file."""
    found = whole(name)
    parameter = only(found.template("monitoring"), "AWS::SSM::Parameter")
    policy = Policy.of(json.loads(parameter["Value"]))
    said = found.stage.models[MODEL].monitor
    assert parameter["Name"] == f"/sluice/{name}/monitor/{MODEL}"
    assert parameter["Tier"] == "Intelligent-Tiering"
    assert policy.every == said.every
    assert policy.data.minimum_rows == said.data.minimum_rows
    assert policy.quality.positive_label == said.quality.positive_label
    assert (policy.retraining is None) == (said.retraining is None)


def test_the_function_is_told_where_its_model_is(every):
    """Its environment reads as its settings; it has the code of both rooms, and room for a window's files."""
    found = resources(every.template("monitoring"), "AWS::Lambda::Function")
    [function] = [
        each["Properties"] for _, each in found if each["Properties"]["Handler"] == "lambdas.run_monitor.handler"
    ]
    environ = {name: value for name, value in function["Environment"]["Variables"].items() if isinstance(value, str)}
    settings = from_environ(run_monitor.Settings, environ)
    stage = every.stage
    assert function["FunctionName"] == f"sluice-{stage.name}-monitor"
    assert settings.models == {MODEL: f"/sluice/{stage.name}/monitor/{MODEL}"}
    assert settings.subnets == (tuple(stage.network.subnets) if stage.network else ())
    assert (function["Timeout"], function["EphemeralStorage"]["Size"]) == (900, 10_240)
    key = function["Code"]["S3Key"].removesuffix(".zip")
    asset = every.folder / f"asset.{key}"
    assert (asset / "monitor" / "report" / "page.css").exists()
    assert (asset / "lambdas" / "run_monitor.py").exists()
    assert list(asset.rglob("__pycache__")) == []


def test_the_function_writes_over_nothing_that_others_have_made(local):
    """Of the artifact bucket baselines and gathered windows alone: archives and people's data stay as they are."""
    allowed = statements(local.template("monitoring"), "MonitorRole")
    written = [each["Resource"] for each in allowed if "s3:PutObject" in actions(each)]
    found = [one for each in written for one in (each if isinstance(each, list) else [each])]
    keys = [arn.partition("-eu-west-1/")[2] for arn in found if "-artifacts-" in arn]
    assert keys == [f"{MODEL}/*/baseline/*", f"{MODEL}/data/*/window.csv"]


def test_a_stage_without_a_layer_of_its_own_builds_one(synthesized):
    """The archive is made by a command when the stage is published, and stands in the stage's own bucket."""
    dev, local = synthesized("dev"), synthesized("local")
    content = only(dev.template("monitoring"), "AWS::Lambda::LayerVersion")["Content"]
    [archive] = [file for file in dev.assets("monitoring").values() if "executable" in file["source"]]
    assert archive["source"]["executable"] == [".venv/bin/python", "-m", "infra.libraries"]
    [destination] = archive["destinations"].values()
    assert (destination["bucketName"], destination["objectKey"]) == (content["S3Bucket"], content["S3Key"])
    assert list(resources(local.template("monitoring"), "AWS::Lambda::LayerVersion")) == []


def test_jobs_find_their_code_where_the_function_says(local):
    """The analyzer in one archive, its libraries with hashes, and what starts both."""
    keys = {
        file["destinations"]["artifacts"]["objectKey"]
        for file in local.assets("monitoring").values()
        if "artifacts" in file["destinations"]
    }
    found = resources(local.template("monitoring"), "AWS::Lambda::Function")
    [code] = [
        each["Properties"]["Environment"]["Variables"]["JOB_CODE"]
        for _, each in found
        if "JOB_CODE" in each["Properties"]["Environment"]["Variables"]
    ]
    folder = code.partition(".s3")[0].partition("s3://")[2].partition("/")[2]
    assert keys == {f"{folder}/{name}" for name in ("monitor.zip", "requirements.txt", "start.py")}
    requirements = (local.folder / "bundles" / local.stack("monitoring") / folder / "requirements.txt").read_text()
    assert all(f"{library}==" in requirements for library in ("numpy", "orjson", "pyarrow"))
    assert "--hash=sha256:" in requirements


def test_more_than_a_parameter_holds_is_refused():
    """A sentence says which table is too long, before anything is deployed."""
    from aws_cdk import App

    stage = of_one_model("dev")
    limits = {f"metric-{number:04}": Limit(at_least=0.5) for number in range(400)}
    quality = Quality(kind="regression", limits=limits)
    parts = stage.models[MODEL].model_copy(update={"monitor": Monitor(quality=quality)})
    long = stage.model_copy(update={"models": {MODEL: parts}})
    with pytest.raises(PolicyError, match=r"env/dev.toml: \[models.credit-risk.monitor\] takes [\d,]+ bytes"):
        monitoring.Monitoring(App(), stage=long)


def test_a_stage_that_neither_trains_nor_monitors_has_no_monitor():
    """Where a model is trained there is one, since training makes the baseline that goes with the package."""
    stage = of_one_model("dev")
    parts = stage.models[MODEL]

    def without(**changes):
        return stage.model_copy(update={"models": {MODEL: parts.model_copy(update=changes)}})

    assert monitoring.wanted(without(monitor=None))
    assert monitoring.wanted(without(training=None))
    assert not monitoring.wanted(without(monitor=None, training=None))


def test_the_monitor_decides_nothing(every):
    """It approves nothing, updates nothing, trains nothing, and writes reports, training data and baselines alone."""
    template = every.template("monitoring")
    found = [each for each in statements(template, "MonitorRole") if each["Effect"] == "Allow"]
    allowed = {action for each in found for action in actions(each)}
    assert not allowed & {
        "sagemaker:UpdateModelPackage",
        "sagemaker:CreateModelPackage",
        "sagemaker:StartPipelineExecution",
        "sagemaker:UpdateEndpoint",
        "dynamodb:PutItem",
        "s3:DeleteObject",
    }
    captured = f"arn:aws:s3:::sluice-{every.stage.name}-capture-{every.stage.account}-{every.stage.region}"
    written = {
        resource
        for each in found
        if "s3:PutObject" in actions(each)
        for resource in ([each["Resource"]] if isinstance(each["Resource"], str) else each["Resource"])
    }
    assert {resource for resource in written if resource.startswith(captured)} == {f"{captured}/reports/{MODEL}/*"}
