"""MLflow's own client at work: `mlflow_tracking.py SEEN URI`; what it saw goes into the file SEEN."""

import json
import sys
from pathlib import Path

import mlflow
from mlflow import MlflowClient


def main(seen, uri):
    """Log two runs, look at them in all the ways that the client has."""
    mlflow.set_tracking_uri(uri)
    experiment = mlflow.set_experiment("by " + uri.split(":")[0])
    with mlflow.start_run(run_name="first", tags={"team": "risk"}) as run:
        mlflow.log_params({"depth": 3, "rate": 0.1})
        for step in range(3):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"odd": float("nan"), "auc": 0.7})
        mlflow.log_text("hello", "notes/a.txt")
        mlflow.log_dict({"a": 1}, "d.json")
    with mlflow.start_run(run_name="second"):
        mlflow.log_metric("auc", 0.8)
    client, run_id = MlflowClient(), run.info.run_id
    found = client.get_run(run_id)
    searched = client.search_runs([experiment.experiment_id], "metrics.auc > 0.6", order_by=["metrics.auc DESC"])
    filtered = client.search_runs([experiment.experiment_id], "params.depth = '3' and tags.team LIKE 'ri%'")
    model = mlflow.initialize_logged_model(name="lin", params={"alpha": "2"})
    mlflow.finalize_logged_model(model.model_id, "READY")
    client.delete_run(searched[0].info.run_id)
    told = {
        "run": {"status": found.info.status, "params": found.data.params, "loss": found.data.metrics["loss"]},
        "odd": str(found.data.metrics["odd"]),
        "history": [[point.step, round(point.value, 3)] for point in client.get_metric_history(run_id, "loss")],
        "searched": [each.info.run_name for each in searched],
        "filtered": [each.info.run_name for each in filtered],
        "artifacts": [file.path for file in client.list_artifacts(run_id)],
        "text": mlflow.artifacts.load_text(f"{found.info.artifact_uri}/notes/a.txt"),
        "model": client.get_logged_model(model.model_id).status,
        "left": [each.info.run_name for each in client.search_runs([experiment.experiment_id])],
    }
    Path(seen).write_text(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
