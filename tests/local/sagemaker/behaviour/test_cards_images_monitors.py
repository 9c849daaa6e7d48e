"""Model cards, versions of images, monitoring schedules, and updates of training jobs."""

import json

import pytest

from tests.local.sagemaker.conftest import ROLE

CONTENT = {
    "model_overview": {"model_name": "churn", "model_artifact": ["s3://work/m"]},
    "intended_uses": {"risk_rating": "Low"},
    "evaluation_details": [
        {
            "name": "e",
            "metric_groups": [{"name": "g", "metric_data": [{"name": "auc", "type": "number", "value": 0.7}]}],
        }
    ],
    "additional_information": {"custom_details": {"team": "risk"}},
}


@pytest.fixture
def card(sm, own_name):
    """A card of the test's name."""
    sm.create_model_card(ModelCardName=own_name, Content=json.dumps(CONTENT), ModelCardStatus="Draft")
    return own_name


def test_another_content_is_another_version_of_a_card(sm, card, refused):
    """A version stays as it was; a status is no version; the two are not changed at once."""
    other = json.dumps({"model_overview": {"model_name": "other"}})
    sm.update_model_card(ModelCardName=card, Content=other)
    sm.update_model_card(ModelCardName=card, ModelCardStatus="Approved")
    last = sm.describe_model_card(ModelCardName=card)
    assert (last["ModelCardVersion"], last["Content"], last["ModelCardStatus"]) == (2, other, "Approved")
    first = sm.describe_model_card(ModelCardName=card, ModelCardVersion=1)
    assert (json.loads(first["Content"]), first["ModelCardStatus"]) == (CONTENT, "Draft")
    both = {"ModelCardName": card, "Content": other, "ModelCardStatus": "Draft"}
    assert refused(sm.update_model_card, **both)[0] == "ValidationException"
    assert refused(sm.describe_model_card, ModelCardName=card, ModelCardVersion=3)[0] == "ResourceNotFound"
    versions = sm.list_model_card_versions(ModelCardName=card)["ModelCardVersionSummaryList"]
    assert [version["ModelCardVersion"] for version in versions] == [2, 1]
    approved = sm.list_model_card_versions(ModelCardName=card, ModelCardStatus="Approved")
    assert [version["ModelCardVersion"] for version in approved["ModelCardVersionSummaryList"]] == [2]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not valid JSON"),
        ([], "content must be an object"),
        ({"overview": {}}, "content may not have 'overview'"),
        ({"intended_uses": {"risk_rating": "None"}}, "content.intended_uses.risk_rating must be one of"),
        ({"model_overview": {"model_artifact": ["x"] * 16}}, "content.model_overview.model_artifact has more than 15"),
        (
            {"evaluation_details": [{"metric_groups": [{"metric_data": [{"type": "figure"}]}]}]},
            "content.evaluation_details[0].metric_groups[0].metric_data[0].type must be one of",
        ),
        ({"additional_information": {"custom_details": {"n": 1}}}, "custom_details.n must be a string"),
    ],
)
def test_the_content_of_a_card_must_be_one(sm, refused, content, said):
    """What is wrong is said with its place."""
    text = content if isinstance(content, str) else json.dumps(content)
    code, message = refused(sm.create_model_card, ModelCardName="wrong", Content=text, ModelCardStatus="Draft")
    assert (code, said in message) == ("ValidationException", True)


def test_a_deleted_card_begins_anew(sm, card, refused):
    """Its versions go with it; a name that is taken conflicts."""
    again = {"ModelCardName": card, "Content": "{}", "ModelCardStatus": "Draft"}
    assert refused(sm.create_model_card, **again)[0] == "ConflictException"
    sm.update_model_card(ModelCardName=card, Content="{}")
    sm.delete_model_card(ModelCardName=card)
    sm.create_model_card(**again)
    assert sm.describe_model_card(ModelCardName=card)["ModelCardVersion"] == 1


@pytest.fixture
def image(sm, own_name):
    """An image of the test's name."""
    sm.create_image(ImageName=own_name, RoleArn=ROLE)
    return own_name


def version(sm, image: str, **more) -> str:
    """The ARN of a new version."""
    return sm.create_image_version(ImageName=image, BaseImage="repo:1", **more)["ImageVersionArn"]


