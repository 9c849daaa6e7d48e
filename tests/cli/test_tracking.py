import json
from types import SimpleNamespace

import pytest

from cli import tracking, tracking_server
from cli.connection import Connection
from cli.errors import CliError, WrongUseError
from tests.cli.fakes import FakeClient, connection


def run(name, *, outcome="registered", auc=0.7, params=(), **tags):
    """A run as MLflow's REST API gives it."""
    own = {"execution": f"arn:aws:sagemaker:eu-west-1:1:pipeline/p/execution/{name}", "outcome": outcome, **tags}
    return {
        "info": {"run_id": f"id-{name}", "status": "FINISHED", "start_time": 1_795_262_400_000},
        "data": {
            "metrics": [{"key": "auc", "value": auc}, {"key": "loss", "value": 0.1}],
            "params": [{"key": key, "value": value} for key, value in params],
            "tags": [{"key": f"sluice.{key.replace('_', '-')}", "value": value} for key, value in own.items()],
        },
    }


def shown(*runs):
    """The lines of the table."""
    return tracking.rows([tracking.fact(each) for each in runs])


def test_a_line_says_what_came_of_a_run():
    """A version where one was registered, else the outcome; data and code by the beginnings of their hashes."""
    good = run("aaaa", package="arn:aws:sagemaker:eu-west-1:1:model-package/churn/3", data_sha256="ab" * 32)
    code = {"commit": "0123456789abcdef", "dirty": "true", "data_rows": "1000"}
    bad = run("bbbb", outcome="gate-failed", gate="auc is too low", **code)
    first, second = shown(good, bad)
    assert (first["run"], first["outcome"], first["data"], first["code"]) == ("aaaa", "version 3", "abababab", None)
    assert (second["outcome"], second["rows"], second["code"]) == ("gate-failed", "1000", "01234567*")


def test_columns_are_what_tells_runs_apart():
    """Metrics that versions are judged by, and parameters that differ between the runs."""
    same, commit = ("Depth", "3"), ("CodeCommit", "x")
    rows = shown(run("a", metrics="auc", params=[same, ("Seed", "1"), commit]), run("b", params=[same, ("Seed", "2")]))
    assert [row["Seed"] for row in rows] == ["1", "2"]
    assert [row["auc"] for row in rows] == ["0.7", "0.7"]
    assert not {"Depth", "CodeCommit", "loss"} & set(rows[0])


def test_without_a_version_the_metrics_that_there_are_are_shown():
    """A model that has never passed its gate has figures all the same."""
    [row] = shown(run("a"))
    assert (row["auc"], row["loss"]) == ("0.7", "0.1")


class Answers:
    """The tracking server: what it was asked, and answers in turn."""

    def __init__(self, monkeypatch, *answers):
        self.asked, self._answers = [], list(answers)
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:1")

    def send(self, request):
        self.asked.append((request.method, request.url, json.loads(request.body) if request.body else None))
        status, body = self._answers.pop(0)
        return SimpleNamespace(status_code=status, content=json.dumps(body).encode())


def stage(name="local", **clients):
    """A connection with credentials."""
    made = connection(name, **clients)
    keys = SimpleNamespace(access_key="a", secret_key="b", token=None)
    session = SimpleNamespace(client=made.session.client, get_credentials=lambda: keys)
    return Connection(made.stage, session)


def test_runs_are_read_page_by_page(monkeypatch):
    """Of the model's experiment, with the filter as it was typed, no more than were asked for."""
    found = {"experiment": {"experiment_id": "7"}}
    pages = [(200, {"runs": [{"n": 1}], "next_page_token": "t"}), (200, {"runs": [{"n": 2}, {"n": 3}]})]
    server = Answers(monkeypatch, (200, found), *pages)
    assert tracking_server.runs(stage(), "churn", text="metrics.auc > 0.7", limit=2, sender=server) == [
        {"n": 1},
        {"n": 2},
    ]
    asked = {"experiment_ids": ["7"], "filter": "metrics.auc > 0.7", "max_results": 2}
    base = "http://localhost:1/api/2.0/mlflow/"
    assert server.asked == [
        ("GET", f"{base}experiments/get-by-name?experiment_name=churn", None),
        ("POST", f"{base}runs/search", asked),
        ("POST", f"{base}runs/search", {**asked, "page_token": "t"}),
    ]


def test_a_model_that_never_ran_has_no_runs(monkeypatch):
    """Its experiment is made with its first run."""
    absent = (404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Could not find experiment"})
    assert tracking_server.runs(stage(), "churn", text="", limit=2, sender=Answers(monkeypatch, absent)) == []


def test_a_server_that_says_no_is_quoted(monkeypatch):
    """In MLflow's words: a filter that cannot be read, a right that is missing, a server that is stopped."""
    told = "Tracking server sluice-local does not exist."
    server = Answers(monkeypatch, (404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": told}))
    with pytest.raises(CliError, match=told):
        tracking_server.runs(stage(), "churn", text="", limit=2, sender=server)


def test_a_stage_without_a_server_says_how_to_get_one():
    """And that it costs money."""
    with pytest.raises(WrongUseError, match=r'\[tracking\] with server = "Small" to env/dev.toml .*by the hour'):
        tracking_server.runs(stage("dev"), "churn", text="", limit=2)


def test_the_pages_are_those_of_the_stages_server():
    """SageMaker gives an address that lets its reader in."""
    presign = lambda *, TrackingServerName: {"AuthorizedUrl": f"https://{TrackingServerName}/auth"}  # noqa: E731
    sagemaker = FakeClient(create_presigned_mlflow_tracking_server_url=presign)
    assert tracking_server.pages(stage(sagemaker=sagemaker)) == "https://sluice-local/auth"
