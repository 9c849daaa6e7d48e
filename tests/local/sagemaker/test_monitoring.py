import json
from datetime import timedelta

import pytest

from local.clock import Clock
from tests.local.sagemaker.clouds import WithAnalyzers, sagemaker_cloud
from tests.local.sagemaker.conftest import World
from tests.local.sagemaker.monitors import NOON, Monitors, captured, label


def lateness(name, turn):
    """One schedule alone is late."""
    return timedelta(minutes=12 if name == "tardy" else 0)


@pytest.fixture(scope="module")
def monitors(tmp_path_factory):
    """A world at noon whose clock stands still, with an endpoint and the requests of an hour."""
    clock = Clock(speed=0, start=NOON)
    with sagemaker_cloud(tmp_path_factory, clock=clock, images=WithAnalyzers(), late=lateness) as cloud:
        made = Monitors(World(cloud))
        made.endpoint()
        yield made


@pytest.fixture
def asked(monitors):
    """Two requests were captured in the third hour before now."""
    monitors.put(3, captured("a"), captured("b"))
    return monitors


def iso(moment):
    """A time as containers are told it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def test_an_execution_is_a_job_over_what_was_captured_in_its_window(asked):
    """Its inputs, variables and outputs are those that AWS documents for containers; the report is by its hour."""
    asked.define("now")
    asked.schedule("now")
    ended = asked.ended("now")
    assert ended["MonitoringExecutionStatus"] == "Completed"
    assert (ended["ScheduledTime"], ended["MonitoringType"]) == (asked.now, "DataQuality")
    seen = asked.seen("now")
    assert [place for place, _ in seen["rows"]] == [f"e/AllTraffic/{asked.hour(3)}"] * 2
    told, start = seen["told"], asked.now - timedelta(hours=3)
    assert (told["start_time"], told["end_time"]) == (iso(start), iso(start + timedelta(hours=1)))
    assert (told["sagemaker_endpoint_name"], told["sagemaker_monitoring_schedule_name"]) == ("e", "now")
    assert told["baseline_statistics"] == "/opt/ml/processing/baseline/stats/statistics.json"
    assert json.loads(told["dataset_format"]) == {
        "sagemakerCaptureJson": {"captureIndexNames": ["endpointInput", "endpointOutput"]}
    }
    job = asked.sm.describe_processing_job(ProcessingJobName=ended["ProcessingJobArn"].rpartition("/")[2])
    assert job["MonitoringScheduleArn"].endswith(":monitoring-schedule/now")
    assert job["ProcessingJobName"].startswith(f"data-quality-monitoring-{asked.now:%Y%m%d%H%M}-")
    metric = asked.world.metrics[-1]
    assert metric["Namespace"] == "aws/sagemaker/Endpoints/data-metrics"
    assert (metric["MetricName"], metric["Value"]) == ("drift", 0.5)
    assert metric["Timestamp"] == start


def test_violations_make_another_status_and_set_off_the_alert(asked):
    """The job has completed, its execution has with violations, and the schedule tells it as its last one."""
    asked.define("violated", violations=2)
    asked.schedule("violated")
    ended = asked.ended("violated")
    assert ended["MonitoringExecutionStatus"] == "CompletedWithViolations"
    job = asked.sm.describe_processing_job(ProcessingJobName=ended["ProcessingJobArn"].rpartition("/")[2])
    assert (job["ProcessingJobStatus"], job["ExitMessage"]) == ("Completed", "CompletedWithViolations: 2 violations")
    schedule = asked.sm.describe_monitoring_schedule(MonitoringScheduleName="violated")
    last = schedule["LastMonitoringExecutionSummary"]
    assert (last["MonitoringExecutionStatus"], last["ProcessingJobArn"]) == (
        "CompletedWithViolations",
        ended["ProcessingJobArn"],
    )
    (alert,) = asked.world.until(
        lambda: asked.sm.list_monitoring_alerts(MonitoringScheduleName="violated")["MonitoringAlertSummaries"],
        lambda found: found[0]["AlertStatus"] == "InAlert",
    )
    history = asked.sm.list_monitoring_alert_history(MonitoringScheduleName="violated", StatusEquals="InAlert")
    assert [h["MonitoringAlertName"] for h in history["MonitoringAlertHistory"]] == [alert["MonitoringAlertName"]]


def test_an_hour_without_requests_is_told(monitors):
    """In AWS's words; there is no job."""
    monitors.define("silent")
    times = {"ScheduleExpression": "NOW", "DataAnalysisStartTime": "-PT1H", "DataAnalysisEndTime": "-PT0H"}
    monitors.schedule("silent", **times)
    ended = monitors.ended("silent")
    assert (ended["MonitoringExecutionStatus"], ended["FailureReason"]) == ("Failed", "Job inputs had no data")
    assert "ProcessingJobArn" not in ended


