"""AWS's example of a pipeline around a built-in algorithm, in the SDK's version 3, needs no change."""

import pytest

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def seen(terminal, notebook):
    """What a program saw that prepares, trains XGBoost as an algorithm, makes a model and registers it."""
    return terminal.run("sagemaker-v3", "sagemaker_v3_algorithm", extra=notebook)


def test_every_step_succeeds(seen):
    """Images of versions that the examples name run, in newer ones that play them."""
    assert seen["steps"] == dict.fromkeys(["Preprocess", "Train", "CreateModel", "Register"], "Succeeded")


def test_the_algorithm_learns(seen):
    """Its own metrics are the job's: y = 3a - 2b is learnt from the rows, and known on those it has not seen."""
    assert seen["metrics"]["validation:rmse"] < 0.3


def test_what_a_pipeline_approves_is_approved(seen):
    """The status that the example registers with is the package's."""
    assert [package["ModelApprovalStatus"] for package in seen["packages"]] == ["Approved"]
