import pytest

from tests.local.sagemaker.test_pipelines import definition, fails, step, uploads

SLEEP = "import time; time.sleep(600)"


@pytest.fixture(scope="module")
def world(lasting):
    """One for all."""
    return lasting


def stopped(world, pipeline, *steps):
    """An execution of a pipeline whose step Train was stopped by its job, and the name of that job."""
    world.start_pipeline(definition(uploads(world, pipeline, SLEEP, "Train"), *steps), pipeline=pipeline)
    begun = world.until(world.only_steps, lambda steps: "Metadata" in steps.get("Train", {}))
    job = begun["Train"]["Metadata"]["ProcessingJob"]["Arn"].rsplit("/", 1)[1]
    (name,) = [
        each["ProcessingJobName"]
        for each in world.sm.list_processing_jobs(StatusEquals="InProgress")["ProcessingJobSummaries"]
        if each["ProcessingJobName"].lower() == job
    ]
    world.sm.stop_processing_job(ProcessingJobName=name)
    return world.ended_execution(world.started), name


def sets(name, **more):
    """A step that does nothing but hold."""
    same = {"Type": "Equals", "LeftValue": 1, "RightValue": 1}
    return step(name, "Condition", {"Conditions": [same], "IfSteps": [], "ElseSteps": []}, **more)


def test_a_step_may_wait_for_a_failure(world):
    """What waits for it runs, what needs its success does not, and the execution completes with failures."""
    execution = world.run_pipeline(
        definition(
            uploads(world, "x", "raise ValueError('no')", "Train"),
            sets("Notify", DependsOn=[{"Step": "Train", "Trigger": "Failed"}]),
            sets("After", DependsOn=["Notify"]),
            sets("Evaluate", DependsOn=["Train"]),
        ),
        pipeline="handled",
    )
    assert execution["PipelineExecutionStatus"] == "CompletedWithFailures"
    steps = world.steps(execution)
    assert {name: found["StepStatus"] for name, found in steps.items()} == {
        "Train": "Failed",
        "Notify": "Succeeded",
        "After": "Succeeded",
    }
    told = world.told("SageMaker Model Building Pipeline Execution Status Change")
    mine = [event for event in told if event["pipelineExecutionArn"] == execution["PipelineExecutionArn"]]
    assert mine[-1]["currentPipelineExecutionStatus"] == "CompletedWithFailures"
    assert "executionEndTime" in mine[-1]


def test_a_failure_of_who_waited_fails_the_execution(world):
    """Nobody waits for that one."""
    waits = {**fails("Tell", "told"), "DependsOn": [{"Step": "Train", "Trigger": "Any"}]}
    execution = world.run_pipeline(definition(uploads(world, "x", "raise ValueError", "Train"), waits), pipeline="lost")
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert execution["FailureReason"].endswith("Step Tell (Fail): told")


def test_a_step_may_wait_for_a_job_that_was_stopped(world):
    """By hand, and not with its execution: its step is Stopped."""
    waits = sets("Notify", DependsOn=[{"Step": "Train", "Trigger": "Stopped"}])
    execution, _ = stopped(world, "waited", waits)
    assert execution["PipelineExecutionStatus"] == "CompletedWithFailures"
    steps = world.steps(execution)
    assert (steps["Train"]["StepStatus"], steps["Notify"]["StepStatus"]) == ("Stopped", "Succeeded")


def test_a_job_that_was_stopped_fails_an_execution_in_which_nobody_waits_for_that(world):
    """The reason names the job."""
    execution, job = stopped(world, "unwaited")
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert execution["FailureReason"].endswith(f"The job {job} was stopped.")


def test_executions_and_steps_are_counted(world):
    """In AWS's namespace, by pipeline and by step, with their durations in milliseconds."""
    world.run_pipeline(definition(sets("Hold"), {**fails("Last"), "DependsOn": ["Hold"]}), pipeline="p")
    metrics = [m for m in world.metrics if m["Namespace"] == "AWS/Sagemaker/ModelBuildingPipeline"]
    named = [(m["MetricName"], tuple(d["Value"] for d in m["Dimensions"])) for m in metrics]
    told = [each for each in named if each[1][0] == "p"]
    assert told == [
        ("ExecutionStarted", ("p",)),
        ("StepStarted", ("p", "Hold")),
        ("StepSucceeded", ("p", "Hold")),
        ("StepDuration", ("p", "Hold")),
        ("StepStarted", ("p", "Last")),
        ("StepFailed", ("p", "Last")),
        ("StepDuration", ("p", "Last")),
        ("ExecutionFailed", ("p",)),
        ("ExecutionDuration", ("p",)),
    ]
    assert {m["Unit"] for m in metrics if m["MetricName"].endswith("Duration")} == {"Milliseconds"}