def test_versions_of_an_image_are_found_by_number_and_alias(sm, image, refused):
    """The last one without either; an alias is of one version; the same token makes one version."""
    first = version(sm, image, Aliases=["stable"], MLFramework="pytorch 2.1", ClientToken="t")
    assert version(sm, image, ClientToken="t") == first
    version(sm, image)
    assert sm.describe_image_version(ImageName=image)["Version"] == 2
    shown = sm.describe_image_version(ImageName=image, Alias="stable")
    assert (shown["Version"], shown["MLFramework"], shown["ImageVersionStatus"]) == (1, "pytorch 2.1", "CREATED")
    second = {"ImageName": image, "Version": 2}
    assert refused(sm.update_image_version, **second, AliasesToAdd=["stable"])[0] == "ResourceInUse"
    sm.update_image_version(ImageName=image, Version=1, AliasesToDelete=["stable"])
    sm.update_image_version(**second, AliasesToAdd=["stable", "new"], VendorGuidance="STABLE")
    assert sm.list_aliases(ImageName=image)["SageMakerImageVersionAliases"] == ["stable", "new"]
    assert sm.list_aliases(ImageName=image, Version=1)["SageMakerImageVersionAliases"] == []
    assert sm.describe_image_version(ImageName=image, Alias="new")["VendorGuidance"] == "STABLE"
    assert refused(sm.describe_image_version, ImageName=image, Alias="none")[0] == "ResourceNotFound"


def test_versions_of_an_image_go_one_by_one_or_with_it(sm, image, refused):
    """Numbers go on; without number and alias nothing is deleted."""
    version(sm, image)
    version(sm, image)
    assert refused(sm.delete_image_version, ImageName=image)[0] == "ValidationException"
    sm.delete_image_version(ImageName=image, Version=2)
    version(sm, image)
    listed = sm.list_image_versions(ImageName=image, SortBy="VERSION", SortOrder="ASCENDING")["ImageVersions"]
    assert [entry["Version"] for entry in listed] == [1, 3]
    sm.delete_image(ImageName=image)
    assert refused(sm.describe_image_version, ImageName=image)[0] == "ResourceNotFound"
    sm.create_image(ImageName=image, RoleArn=ROLE)
    version(sm, image)
    assert sm.describe_image_version(ImageName=image)["Version"] == 1


def definition(name: str, endpoint: str):
    """A request for a data quality job definition."""
    resources = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
    return {
        "JobDefinitionName": name,
        "DataQualityAppSpecification": {"ImageUri": "image"},
        "DataQualityJobInput": {"EndpointInput": {"EndpointName": endpoint, "LocalPath": "/opt/ml/processing/input"}},
        "DataQualityJobOutputConfig": {
            "MonitoringOutputs": [{"S3Output": {"S3Uri": "s3://work/o", "LocalPath": "/opt/ml/processing/output"}}]
        },
        "JobResources": {"ClusterConfig": resources},
        "RoleArn": ROLE,
    }


def config(name: str, expression: str = "cron(0 * ? * * *)", **schedule):
    """The configuration of a schedule of that definition."""
    return {
        "MonitoringJobDefinitionName": name,
        "MonitoringType": "DataQuality",
        "ScheduleConfig": {"ScheduleExpression": expression, **schedule},
    }


@pytest.fixture
def schedule(sm, own_name):
    """A schedule, its definition and its endpoint, all of the test's name."""
    sm.create_data_quality_job_definition(**definition(own_name, own_name))
    sm.create_monitoring_schedule(MonitoringScheduleName=own_name, MonitoringScheduleConfig=config(own_name))
    return own_name


def test_a_schedule_is_kept_started_and_stopped(sm, schedule, refused):
    """It is found by its endpoint and definition, and has had no execution."""
    shown = sm.describe_monitoring_schedule(MonitoringScheduleName=schedule)
    assert (shown["MonitoringScheduleStatus"], shown["EndpointName"]) == ("Scheduled", schedule)
    assert "LastMonitoringExecutionSummary" not in shown
    for filters in ({"EndpointName": schedule}, {"MonitoringJobDefinitionName": schedule}, {"NameContains": schedule}):
        (found,) = sm.list_monitoring_schedules(**filters)["MonitoringScheduleSummaries"]
        assert found["MonitoringScheduleArn"] == shown["MonitoringScheduleArn"]
        assert found["MonitoringJobDefinitionName"] == schedule
    sm.stop_monitoring_schedule(MonitoringScheduleName=schedule)
    assert sm.describe_monitoring_schedule(MonitoringScheduleName=schedule)["MonitoringScheduleStatus"] == "Stopped"
    sm.start_monitoring_schedule(MonitoringScheduleName=schedule)
    assert sm.describe_monitoring_schedule(MonitoringScheduleName=schedule)["MonitoringScheduleStatus"] == "Scheduled"
    assert sm.list_monitoring_executions(MonitoringScheduleName=schedule)["MonitoringExecutionSummaries"] == []
    again = {"MonitoringScheduleName": schedule, "MonitoringScheduleConfig": config(schedule)}
    assert refused(sm.create_monitoring_schedule, **again)[0] == "ResourceInUse"
    sm.delete_monitoring_schedule(MonitoringScheduleName=schedule)
    assert refused(sm.describe_monitoring_schedule, MonitoringScheduleName=schedule)[0] == "ResourceNotFound"


