import json
import re

import pytest
from aws_cdk import App

from env.monitor import Bias, Explainability, Monitor, Quality
from infra import model_monitor
from infra.serving import Serving
from tests.infra.templates import MODEL, of_one_model, only, resources

MONITOR = Monitor(
    schedule="model-monitor",
    every="rate(1 hour)",
    window_minutes=60,
    quality=Quality(kind="binary-classification", positive_label="1", label_delay_minutes=90),
    bias=Bias(facets={"sex": "female"}),
    explainability=Explainability(),
)
CAPTURED = "s3://sluice-prod-capture-333333333333-eu-west-1"
TYPES = ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")


def of_production(monitor):
    """Production with one model, so monitored."""
    stage = of_one_model("prod")
    model = stage.models[MODEL].model_copy(update={"monitor": monitor})
    return stage.model_copy(update={"models": {MODEL: model}})


def template_of(stage, folder):
    """The serving stack of a stage's model."""
    app = App(
        outdir=str(folder),
        tree_metadata=False,
        analytics_reporting=False,
        builtin_cloud_formation_validation=False,
    )
    stack = Serving(app, stage=stage, model=MODEL, settings=stage.models[MODEL].serving)
    app.synth()
    return json.loads((folder / stack.template_file).read_text())


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    """The serving stack of a model with all four monitors of SageMaker."""
    return template_of(of_production(MONITOR), tmp_path_factory.mktemp("serving"))


def definitions(template):
    """The properties of the job definitions by their types."""
    return {kind: only(template, f"AWS::SageMaker::{kind}JobDefinition") for kind in TYPES}


def test_each_monitor_has_a_definition_and_a_schedule_that_names_it(serving):
    """Every hour; schedules keep their names, definitions have one of their own with each release."""
    schedules = [found["Properties"] for _, found in resources(serving, "AWS::SageMaker::MonitoringSchedule")]
    assert sorted(schedule["MonitoringScheduleName"] for schedule in schedules) == [
        "credit-risk-prod-bias",
        "credit-risk-prod-data-quality",
        "credit-risk-prod-explainability",
        "credit-risk-prod-model-quality",
    ]
    made = definitions(serving)
    for schedule in schedules:
        config = schedule["MonitoringScheduleConfig"]
        assert config["ScheduleConfig"] == {"ScheduleExpression": "cron(0 * ? * * *)"}
        definition = made[config["MonitoringType"]]
        assert config["MonitoringJobDefinitionName"] == definition["JobDefinitionName"]
        assert {"Ref": "ReleaseId"} in definition["JobDefinitionName"]["Fn::Join"][1]


def test_monitors_come_and_go_with_the_baseline_of_what_serves(serving):
    """They are there while a package serves that has one, after its endpoint, and are held to its files."""
    condition = serving["Conditions"]["HasBaseline"]
    assert {"Condition": "HasModel"} in condition["Fn::And"]
    (endpoint,) = (name for name, _ in resources(serving, "AWS::SageMaker::Endpoint"))
    for kind in (*(f"{kind}JobDefinition" for kind in TYPES), "MonitoringSchedule"):
        for _, resource in resources(serving, f"AWS::SageMaker::{kind}"):
            assert resource["Condition"] == "HasBaseline"
            assert endpoint in resource["DependsOn"]
    held = definitions(serving)
    quality = held["DataQuality"]["DataQualityBaselineConfig"]
    folder = {"Ref": "BaselineUri"}
    assert quality["ConstraintsResource"] == {"S3Uri": {"Fn::Join": ["/", [folder, "data-quality/constraints.json"]]}}
    assert quality["StatisticsResource"] == {"S3Uri": {"Fn::Join": ["/", [folder, "data-quality/statistics.json"]]}}
    bias = held["ModelBias"]["ModelBiasBaselineConfig"]["ConstraintsResource"]
    assert bias == {"S3Uri": {"Fn::Join": ["/", [folder, "bias/analysis.json"]]}}


def test_the_parameter_admits_folders_of_s3_alone(serving):
    """Or none, which it is until a release chooses one."""
    parameter = serving["Parameters"]["BaselineUri"]
    pattern = re.compile(parameter["AllowedPattern"])
    assert parameter["Default"] == "none"
    assert pattern.match("s3://sluice-dev-artifacts-111111111111-eu-west-1/credit-risk/a1b2/baseline")
    assert not pattern.match("s3://bucket/*")
    assert not pattern.match("https://example.com/baseline")


def test_late_labels_are_waited_for(serving):
    """In whole hours; requests and labels are looked for where they lie."""
    given = definitions(serving)["ModelQuality"]["ModelQualityJobInput"]
    endpoint = given["EndpointInput"]
    assert (endpoint["StartTimeOffset"], endpoint["EndTimeOffset"]) == ("-PT3H", "-PT2H")
    assert (endpoint["ProbabilityAttribute"], endpoint["ProbabilityThresholdAttribute"]) == ("0", 0.5)
    assert given["GroundTruthS3Input"] == {"S3Uri": f"{CAPTURED}/labels/credit-risk"}


def test_the_stack_still_holds_literals_only(serving):
    """Nothing that the narrow role could not create or resolve."""
    assert [
        word for word in ("Fn::ImportValue", "{{resolve:", "AWS::IAM", "AWS::SSM") if word in json.dumps(serving)
    ] == []


def test_reports_are_encrypted_and_the_jobs_run_in_the_monitors_role(serving):
    """Beside those that the kit's own monitors write."""
    for kind, made in definitions(serving).items():
        output = made[f"{kind}JobOutputConfig"]
        assert output["KmsKeyId"].endswith("alias/sluice-prod")
        assert output["MonitoringOutputs"][0]["S3Output"]["S3Uri"] == f"{CAPTURED}/reports/credit-risk/model-monitor"
        assert made["RoleArn"] == "arn:aws:iam::333333333333:role/sluice-prod-monitor-job"


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        ("rate(6 hours)", "cron(0 0/6 ? * * *)"),
        ("rate(1 day)", "cron(0 0 ? * * *)"),
        ("rate(24 hours)", "cron(0 0 ? * * *)"),
    ],
)
def test_rates_are_written_as_model_monitor_reads_them(every, expected):
    """Every few hours, or every day."""
    assert model_monitor.expression(every) == expected


def test_who_releases_may_make_these_monitors_and_no_others():
    """The definitions of this endpoint, its four schedules, and no other role for their jobs."""
    given = model_monitor.deploying(of_production(MONITOR), MODEL)
    resources_of = {action: set(right.resources) for right in given for action in right.actions}
    arn = "arn:aws:sagemaker:eu-west-1:333333333333"
    assert resources_of["sagemaker:CreateModelBiasJobDefinition"] == {
        f"{arn}:model-bias-job-definition/credit-risk-prod-*"
    }
    assert resources_of["sagemaker:UpdateMonitoringSchedule"] == {
        f"{arn}:monitoring-schedule/credit-risk-prod-{kind}" for kind in model_monitor.KINDS
    }
    assert resources_of["iam:PassRole"] == {"arn:aws:iam::333333333333:role/sluice-prod-monitor-job"}


def test_where_the_kit_monitors_nothing_of_this_is_there(tmp_path):
    """Neither a parameter nor a right."""
    stage = of_production(Monitor(every="rate(1 hour)"))
    assert "BaselineUri" not in template_of(stage, tmp_path)["Parameters"]
    assert [*model_monitor.deploying(stage, MODEL), *model_monitor.running(stage)] == []
