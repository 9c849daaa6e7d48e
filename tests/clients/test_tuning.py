"""Hyperparameter tuning by SageMaker's SDK v3, unmodified."""

import pytest

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def tuned(terminal, notebook):
    """What a program saw that tunes by itself and as a step of a pipeline."""
    return terminal.run("sagemaker-v3", "sagemaker_v3_tuning", extra=notebook)


def test_a_tuner_searches_with_its_defaults(tuned):
    """Bayesian, two jobs at a time; the best one is told with its metric."""
    job = tuned["alone"]
    assert job["HyperParameterTuningJobConfig"]["Strategy"] == "Bayesian"
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Completed"] + job["TrainingJobStatusCounters"]["Stopped"] == 3
    best = job["BestTrainingJob"]
    assert 0 < float(best["TunedHyperParameters"]["alpha"]) <= 1000
    assert best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] <= 1


def test_a_tuning_step_hands_its_best_model_on(tuned):
    """`get_top_model_s3_uri(0)`: of a ridge of almost nothing and one of far too much the first fits."""
    assert tuned["status"] == "Succeeded"
    url = tuned["model"]["PrimaryContainer"]["ModelDataUrl"]
    name = tuned["tuning"].rsplit("/", 1)[1]
    assert f"/{name}-001-" in url.lower()
    assert url.endswith("/output/model.tar.gz")
