"""SageMaker's Python SDK v2, unmodified: what it defines and deploys runs, and what it asks is answered."""

import pytest

pytestmark = pytest.mark.clients

EXPECTED = [3, -2]


@pytest.fixture(scope="module")
def seen(terminal, notebook):
    """What the program saw."""
    return terminal.run("sagemaker-v2", "sagemaker_v2", extra=notebook)


def test_a_pipeline_of_v2_runs_to_its_end(seen):
    """Processors, an estimator, a condition and a framework model's registration; two upserts are one pipeline."""
    pipeline = seen["pipeline"]
    assert set(pipeline["upserts"]) == {"arn:aws:sagemaker:eu-west-1:123456789012:pipeline/sdk-v2"}
    assert (pipeline["first"]["waited"], pipeline["first"]["status"]) == ("succeeded", "Succeeded")
    names = ["Preprocess", "Train", "Evaluate", "Check", "Register-RegisterModel"]
    assert pipeline["first"]["steps"] == dict.fromkeys(names, "Succeeded")


def test_a_gate_that_does_not_hold_fails_the_execution(seen):
    """The fail step's message is the reason, and the SDK's waiter raises."""
    second = seen["pipeline"]["second"]
    assert (second["status"], second["reasons"]) == ("Failed", ["R2 is below 2.5"])
    assert "terminal failure state" in second["waited"]


def test_a_registered_version_is_approved_and_serves(seen):
    """`ModelPackage.update_approval_status` and `ModelPackage.deploy`: the package's own code answers."""
    package = seen["package"]
    assert package["arn"] == "arn:aws:sagemaker:eu-west-1:123456789012:model-package/sdk-v2/1"
    assert package["status"] == "Approved"
    assert [float(value) for (value,) in package["prediction"]] == pytest.approx(EXPECTED, abs=0.02)


def test_an_estimator_is_fitted_attached_and_deployed(seen):
    """`fit` with logs and metrics, `attach`, `deploy`, `predict`, and a clean account at the end."""
    estimator = seen["estimator"]
    fitted, attached = estimator["model_data"]
    assert fitted == attached
    assert [float(value) for (value,) in estimator["prediction"]] == pytest.approx(EXPECTED, abs=0.02)
    assert (estimator["metrics"], estimator["left"]) == (["train:r2"], [])
