from local.errors import AwsError


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
