from tests.local.sagemaker.test_pipelines import definition, fails, step, uploads


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
        )
    )
    assert execution["PipelineExecutionStatus"] == "CompletedWithFailures"
    steps = world.steps(execution)
    assert {name: found["StepStatus"] for name, found in steps.items()} == {
        "Train": "Failed",
        "Notify": "Succeeded",
        "After": "Succeeded",
    }
    told = world.told("SageMaker Model Building Pipeline Execution Status Change")[-1]
    assert told["currentPipelineExecutionStatus"] == "CompletedWithFailures"
    assert "executionEndTime" in told


def test_a_failure_of_who_waited_fails_the_execution(world):
    """Nobody waits for that one."""
    waits = {**fails("Tell", "told"), "DependsOn": [{"Step": "Train", "Trigger": "Any"}]}
    execution = world.run_pipeline(definition(uploads(world, "x", "raise ValueError", "Train"), waits))
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert execution["FailureReason"].endswith("Step Tell (Fail): told")


def test_a_step_may_wait_for_a_job_that_was_stopped(world):
    """By hand, and not with its execution: its step is Stopped."""
    world.start_pipeline(
        definition(
            uploads(world, "x", "import time; time.sleep(600)", "Train"),
            sets("Notify", DependsOn=[{"Step": "Train", "Trigger": "Stopped"}]),
        )
    )
    world.until(world.only_steps, lambda steps: "Metadata" in steps.get("Train", {}))
    (job,) = world.sm.list_processing_jobs()["ProcessingJobSummaries"]
    world.sm.stop_processing_job(ProcessingJobName=job["ProcessingJobName"])
    execution = world.ended_execution(world.started)
    assert execution["PipelineExecutionStatus"] == "CompletedWithFailures"
    steps = world.steps(execution)
    assert (steps["Train"]["StepStatus"], steps["Notify"]["StepStatus"]) == ("Stopped", "Succeeded")


def test_a_job_that_was_stopped_fails_an_execution_in_which_nobody_waits_for_that(world):
    """The reason names the job."""
    world.start_pipeline(definition(uploads(world, "x", "import time; time.sleep(600)", "Train")))
    world.until(world.only_steps, lambda steps: "Metadata" in steps.get("Train", {}))
    (job,) = world.sm.list_processing_jobs()["ProcessingJobSummaries"]
    world.sm.stop_processing_job(ProcessingJobName=job["ProcessingJobName"])
    execution = world.ended_execution(world.started)
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert execution["FailureReason"].endswith(f"The job {job['ProcessingJobName']} was stopped.")


def test_executions_and_steps_are_counted(world):
    """In AWS's namespace, by pipeline and by step, with their durations in milliseconds."""
    world.run_pipeline(definition(sets("Hold"), {**fails("Last"), "DependsOn": ["Hold"]}))
    metrics = [m for m in world.metrics if m["Namespace"] == "AWS/Sagemaker/ModelBuildingPipeline"]
    told = [(m["MetricName"], tuple(d["Value"] for d in m["Dimensions"])) for m in metrics]
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
