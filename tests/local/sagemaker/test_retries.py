from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from local.errors import AwsError
from local.sagemaker.errors import StepFailed
from local.sagemaker.pipelines.definition import Step
from local.sagemaker.pipelines.retries import exception_type, next_pause, policy_problems
from tests.local.sagemaker.test_pipelines import definition, step, uploads

SOON, NOW = timedelta(minutes=1), timedelta()


def with_policies(*policies, kind="Training"):
    """A step with retry policies."""
    return Step("S", kind, {"Name": "S", "Type": kind, "RetryPolicies": list(policies)}, frozenset())


def refused(code, status=400):
    """A step's failure because of a refused call."""
    answer = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    failed = StepFailed("ClientError: no")
    failed.__cause__ = ClientError(answer, "CreateTrainingJob")
    return failed


@pytest.mark.parametrize(
    ("failed", "found"),
    [
        (refused("ThrottlingException"), "Step.THROTTLING"),
        (refused("InternalFailure", 500), "Step.SERVICE_FAULT"),
        (refused("ResourceLimitExceeded"), "SageMaker.RESOURCE_LIMIT"),
        (refused("ValidationException"), ""),
        (StepFailed("InternalServerError: We encountered an internal error. Please try again."), "JOB_INTERNAL_ERROR"),
        (StepFailed("CapacityError: Unable to provision requested ML compute capacity."), "CAPACITY_ERROR"),
        (StepFailed("AlgorithmError: exit code: 1, InternalServerError"), ""),
    ],
)
def test_failures_have_types(failed, found):
    """Of calls by their code, of jobs by what their FailureReason begins with; others are not for retries."""
    assert exception_type(with_policies(), failed).removeprefix("SageMaker.") == found.removeprefix("SageMaker.")


def test_the_jobs_of_a_tuning_step_are_not_its_own():
    """An internal error of theirs is not retried by the step."""
    failed = StepFailed("InternalServerError: x")
    assert exception_type(with_policies(kind="Tuning"), failed) == ""


def test_intervals_grow_until_the_attempts_are_used_up():
    """Counted for each policy by the types that it names."""
    policy = {
        "ExceptionType": ["SageMaker.RESOURCE_LIMIT"],
        "IntervalSeconds": 10,
        "BackoffRate": 3.0,
        "MaxAttempts": 2,
    }
    failed, before = refused("ResourceLimitExceeded"), ["Step.THROTTLING"]
    pauses = [
        next_pause(with_policies(policy), failed, [*before, *["SageMaker.RESOURCE_LIMIT"] * n], SOON) for n in range(3)
    ]
    assert pauses == [timedelta(seconds=10), timedelta(seconds=30), None]


def test_a_time_span_ends_retries_too():
    """Counted from when the step began."""
    policy = {"ExceptionType": ["SageMaker.CAPACITY_ERROR"], "ExpireAfterMin": 5}
    failed, six = StepFailed("CapacityError: x"), ["SageMaker.CAPACITY_ERROR"] * 6
    assert next_pause(with_policies(policy), failed, six, timedelta(minutes=4)) == timedelta(seconds=64)
    assert next_pause(with_policies(policy), failed, [], timedelta(minutes=5)) is None