@pytest.mark.parametrize(
    ("expression", "bounds", "code"),
    [
        ("cron(0 12 ? * * *)", {}, None),
        ("cron(0 0/6 ? * * *)", {}, None),
        ("NOW", {"DataAnalysisStartTime": "-PT1H", "DataAnalysisEndTime": "-PT0H"}, None),
        ("NOW", {}, "ValidationException"),
        ("rate(1 hour)", {}, "ValidationException"),
        ("cron(30 * ? * * *)", {}, "ValidationException"),
        ("cron(0 24 ? * * *)", {}, "ValidationException"),
    ],
)
def test_a_schedule_runs_by_the_hour(sm, schedule, expression, bounds, code):
    """Hourly, daily, every so many hours, or now within bounds."""
    changed = {"MonitoringScheduleName": schedule, "MonitoringScheduleConfig": config(schedule, expression, **bounds)}
    if code is None:
        sm.update_monitoring_schedule(**changed)
        shown = sm.describe_monitoring_schedule(MonitoringScheduleName=schedule)
        assert shown["MonitoringScheduleConfig"]["ScheduleConfig"]["ScheduleExpression"] == expression
    else:
        with pytest.raises(sm.exceptions.ClientError, match=code):
            sm.update_monitoring_schedule(**changed)


def test_a_schedule_needs_its_definition(sm, refused):
    """By name and type, or written out; one of the two."""
    request = {"MonitoringScheduleName": "s", "MonitoringScheduleConfig": config("none")}
    assert refused(sm.create_monitoring_schedule, **request)[0] == "ResourceNotFound"
    empty = {"ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"}}
    request = {"MonitoringScheduleName": "s", "MonitoringScheduleConfig": empty}
    assert refused(sm.create_monitoring_schedule, **request)[0] == "ValidationException"


def test_a_schedule_has_an_alert(sm, schedule, refused):
    """Its limits can be changed; nothing has set it off."""
    (alert,) = sm.list_monitoring_alerts(MonitoringScheduleName=schedule)["MonitoringAlertSummaries"]
    assert (alert["AlertStatus"], alert["DatapointsToAlert"]) == ("OK", 1)
    one = {"MonitoringScheduleName": schedule, "MonitoringAlertName": alert["MonitoringAlertName"]}
    sm.update_monitoring_alert(**one, DatapointsToAlert=2, EvaluationPeriod=3)
    (alert,) = sm.list_monitoring_alerts(MonitoringScheduleName=schedule)["MonitoringAlertSummaries"]
    assert (alert["DatapointsToAlert"], alert["EvaluationPeriod"]) == (2, 3)
    more = {"DatapointsToAlert": 4, "EvaluationPeriod": 3}
    assert refused(sm.update_monitoring_alert, **one, **more)[0] == "ValidationException"
    other = {**one, "MonitoringAlertName": "other", "DatapointsToAlert": 1, "EvaluationPeriod": 1}
    assert refused(sm.update_monitoring_alert, **other)[0] == "ResourceNotFound"
    assert sm.list_monitoring_alert_history(MonitoringScheduleName=schedule)["MonitoringAlertHistory"] == []


def test_a_training_job_that_has_ended_is_not_updated(shared, sm, refused):
    """Only while it runs may something of it change."""
    shared.run_training("ended", 'open("/opt/ml/model/w", "w").write("w")')
    change = {"TrainingJobName": "ended", "RemoteDebugConfig": {"EnableRemoteDebug": True}}
    assert refused(sm.update_training_job, **change)[0] == "ValidationException"
    assert refused(sm.update_training_job, **{**change, "TrainingJobName": "none"})[0] == "ValidationException"
