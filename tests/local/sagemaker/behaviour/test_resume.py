"""What goes on when the next process takes the state up."""

import json

import pytest

from local.errors import AwsError
from local.sagemaker import SageMaker
from local.sagemaker.kinds import ENDPOINT, PIPELINE_EXECUTION
from local.state import State
from tests.local.conftest import SmallCloud
from tests.local.sagemaker.conftest import ECHO_MODEL, ROLE, PlainImages, World
from tests.local.sagemaker.monitors import Monitors, captured


@pytest.fixture
def process(tmp_path, monkeypatch):
    """Begins processes on one state; those before have ended."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
    state, running = State.in_memory(), []

    def part(services):
        services.state = state
        return SageMaker(services, images=PlainImages())

    def begin() -> World:
        for cloud in running:
            cloud.close()
        running[:] = [SmallCloud(tmp_path / str(len(list(tmp_path.iterdir()))), part)]
        return World(running[0])

    yield begin
    for cloud in running:
        cloud.close()


def test_an_execution_goes_on(process):
    """Finished steps keep their results; a callback's token is still good."""
    first = process()
    queue = first.services.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    conditions = [{"Type": "Equals", "LeftValue": 1, "RightValue": 1}]
    steps = [
        {"Name": "First", "Type": "Condition", "Arguments": {"Conditions": conditions}},
        {"Name": "Ask", "Type": "Callback", "SqsQueueUrl": queue, "DependsOn": ["First"]},
        {"Name": "Last", "Type": "Condition", "Arguments": {"Conditions": conditions}, "DependsOn": ["Ask"]},
    ]
    first.sm.create_pipeline(PipelineName="p", PipelineDefinition=_definition(steps), RoleArn=ROLE)
    arn = first.sm.start_pipeline_execution(PipelineName="p")["PipelineExecutionArn"]
    asked = first.until(
        lambda: first.steps({"PipelineExecutionArn": arn}), lambda found: "Metadata" in found.get("Ask", {})
    )

    second = process()
    second.part.resume()
    token = asked["Ask"]["Metadata"]["Callback"]["CallbackToken"]
    second.sm.send_pipeline_execution_step_success(CallbackToken=token)
    execution = second.ended_execution(arn)
    steps = second.steps(execution)
    assert execution["PipelineExecutionStatus"] == "Succeeded"
    assert steps["First"] == asked["First"]
    assert steps["Last"]["StepStatus"] == "Succeeded"


def test_a_job_runs_again_and_its_execution_waits_for_it(process, tmp_path):
    """The job of a step is not made twice; it starts from its beginning."""
    gate = tmp_path / "gate"
    script = f"""
import os, time
while not os.path.exists({str(gate)!r}):
    time.sleep(0.02)
open("/opt/ml/processing/out/done", "w").write("yes")
"""
    first = process()
    first._cloud.listen()
    job = first.processing(script, outputs=[("out", "s3://work/out", "out")])
    text = _definition([{"Name": "Wait", "Type": "Processing", "Arguments": job}])
    first.sm.create_pipeline(PipelineName="p", PipelineDefinition=text, RoleArn=ROLE)
    arn = first.sm.start_pipeline_execution(PipelineName="p")["PipelineExecutionArn"]
    first.until(
        lambda: first.sm.list_processing_jobs()["ProcessingJobSummaries"], lambda jobs: "ProcessingJobArn" in str(jobs)
    )
    first.until(lambda: first.steps({"PipelineExecutionArn": arn}), lambda found: "Metadata" in found.get("Wait", {}))

    second = process()
    second._cloud.listen()
    second.processing(script)
    gate.touch()
    second.part.resume()
    assert second.ended_execution(arn)["PipelineExecutionStatus"] == "Succeeded"
    (made,) = second.sm.list_processing_jobs()["ProcessingJobSummaries"]
    assert made["ProcessingJobStatus"] == "Completed"
    assert second.read("out/done") == b"yes"