def test_late_labels_are_merged_before_they_are_judged(monitors):
    """Two jobs of one turn: the analysis reads what the first has joined by inference id."""
    monitors.put(5, captured("c"), captured("d"))
    monitors.world.put(f"labels/{monitors.hour(1)}/a.jsonl", label("c", "0") + label("nobody") + "{cut")
    given = {"GroundTruthS3Input": {"S3Uri": "s3://work/labels"}}
    monitors.define("quality", "model_quality", **given)
    times = {"ScheduleExpression": "NOW", "DataAnalysisStartTime": "-PT5H", "DataAnalysisEndTime": "-PT4H"}
    monitors.schedule("quality", "model_quality", **times)
    ended = monitors.ended("quality")
    assert ended["MonitoringExecutionStatus"] == "Completed"
    seen = monitors.seen("quality")
    ((place, line),) = seen["rows"]
    merged = json.loads(line)
    assert place == f"e/AllTraffic/{monitors.hour(5)}"
    assert (merged["eventMetadata"]["inferenceId"], merged["groundTruthData"]["data"]) == ("c", "0")
    told = seen["told"]
    assert (told["analysis_type"], told["problem_type"]) == ("MODEL_QUALITY", "BinaryClassification")
    assert json.loads(told["dataset_format"]) == {"sagemakerMergeJson": {"captureIndexNames": ["endpointOutput"]}}
    jobs = monitors.sm.list_processing_jobs(NameContains=f"{monitors.now:%Y%m%d%H%M}")["ProcessingJobSummaries"]
    ends = [job["ProcessingJobName"].rpartition("-") for job in jobs]
    merges = [end for name, _, end in ends if name.startswith("groundtruth-merge")]
    assert [end for name, _, end in ends if name.startswith("model-quality-monitoring")] == merges


def test_an_execution_without_labels_has_nothing_to_judge(asked):
    """It fails as AWS's does."""
    asked.define("unlabelled", "model_quality", GroundTruthS3Input={"S3Uri": "s3://work/nothing"})
    asked.schedule("unlabelled", "model_quality")
    assert asked.ended("unlabelled")["FailureReason"] == "Job inputs had no data"


def test_an_analyzer_that_fails_fails_its_execution(asked):
    """With the job's own reason."""
    asked.define("broken")
    asked.world.put("baseline/broken/constraints.json", "{}")
    asked.schedule("broken")
    ended = asked.ended("broken")
    assert ended["MonitoringExecutionStatus"] == "Failed"
    assert "KeyError: 'violations'" in ended["FailureReason"]


def test_a_schedule_runs_by_the_hour_until_it_is_stopped(monitors):
    """Each turn looks at the time since the turn before; a stopped schedule takes none, a started one goes on."""
    clock, sm, name = monitors.world.services.clock, monitors.sm, {"MonitoringScheduleName": "hourly"}
    monitors.define("hourly")
    monitors.schedule("hourly", ScheduleExpression="cron(0 * ? * * *)")
    assert monitors.executions("hourly") == []
    monitors.put(0, captured("h"))
    clock.advance(timedelta(hours=1))
    ended = monitors.ended("hourly")
    assert ended["ScheduledTime"] == monitors.now
    assert [place for place, _ in monitors.seen("hourly")["rows"]] == [f"e/AllTraffic/{monitors.hour(1)}"]
    sm.stop_monitoring_schedule(**name)
    clock.advance(timedelta(hours=1))
    assert len(monitors.executions("hourly")) == 1
    sm.start_monitoring_schedule(**name)
    clock.advance(timedelta(hours=1))
    assert monitors.ended("hourly", count=2)["FailureReason"] == "Job inputs had no data"
    sm.delete_monitoring_schedule(**name)
    clock.advance(timedelta(hours=1))
    assert len(monitors.executions("hourly")) == 2
    assert monitors.world.refused(sm.describe_monitoring_schedule, **name)[0] == "ResourceNotFound"


def test_an_execution_may_start_late_and_still_be_that_of_its_turn(monitors):
    """As AWS's do, up to twenty minutes."""
    clock = monitors.world.services.clock
    monitors.define("tardy")
    monitors.schedule("tardy", ScheduleExpression="cron(0 * ? * * *)")
    turn = monitors.now.replace(minute=0) + timedelta(hours=1)
    clock.advance(turn - monitors.now)
    assert monitors.executions("tardy") == []
    clock.advance(timedelta(minutes=12))
    assert monitors.ended("tardy")["ScheduledTime"] == turn
    monitors.sm.delete_monitoring_schedule(MonitoringScheduleName="tardy")
    clock.advance(turn + timedelta(hours=1) - monitors.now)


def test_a_schedule_that_is_deleted_waits_for_its_executions(asked):
    """Pending meanwhile, and then gone; a second call says so, as AWS does."""
    sm, name = asked.sm, {"MonitoringScheduleName": "leaving"}
    asked.define("leaving", waits=True)
    asked.schedule("leaving")
    running = asked.world.until(lambda: asked.executions("leaving")[0], lambda e: "ProcessingJobArn" in e)
    sm.delete_monitoring_schedule(**name)
    assert sm.describe_monitoring_schedule(**name)["MonitoringScheduleStatus"] == "Pending"
    again = asked.world.refused(sm.delete_monitoring_schedule, **name)
    assert again == ("ValidationException", "Monitoring schedule in status Pending")
    sm.stop_processing_job(ProcessingJobName=running["ProcessingJobArn"].rpartition("/")[2])
    assert asked.ended("leaving")["MonitoringExecutionStatus"] == "Stopped"
    asked.world.until(
        lambda: sm.list_monitoring_schedules(NameContains="leaving")["MonitoringScheduleSummaries"],
        lambda listed: listed == [],
    )
