"""SageMaker's Python SDK v3, unmodified, as its own examples use it."""

import pytest

from tests.clients.conftest import ROLE

pytestmark = pytest.mark.clients

PREPARED = {"Preprocess", "Train", "Evaluate", "Check"}
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/sdk-v3"


@pytest.fixture(scope="module")
def pipeline(terminal, notebook):
    """What a program saw that upserts a pipeline, runs it well, and runs it into its own limit."""
    return terminal.run("sagemaker-v3", "sagemaker_v3_pipeline", extra=notebook)


@pytest.fixture(scope="module")
def endpoint(terminal, notebook):
    """What a program saw that trains, deploys, predicts, registers and approves without a pipeline."""
    return terminal.run("sagemaker-v3", "sagemaker_v3_endpoint", extra=notebook)


def test_a_session_finds_role_and_bucket_by_itself(pipeline):
    """`get_execution_role` and `default_bucket` ask STS at AWS's own host name, and get the local account."""
    assert pipeline["role"] == f"arn:aws:iam::123456789012:role/service-role/{ROLE}"
    assert pipeline["bucket"] == "sagemaker-eu-west-1-123456789012"


def test_an_upsert_creates_and_then_updates(pipeline):
    """The second upsert of a name is an update of the same pipeline, which keeps its tags and gets the new ones."""
    first, second = pipeline["upserts"]
    assert first == second == "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/sdk-v3"
    assert {tag["Key"]: tag["Value"] for tag in pipeline["tags"]} == {"team": "risk", "cost": "7"}


def test_an_execution_is_waited_for_and_tells_its_steps(pipeline):
    """Every step succeeds, those too that the SDK adds by itself in order to pack code into the model."""
    first = pipeline["first"]
    assert (first["waited"], first["status"], first["reason"], first["reasons"]) == ("succeeded", "Succeeded", None, [])
    assert set(first["steps"].values()) == {"Succeeded"}
    packed = {name for name in first["steps"] if "RepackModel" in name}
    assert len(packed) == 2
    assert set(first["steps"]) - packed == PREPARED | {"CreateModel", "Register"}


def test_a_gate_that_does_not_hold_ends_in_its_own_words(pipeline):
    """A parameter of the start moves the limit: the other branch runs, and the SDK's waiter raises."""
    second = pipeline["second"]
    assert (second["status"], second["reasons"]) == ("Failed", ["R2 is below 2.0"])
    assert "terminal failure state" in second["waited"]
    assert second["steps"]["TooBad"] == "Failed"
    assert not {"CreateModel", "Register"} & set(second["steps"])


def test_steps_of_the_same_arguments_are_not_run_again(pipeline):
    """`CacheConfig`: the second run takes preparation and training from the first."""
    assert (pipeline["first"]["cached"], pipeline["second"]["cached"]) == ([], ["Preprocess", "Train"])


def test_parameters_are_those_of_the_start_over_the_defaults(pipeline):
    """`list_parameters` tells, as texts, what an execution ran with."""
    assert (pipeline["first"]["parameters"]["MinR2"], pipeline["second"]["parameters"]["MinR2"]) == ("0.9", "2.0")
    assert pipeline["second"]["parameters"]["ProcessingInstanceCount"] == "1"


def test_executions_are_listed_with_the_name_that_they_were_given(pipeline):
    """The newest first."""
    newest, oldest = pipeline["executions"]
    assert (newest["PipelineExecutionStatus"], oldest["PipelineExecutionStatus"]) == ("Failed", "Succeeded")
    assert oldest["PipelineExecutionDisplayName"] == "first"


def test_only_the_run_that_held_has_registered_a_version(pipeline):
    """One version, which waits for a person."""
    (package,) = pipeline["packages"]["ModelPackageSummaryList"]
    assert (package["ModelPackageArn"], package["ModelApprovalStatus"]) == (f"{PACKAGE}/1", "PendingManualApproval")


def test_an_endpoint_made_by_the_sdk_predicts(endpoint):
    """Training with logs, `build`, `deploy` and `invoke`: y = 3a - 2b comes back from a real server."""
    assert (endpoint["training"], endpoint["endpoint"]["status"]) == ("Completed", "InService")
    assert endpoint["endpoint"]["prediction"] == pytest.approx([3, -2], abs=0.02)


def test_a_version_is_registered_and_approved_by_the_sdk(endpoint):
    """`ModelBuilder.register`, then `ModelPackage.update`."""
    package = endpoint["package"]
    assert package["arn"] == f"{PACKAGE}-direct/1"
    assert (package["before"], package["after"]) == ("PendingManualApproval", "Approved")


def test_what_was_deployed_can_be_deleted(endpoint):
    """`wait_for_delete` returns, and nothing is left."""
    assert endpoint["left"] == []