def test_what_ends_because_the_cloud_is_stopping_has_not_ended(process):
    """Even when a step sees that before its execution does: both go on in the next process."""
    first = process()
    queue = first.services.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    first.start_pipeline(
        {"Version": "2020-12-01", "Steps": [{"Name": "Ask", "Type": "Callback", "SqsQueueUrl": queue}]}
    )
    asked = first.until(first.only_steps, lambda found: "Metadata" in found.get("Ask", {}))
    first.part._workers.close()
    first.part._store.wake()
    first.part._workers.join()
    assert first.only_steps() == asked

    second = process()
    second.part.resume()
    token = asked["Ask"]["Metadata"]["Callback"]["CallbackToken"]
    second.sm.send_pipeline_execution_step_success(CallbackToken=token)
    assert second.ended_execution(first.started)["PipelineExecutionStatus"] == "Succeeded"


def test_a_stop_goes_on(process):
    """A cloud that is killed before it has stopped an execution's jobs stops them in the next process."""
    first = process()
    first._cloud.listen()
    job = first.processing("import time; time.sleep(600)")
    first.start_pipeline({"Version": "2020-12-01", "Steps": [{"Name": "Wait", "Type": "Processing", "Arguments": job}]})
    first.until(first.only_steps, lambda found: "Metadata" in found.get("Wait", {}))
    store = first.part._store
    first._cloud.close()
    store.change(PIPELINE_EXECUTION, first.started, PipelineExecutionStatus="Stopping")  # and no more came of it

    second = process()
    second._cloud.listen()
    second.processing("import time; time.sleep(600)")
    second.part.resume()
    execution = second.ended_execution(first.started)
    assert execution["PipelineExecutionStatus"] == "Stopped"
    assert second.steps(execution)["Wait"]["StepStatus"] == "Stopped"
    (made,) = second.sm.list_processing_jobs()["ProcessingJobSummaries"]
    assert made["ProcessingJobStatus"] == "Stopped"


def test_a_step_that_waits_for_its_next_try_is_tried_in_the_next_process(process):
    """Its tries are counted on; those that were used up stay used up."""
    first = process()
    handlers = first.part.families()[0].handlers

    def refuse(*_):
        raise AwsError("ResourceLimitExceeded", "The account-level service limit is 0 Instances.")

    handlers["CreateModel"] = refuse
    policy = {"ExceptionType": ["SageMaker.RESOURCE_LIMIT"], "IntervalSeconds": 3600, "MaxAttempts": 1}
    model = {"PrimaryContainer": {"Image": first.image}, "ExecutionRoleArn": ROLE}
    first.start_pipeline(
        {
            "Version": "2020-12-01",
            "Steps": [{"Name": "Make", "Type": "Model", "Arguments": model, "RetryPolicies": [policy]}],
        }
    )
    first.until(first.only_steps, lambda steps: steps.get("Make", {}).get("AttemptCount") == 2)

    second = process()
    second.part.families()[0].handlers["CreateModel"] = refuse
    second.part.resume()
    execution = second.ended_execution(first.started)
    assert (execution["PipelineExecutionStatus"], second.steps(execution)["Make"]["AttemptCount"]) == ("Failed", 2)


def test_a_failure_that_was_waited_for_is_not_tried_again(process):
    """It counts in the next process as in the one before."""
    first = process()
    queue = first.services.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    steps = [
        {"Name": "Broken", "Type": "Model", "Arguments": {"ExecutionRoleArn": "nobody"}},
        {
            "Name": "Ask",
            "Type": "Callback",
            "SqsQueueUrl": queue,
            "DependsOn": [{"Step": "Broken", "Trigger": "Failed"}],
        },
    ]
    first.start_pipeline({"Version": "2020-12-01", "Steps": steps})
    asked = first.until(first.only_steps, lambda found: "Metadata" in found.get("Ask", {}))
    second = process()
    second.part.resume()
    token = asked["Ask"]["Metadata"]["Callback"]["CallbackToken"]
    second.sm.send_pipeline_execution_step_success(CallbackToken=token)
    execution = second.ended_execution(first.started)
    assert execution["PipelineExecutionStatus"] == "CompletedWithFailures"
    assert second.steps(execution)["Broken"] == asked["Broken"]


