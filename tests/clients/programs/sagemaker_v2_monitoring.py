"""Model Monitor by SageMaker's SDK v2: a baseline, a schedule on an endpoint, its execution and what it has found."""

import json
import random
import sys
import tempfile
import time
from pathlib import Path

import rows
import sagemaker
from sagemaker import get_execution_role
from sagemaker.deserializers import CSVDeserializer
from sagemaker.model_monitor import CronExpressionGenerator, DataCaptureConfig, DefaultModelMonitor
from sagemaker.model_monitor.dataset_format import DatasetFormat
from sagemaker.serializers import CSVSerializer
from sagemaker.sklearn import SKLearn

NAME = "sdk-v2-monitor"
CODE = Path(__file__).with_name("code")
MINUTES = 3

session = sagemaker.Session()
role = get_execution_role()
bucket = f"s3://{session.default_bucket()}/{NAME}"


def deploy(data):
    """A model behind an endpoint that captures what it is asked."""
    estimator = SKLearn(
        entry_point="train.py",
        source_dir=str(CODE),
        framework_version="1.4-2",
        instance_type="ml.m5.xlarge",
        role=role,
        sagemaker_session=session,
    )
    estimator.fit({"train": data}, logs=False)
    capture = DataCaptureConfig(
        enable_capture=True,
        sampling_percentage=100,
        destination_s3_uri=f"{bucket}/captured",
        csv_content_types=["text/csv"],
        sagemaker_session=session,
    )
    return estimator.deploy(
        initial_instance_count=1,
        instance_type="ml.m5.xlarge",
        endpoint_name=NAME,
        data_capture_config=capture,
        serializer=CSVSerializer(),
        deserializer=CSVDeserializer(),
    )


def suggested(scratch, table):
    """A monitor, with the statistics and constraints that it has made of the training data."""
    named = scratch / "named.csv"
    named.write_text(f"y,a,b\n{table.read_text()}")
    monitor = DefaultModelMonitor(role=role, instance_type="ml.m5.xlarge", sagemaker_session=session)
    monitor.suggest_baseline(
        baseline_dataset=str(named),
        dataset_format=DatasetFormat.csv(header=True),
        output_s3_uri=f"{bucket}/baseline",
        wait=True,
        logs=False,
    )
    return monitor


def ask(predictor, *, more):
    """Two hundred requests, in which b is as at training and a is larger by so much."""
    chance = random.Random(2)
    for _ in range(20):
        predictor.predict([[chance.random() + more, chance.random()] for _ in range(10)])
    deadline = time.monotonic() + 60
    while not session.list_s3_files(session.default_bucket(), f"{NAME}/captured") and time.monotonic() < deadline:
        time.sleep(0.5)


def monitored(monitor, predictor):
    """What the SDK sees of a schedule that runs once, now."""
    ask(predictor, more=0.5)
    monitor.create_monitoring_schedule(
        monitor_schedule_name=NAME,
        endpoint_input=predictor.endpoint_name,
        output_s3_uri=f"{bucket}/reports",
        statistics=monitor.baseline_statistics(),
        constraints=monitor.suggested_constraints(),
        schedule_cron_expression=CronExpressionGenerator.now(),
        data_analysis_start_time="-PT1H",
        data_analysis_end_time="-PT0H",
    )
    deadline = time.monotonic() + 60 * MINUTES
    while not (done := ended(monitor)) and time.monotonic() < deadline:
        time.sleep(0.5)
    if any("FailureReason" in each for each in done):
        raise SystemExit(f"the execution failed: {done}")
    (execution,) = monitor.list_executions()
    told = monitor.latest_monitoring_constraint_violations().body_dict["violations"]
    statistics = monitor.latest_monitoring_statistics().body_dict
    described = monitor.describe_schedule()
    monitor.delete_monitoring_schedule()
    return {
        "status": [each["MonitoringExecutionStatus"] for each in done],
        "job": execution.describe()["ExitMessage"],
        "violations": sorted({(each["feature_name"], each["constraint_check_type"]) for each in told}),
        "rows": statistics["dataset"]["item_count"],
        "last": described["LastMonitoringExecutionSummary"]["MonitoringExecutionStatus"],
    }


def ended(monitor):
    """The executions that have ended."""
    listed = session.sagemaker_client.list_monitoring_executions(
        MonitoringScheduleName=monitor.monitoring_schedule_name
    )
    under_way = ("Pending", "InProgress")
    return [
        each for each in listed["MonitoringExecutionSummaries"] if each["MonitoringExecutionStatus"] not in under_way
    ]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        table = rows.write(Path(scratch) / "train.csv", count=600)
        predictor = deploy(session.upload_data(str(table), key_prefix=f"{NAME}/input"))
        monitor = suggested(Path(scratch), table)
    features = monitor.suggested_constraints().body_dict["features"]
    seen = {"baseline": [feature["name"] for feature in features], "monitored": monitored(monitor, predictor)}
    predictor.delete_endpoint()
    Path(sys.argv[1]).write_text(json.dumps(seen, default=str))
