from local.sagemaker import SageMaker
from local.state import State
from tests.local.mlflow.conftest import Tracking
from tests.local.sagemaker.conftest import PlainImages


def made(services):
    """SageMaker, which the servers are a part of."""
    return SageMaker(services, images=PlainImages())


def test_runs_outlive_the_process(small_cloud, tmp_path):
    """A cloud with a state folder has servers, experiments and histories after a restart."""
    before = State.at(tmp_path / "state")
    cloud = small_cloud(made, state=before)
    cloud.listen()
    tracking = Tracking(cloud)
    tracking.make()
    run_id = tracking.run(tracking.experiment("kept"))
    tracking.post("runs/log-metric", run_id=run_id, key="auc", value=0.5, timestamp=1)
    before.close()

    again = small_cloud(made, state=State.at(tmp_path / "state"))
    reopened = Tracking.__new__(Tracking)
    reopened.cloud = again
    history = reopened.get("metrics/get-history", run_id=run_id, metric_key="auc")["metrics"]
    assert history == [{"key": "auc", "value": 0.5, "timestamp": 1, "step": 0}]
