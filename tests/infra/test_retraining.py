import json
from datetime import timedelta

import pytest

import env
from infra import retraining
from infra.bundle import Bundle
from infra.errors import ParameterError
from lambdas.retrain import Settings
from lambdas.retraining import FENCE, LEASE
from lambdas.settings import from_environ
from tests.infra.templates import actions, resources, statements

PIPELINE = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/credit-risk-local"


def function(synthesized):
    """The properties of the function that retrains."""
    functions = (r["Properties"] for _, r in resources(synthesized.template("monitoring"), "AWS::Lambda::Function"))
    [found] = [properties for properties in functions if properties["FunctionName"].endswith("-retrain")]
    return found


def rules(synthesized):
    """The rules of the monitoring stack."""
    return [rule["Properties"] for _, rule in resources(synthesized.template("monitoring"), "AWS::Events::Rule")]


def test_alarms_runs_and_the_clock_wake_the_function(local):
    """By every monitor's alarm but silence: too little traffic is no drift."""
    patterns = [rule["EventPattern"] for rule in rules(local) if "EventPattern" in rule]
    assert {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "detail": {
            "alarmName": [
                f"credit-risk-local-{kind}" for kind in ("data-quality", "model-quality", "bias", "business")
            ],
            "state": {"value": ["ALARM"]},
        },
    } in patterns
    assert {
        "source": ["sluice"],
        "detail-type": ["Monitoring run ended"],
        "detail": {"stage": ["local"], "model": ["credit-risk"]},
    } in patterns
    assert [rule["ScheduleExpression"] for rule in rules(local) if "ScheduleExpression" in rule] == ["rate(1 hour)"]


def test_the_function_reads_what_the_stage_says(local):
    """The alarms that it asks for are those of the template."""
    variables = function(local)["Environment"]["Variables"]
    policy = from_environ(Settings, variables).models["credit-risk"]
    alarms = {
        r["Properties"]["AlarmName"] for _, r in resources(local.template("monitoring"), "AWS::CloudWatch::Alarm")
    }
    assert set(policy.alarms.values()) == alarms - {"credit-risk-local-not-judged"}
    assert (policy.pipeline, policy.stop, policy.minimum_rows) == ("credit-risk-local", False, 400)


def test_it_starts_pipelines_and_approves_nothing(local):
    """What was trained by itself is let in by people: it neither changes packages nor touches what serves."""
    given = statements(local.template("monitoring"), "Retrain")
    allowed = {action for s in given if s["Effect"] == "Allow" for action in actions(s)}
    [starting] = [s for s in given if "sagemaker:StartPipelineExecution" in actions(s)]
    assert starting["Resource"] == PIPELINE
    assert not [action for action in allowed if "Update" in action or "Create" in action.removeprefix("logs:Create")]
    assert {action for action in allowed if action.startswith("s3:")} == {"s3:GetObject", "s3:ListBucket"}


def test_what_is_given_up_cannot_begin(local):
    """No function that saw it wanted is alive when it is closed."""
    assert timedelta(seconds=function(local)["Timeout"]) <= LEASE < FENCE


def test_values_of_parameters_are_texts():
    """StartPipelineExecution knows no others; a truth is spelt as pipelines spell it."""
    assert retraining._texts({"Seed": 7, "MinAuc": 0.7, "Fast": True, "Name": "x"}) == {
        "Seed": "7",
        "MinAuc": "0.7",
        "Fast": "true",
        "Name": "x",
    }


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_a_stage_that_does_not_say_so_retrains_nothing(name):
    """Without `[models.X.monitor.retraining]` there is no function."""
    assert retraining.models(env.load(name)) == {}


def test_the_switch_is_a_deployment_away(local):
    """It stands in the function's environment, not in its code."""
    policies = json.loads(function(local)["Environment"]["Variables"]["MODELS"])
    assert policies["credit-risk"]["stop"] is False


def with_pipeline(*names, parameters=None):
    """The local stage, some parameters of its retraining, and a pipeline with parameters of these names."""
    stage = env.load("local")
    parts = stage.models["credit-risk"]
    settings = parts.monitor.retraining.model_copy(update={"parameters": parameters or {}})
    monitor = parts.monitor.model_copy(update={"retraining": settings})
    models = {"credit-risk": parts.model_copy(update={"monitor": monitor})}
    definition = {"Parameters": [{"Name": name, "Type": "String"} for name in names]}
    return stage.model_copy(update={"models": models}), {
        "credit-risk": Bundle(model="credit-risk", definition=definition, assets=())
    }


def test_a_pipeline_that_cannot_be_told_what_to_train_on_is_refused():
    """Before anything is deployed, with what to add: an alarm at night would find it out too late."""
    with pytest.raises(ParameterError, match="has no Reason, Report; add them to"):
        retraining.check(*with_pipeline("InputData", "Seed"))
    retraining.check(*with_pipeline("InputData", "Reason", "Report"))


@pytest.mark.parametrize("name", ["Sede", "InputData"])
def test_a_parameter_that_is_not_the_stages_to_set_is_refused(name):
    """One that the pipeline lacks, or that the retraining gives by itself."""
    with pytest.raises(ParameterError, match=f"retraining.parameters.{name} cannot be set: .* are Seed"):
        retraining.check(*with_pipeline("InputData", "Reason", "Report", "Seed", parameters={name: "7"}))