def test_a_search_goes_on(process, tmp_path):
    """The trial that ran begins again, those that were left follow; none is made twice."""
    gate = tmp_path / "gate"
    script = f"""
import os, time
while not os.path.exists({str(gate)!r}):
    time.sleep(0.02)
print("loss=1.0")
"""

    def request(world):
        training = world.training(script)
        algorithm = training["AlgorithmSpecification"]
        del algorithm["ContainerEntrypoint"]
        algorithm["MetricDefinitions"] = [{"Name": "loss", "Regex": "loss=(.*)"}]
        own = {
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": world.archive("s.tar.gz", {"train.py": script}),
        }
        ranges = {"CategoricalParameterRanges": [{"Name": "x", "Values": ["1", "2", "3"]}]}
        return {
            "HyperParameterTuningJobConfig": {
                "Strategy": "Grid",
                "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
                "ResourceLimits": {"MaxParallelTrainingJobs": 1},
                "ParameterRanges": ranges,
            },
            "TrainingJobDefinition": {**training, "StaticHyperParameters": own},
        }

    def trials(world):
        listed = world.sm.list_training_jobs_for_hyper_parameter_tuning_job
        return listed(HyperParameterTuningJobName="search")["TrainingJobSummaries"]

    first = process()
    first._cloud.listen()
    first.sm.create_hyper_parameter_tuning_job(HyperParameterTuningJobName="search", **request(first))
    (before,) = first.until(lambda: trials(first), lambda found: found and "TrainingStartTime" in found[0])
    second = process()
    second._cloud.listen()
    request(second)
    gate.touch()
    second.part.resume()
    described = second.sm.describe_hyper_parameter_tuning_job
    job = second.until(
        lambda: described(HyperParameterTuningJobName="search"),
        lambda found: found["HyperParameterTuningJobStatus"] != "InProgress",
    )
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    found = trials(second)
    assert [trial["TunedHyperParameters"]["x"] for trial in found] == ["1", "2", "3"]
    assert found[0]["TrainingJobName"] == before["TrainingJobName"]


def test_endpoints_serve_again(process):
    """With the weights, counts and capture that they had; what was being updated has its old configuration."""
    first = process()
    first._cloud.listen()
    first.model("m")
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://work/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    first.config("c1", "m", DataCaptureConfig=capture)
    first.endpoint("e", config="c1")
    desired = [{"VariantName": "AllTraffic", "DesiredWeight": 3.0, "DesiredInstanceCount": 2}]
    first.sm.update_endpoint_weights_and_capacities(EndpointName="e", DesiredWeightsAndCapacities=desired)
    before = first.settled_endpoint("e")
    first.sm.create_endpoint(EndpointName="gone", EndpointConfigName="c1")
    first.settled_endpoint("gone")
    store = first.part._store
    first._cloud.close()
    # As a process leaves them that is killed.
    store.change(ENDPOINT, "e", EndpointStatus="Updating", PendingDeploymentSummary={"EndpointConfigName": "c2"})
    store.change(ENDPOINT, "gone", EndpointStatus="Deleting")

    second = process()
    second._cloud.listen()
    second.archive("hosted/m/model.tar.gz", ECHO_MODEL)
    second.part.resume()
    assert second.invoke("world") == "hello world"
    after = second.sm.describe_endpoint(EndpointName="e")
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", "c1")
    assert "old configuration" in after["FailureReason"]
    assert after["ProductionVariants"] == before["ProductionVariants"]
    assert after["DataCaptureConfig"] == before["DataCaptureConfig"]
    assert [endpoint["EndpointName"] for endpoint in second.sm.list_endpoints()["Endpoints"]] == ["e"]


def _definition(steps) -> str:
    return json.dumps({"Version": "2020-12-01", "Steps": steps})


def test_a_monitoring_execution_goes_on(process):
    """The next process brings it to its end: here to a bad one, since moto has lost what it reads."""
    first = Monitors(process())
    first.endpoint()
    first.put(0, captured("a"))
    first.define("resumed", waits=True)
    times = {"ScheduleExpression": "NOW", "DataAnalysisStartTime": "-PT1H", "DataAnalysisEndTime": "PT1H"}
    first.schedule("resumed", **times)
    first.world.until(lambda: first.executions("resumed"), lambda found: "ProcessingJobArn" in found[0])

    second = Monitors(process())
    second.world.part.resume()
    assert second.ended("resumed")["MonitoringExecutionStatus"] == "Failed"
