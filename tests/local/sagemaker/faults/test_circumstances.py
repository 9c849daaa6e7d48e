"""What is met beside a job's own faults: throttling, rights, and what nobody has foreseen."""

from local.errors import AwsError, LocalError
from local.sagemaker import SageMaker
from tests.local.sagemaker.conftest import PlainImages, World


def test_a_service_that_throttles(world):
    """What was asked for, by whom it was refused, and how a pipeline gets over it."""
    world._cloud.refuse("sagemaker:CreateProcessingJob", AwsError("ThrottlingException", "Rate exceeded"))
    at_once = {"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 0}
    step = {"Name": "Broken", "Type": "Processing", "Arguments": world.processing("pass")}
    step["RetryPolicies"] = [at_once]
    execution = world.run_pipeline({"Version": "2020-12-01", "Steps": [step]})
    reason = world.steps(execution)["Broken"]["FailureReason"]
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert "CreateProcessingJob" in reason
    assert "Rate exceeded" in reason
    assert "RetryPolicies" in reason


def test_jobs_that_may_not_be_stopped(world, tmp_path):
    """Their execution is stopping until they have ended, and all are asked to; nothing follows them."""
    gate = tmp_path / "gate"
    wait = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.02)"
    steps = [{"Name": name, "Type": "Processing", "Arguments": world.processing(wait)} for name in ("One", "Two")]
    steps.append({"Name": "Last", "Type": "Fail", "Arguments": {"ErrorMessage": ""}, "DependsOn": ["One"]})
    world._cloud.refuse("sagemaker:StopProcessingJob", AwsError("AccessDeniedException", "no"))
    world.start_pipeline({"Version": "2020-12-01", "Steps": steps})
    world.until(world.only_steps, lambda found: sum("Metadata" in s for s in found.values()) == 2)
    world.sm.stop_pipeline_execution(PipelineExecutionArn=world.started)
    status = world.sm.describe_pipeline_execution(PipelineExecutionArn=world.started)["PipelineExecutionStatus"]
    gate.touch()
    assert (status, world.ended_execution(world.started)["PipelineExecutionStatus"]) == ("Stopping", "Stopped")
    assert {name: step["StepStatus"] for name, step in world.only_steps().items()} == {
        "One": "Succeeded",
        "Two": "Succeeded",
    }


def test_a_job_ends_whatever_it_meets(small_cloud):
    """What nobody has foreseen is an internal error of its own, and no job that runs for ever."""

    class Broken(PlainImages):
        error: Exception = KeyError("defect")

        def interpreter(self, uri):
            raise self.error

    images = Broken()
    world = World(small_cloud(lambda services: SageMaker(services, images=images)))
    job = world.run_processing("job", "pass")
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("InternalServerError: KeyError")
    images.error = LocalError("the interpreter of image plain cannot be made: no network")
    reason = world.run_processing("other", "pass")["FailureReason"]
    assert reason == "InternalServerError: the interpreter of image plain cannot be made: no network"