def test_faults_and_throttling_are_retried_without_a_policy_and_nothing_else():
    """Five times; a policy of the step takes the place of that, and MaxAttempts 0 ends it."""
    bare, throttled = with_policies(kind="Lambda"), refused("TooManyRequestsException", 429)
    assert next_pause(bare, throttled, [], NOW) == timedelta(seconds=1)
    assert next_pause(bare, throttled, ["Step.THROTTLING"] * 5, NOW) is None
    assert next_pause(bare, refused("ResourceLimitExceeded"), [], NOW) is None
    never = with_policies({"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 0})
    assert next_pause(never, throttled, [], NOW) is None


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"ExceptionType": ["Step.MOOD"]}, "ExceptionType is not among Step.SERVICE_FAULT"),
        ({}, "ExceptionType is not among"),
        ({"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 1, "ExpireAfterMin": 1}, "give one of them"),
        ({"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 21}, "MaxAttempts is not a whole number from 0 to 20"),
        ({"ExceptionType": ["Step.THROTTLING"], "IntervalSeconds": {"Get": "Parameters.P"}}, "IntervalSeconds is not"),
        ({"ExceptionType": ["Step.THROTTLING"], "BackoffRate": -1}, "BackoffRate is not a number"),
    ],
)
def test_policies_of_another_form_are_told(policy, said):
    """Each in a sentence with the step's name."""
    assert any("'S'" in problem and said in problem for problem in policy_problems(with_policies(policy)))


def test_steps_without_a_call_take_no_policies():
    """The sentence names those that do."""
    (problem,) = policy_problems(with_policies({"ExceptionType": ["Step.THROTTLING"]}, kind="Condition"))
    assert "takes no RetryPolicies; steps that do: Processing, Training" in problem


def refusing(world, operation, errors):
    """Let the next calls of an operation be answered with these errors."""
    (family,) = [family for family in world.part.families() if family.name == "sagemaker"]
    handled, waiting = family.handlers[operation], list(errors)

    def handle(params, call):
        if waiting:
            raise waiting.pop(0)
        return handled(params, call)

    family.handlers[operation] = handle


def test_a_step_is_tried_again_on_the_clock(make_world, stepped_clock):
    """Each try makes a job of its own; the attempts are counted, and the wait takes the cloud's time."""
    world = make_world(clock=stepped_clock)
    throttled = AwsError("ThrottlingException", "Rate exceeded")
    limited = AwsError("ResourceLimitExceeded", "The account-level service limit is 0 Instances.")
    refusing(world, "CreateProcessingJob", [throttled, limited])
    policy = {"ExceptionType": ["SageMaker.RESOURCE_LIMIT"], "IntervalSeconds": 3600, "MaxAttempts": 1}
    world.start_pipeline(definition(uploads(world, "x", RetryPolicies=[policy])))
    for attempt, seconds in ((2, 1), (3, 3600)):
        world.until(world.only_steps, lambda steps, n=attempt: steps.get("Prepare", {}).get("AttemptCount") == n)
        stepped_clock.advance(timedelta(seconds=seconds))
    execution = world.ended_execution(world.started)
    prepared = world.steps(execution)["Prepare"]
    assert (execution["PipelineExecutionStatus"], prepared["AttemptCount"]) == ("Succeeded", 3)
    assert len(world.sm.list_processing_jobs()["ProcessingJobSummaries"]) == 1
    assert (prepared["EndTime"] - prepared["StartTime"]).total_seconds() >= 3601


def test_a_step_fails_with_its_last_reason_when_retries_are_used_up(world):
    """And counts them."""
    limited = AwsError("ResourceLimitExceeded", "The account-level service limit is 0 Instances.")
    refusing(world, "CreateModel", [limited] * 3)
    policy = {"ExceptionType": ["SageMaker.RESOURCE_LIMIT"], "IntervalSeconds": 0, "MaxAttempts": 2}
    model = {"PrimaryContainer": {"Image": world.image}, "ExecutionRoleArn": world.role}
    execution = world.run_pipeline(definition(step("Make", "Model", model, RetryPolicies=[policy])))
    assert execution["FailureReason"].endswith("ResourceLimitExceeded: The account-level service limit is 0 Instances.")
    assert world.steps(execution)["Make"]["AttemptCount"] == 3


def test_an_execution_is_stopped_while_a_step_waits_for_its_next_try(make_world, stepped_clock):
    """At once, whatever the pause."""
    world = make_world(clock=stepped_clock)
    refusing(world, "CreateModel", [AwsError("ThrottlingException", "Rate exceeded")])
    model = {"PrimaryContainer": {"Image": world.image}, "ExecutionRoleArn": world.role}
    world.start_pipeline(definition(step("Make", "Model", model)))
    world.until(world.only_steps, lambda steps: steps.get("Make", {}).get("AttemptCount") == 2)
    world.sm.stop_pipeline_execution(PipelineExecutionArn=world.started)
    execution = world.ended_execution(world.started)
    assert execution["PipelineExecutionStatus"] == "Stopped"
    assert world.steps(execution)["Make"]["StepStatus"] == "Stopped"
