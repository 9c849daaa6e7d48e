import pytest


def refused(answer):
    """The code of an answer that is an error, and its message."""
    status, body = answer
    assert status >= 400
    return body["error_code"], body["message"]


def test_a_run_comes_back_as_it_was_written(tracking):
    """Parameters, tags, the newest metrics, where its artifacts belong, how it ended."""
    experiment = tracking.experiment("written")
    run_id = tracking.run(experiment, run_name="first", start_time=5, tags=[{"key": "team", "value": "risk"}])
    tracking.post("runs/log-parameter", run_id=run_id, key="depth", value="3")
    tracking.post("runs/log-metric", run_id=run_id, key="auc", value=0.7, timestamp=1, step=0)
    tracking.post("runs/log-metric", run_id=run_id, key="auc", value=0.6, timestamp=2, step=1)
    tracking.post("runs/update", run_id=run_id, status="FINISHED", end_time=9)

    run = tracking.get("runs/get", run_id=run_id)["run"]
    assert run["info"] == {
        "run_id": run_id,
        "run_uuid": run_id,
        "run_name": "first",
        "experiment_id": experiment,
        "user_id": "",
        "status": "FINISHED",
        "start_time": 5,
        "end_time": 9,
        "artifact_uri": f"s3://artifacts/mlflow/{experiment}/{run_id}/artifacts",
        "lifecycle_stage": "active",
    }
    assert run["data"] == {
        "metrics": [{"key": "auc", "value": 0.6, "timestamp": 2, "step": 1}],
        "params": [{"key": "depth", "value": "3"}],
        "tags": [{"key": "team", "value": "risk"}, {"key": "mlflow.runName", "value": "first"}],
    }


def test_a_metric_keeps_its_history(tracking):
    """Every point stands in the order in which it was logged, however many, and pages lead to all of them."""
    run_id = tracking.run(tracking.experiment("history"))
    points = [{"key": "loss", "value": 1 / (n + 1), "timestamp": n, "step": n} for n in range(250)]
    tracking.post("runs/log-batch", run_id=run_id, metrics=points[:130])
    tracking.post("runs/log-batch", run_id=run_id, metrics=points[130:])

    first = tracking.get("metrics/get-history", run_id=run_id, metric_key="loss", max_results=200)
    rest = tracking.get(
        "metrics/get-history", run_id=run_id, metric_key="loss", max_results=200, page_token=first["next_page_token"]
    )
    assert first["metrics"] + rest["metrics"] == points
    assert "next_page_token" not in rest


def test_numbers_that_are_none_are_kept(tracking):
    """NaN and the infinities travel as protobuf's JSON spells them."""
    run_id = tracking.run(tracking.experiment("odd numbers"))
    for name, value in (("a", "NaN"), ("b", "-Infinity")):
        tracking.post("runs/log-metric", run_id=run_id, key=name, value=value, timestamp=1)
    metrics = tracking.get("runs/get", run_id=run_id)["run"]["data"]["metrics"]
    assert [metric["value"] for metric in metrics] == ["NaN", "-Infinity"]


def test_a_parameter_does_not_change(tracking):
    """The same value again is taken; another one is refused, with nothing of its batch written."""
    run_id = tracking.run(tracking.experiment("parameters"))
    tracking.post("runs/log-parameter", run_id=run_id, key="depth", value="3")
    tracking.post("runs/log-parameter", run_id=run_id, key="depth", value="3")
    batch = {"params": [{"key": "new", "value": "1"}, {"key": "depth", "value": "4"}]}
    code, message = refused(tracking.asked("POST", "runs/log-batch", run_id=run_id, **batch))
    assert code == "INVALID_PARAMETER_VALUE"
    assert "Changing param values is not allowed" in message
    assert tracking.get("runs/get", run_id=run_id)["run"]["data"]["params"] == [{"key": "depth", "value": "3"}]


def test_a_deleted_run_is_out_of_sight_until_it_is_restored(tracking):
    """Searches leave it out, nothing is written into it; restoring brings it back whole."""
    experiment = tracking.experiment("deleted")
    run_id = tracking.run(experiment)
    tracking.post("runs/delete", run_id=run_id)
    assert tracking.post("runs/search", experiment_ids=[experiment]) == {"runs": []}
    deleted = tracking.post("runs/search", experiment_ids=[experiment], run_view_type="DELETED_ONLY")["runs"]
    assert [run["info"]["run_id"] for run in deleted] == [run_id]
    code, message = refused(tracking.asked("POST", "runs/set-tag", run_id=run_id, key="a", value="b"))
    assert (code, "must be in the 'active' state" in message) == ("INVALID_PARAMETER_VALUE", True)
    tracking.post("runs/restore", run_id=run_id)
    assert len(tracking.post("runs/search", experiment_ids=[experiment])["runs"]) == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["c", "b", "a"]),
        ("metrics.auc > 0.7", ["c", "b"]),
        ("metrics.auc >= 0.7 and params.depth = '2'", ["b"]),
        ("tags.`a key` LIKE 'x%'", ["b", "a"]),
        ("tags.\"a key\" ILIKE 'X_'", ["b", "a"]),
        ("attributes.run_name IN ('a', 'c')", ["c", "a"]),
        ("run_name NOT IN ('a', 'c')", ["b"]),
        ("params.depth != '2'", ["c", "a"]),
        ("start_time < 3", ["b", "a"]),
        ("tags.`a key` IS NULL", ["c"]),
        ("params.absent = 'x'", []),
        ("status = 'RUNNING' AND metrics.auc < 0.75", ["a"]),
        ("params.note = 'it''s'", ["a"]),
        ('tags."a key" = "xa"', ["a"]),
    ],
)
def test_a_filter_finds_runs(tracking, searched, text, found):
    """Metrics, parameters, tags and attributes are compared as MLflow's documents say; the newest run comes first."""
    answer = tracking.post("runs/search", experiment_ids=[searched], filter=text)
    assert [run["info"]["run_name"] for run in answer["runs"]] == found


@pytest.mark.parametrize(
    ("order", "found"),
    [
        (["metrics.auc DESC"], ["c", "b", "a"]),
        (["metrics.auc ASC"], ["a", "b", "c"]),
        (["params.depth", "attributes.start_time ASC"], ["a", "c", "b"]),
        (["tags.`a key` DESC", "start_time"], ["b", "a", "c"]),
        (["metrics.none"], ["c", "b", "a"]),
        (["attributes.tags"], ["c", "b", "a"]),
    ],
)
def test_runs_are_ordered_by_what_is_asked(tracking, searched, order, found):
    """The first clause counts most, and who has not what is asked for comes last."""
    answer = tracking.post("runs/search", experiment_ids=[searched], order_by=order)
    assert [run["info"]["run_name"] for run in answer["runs"]] == found


@pytest.fixture(scope="module")
def searched(tracking):
    """An experiment with the runs a, b and c, in this order."""
    experiment = tracking.experiment("searched")
    for start, (name, auc, depth) in enumerate((("a", 0.7, "1"), ("b", 0.75, "2"), ("c", 0.8, "10")), 1):
        tags = [] if name == "c" else [{"key": "a key", "value": f"x{name}"}]
        run_id = tracking.run(experiment, run_name=name, start_time=start, tags=tags)
        params = [{"key": "depth", "value": depth}, *([{"key": "note", "value": "it's"}] if name == "a" else [])]
        metrics = [{"key": "auc", "value": auc, "timestamp": 1, "step": 0}]
        tracking.post("runs/log-batch", run_id=run_id, params=params, metrics=metrics)
    return experiment


@pytest.mark.parametrize(
    "text",
    [
        "metrics.auc > 'high'",
        "params.depth > '1'",
        "params.depth = 1",
        "nothing.auc = '1'",
        "metrics.auc >",
        "metrics.auc > 1 or metrics.auc < 0",
        "metrics.auc > 1 metrics.auc < 2",
        "run_name IN 'a'",
        "params.depth ( '1'",
        "§",
    ],
)
def test_a_filter_that_says_nothing_is_refused(tracking, searched, text):
    """What cannot be read, or compares what cannot be compared, is the caller's mistake."""
    code, _ = refused(tracking.asked("POST", "runs/search", experiment_ids=[searched], filter=text))
    assert code == "INVALID_PARAMETER_VALUE"


def test_a_search_goes_on_where_its_page_ended(tracking, searched):
    """Pages hold each run once."""
    names, token = [], None
    for _ in range(3):
        more = {"page_token": token} if token else {}
        page = tracking.post("runs/search", experiment_ids=[searched], max_results=1, **more)
        names += [run["info"]["run_name"] for run in page["runs"]]
        token = page.get("next_page_token")
    assert (names, token) == (["c", "b", "a"], None)


def test_inputs_are_data_sets_with_their_tags(tracking):
    """Each is kept once, and a filter finds its run by it."""
    experiment = tracking.experiment("inputs")
    run_id = tracking.run(experiment)
    dataset = {"name": "german", "digest": "321f", "source_type": "s3", "source": "{}"}
    given = {"dataset": dataset, "tags": [{"key": "mlflow.data.context", "value": "training"}]}
    tracking.post("runs/log-inputs", run_id=run_id, datasets=[given])
    tracking.post("runs/log-inputs", run_id=run_id, datasets=[given])
    found = tracking.post("runs/search", experiment_ids=[experiment], filter="datasets.digest = '321f'")["runs"]
    assert [run["inputs"]["dataset_inputs"] for run in found] == [[given]]


def test_artifacts_are_what_lies_in_the_bucket(tracking):
    """Files and folders below the run's own place, seen in the server's role."""
    run_id = tracking.run(tracking.experiment("artifacts"))
    uri = tracking.get("runs/get", run_id=run_id)["run"]["info"]["artifact_uri"]
    key = uri.removeprefix("s3://artifacts/")
    for name in ("evaluation.json", "plots/roc.svg"):
        tracking.s3.put_object(Bucket="artifacts", Key=f"{key}/{name}", Body=b"{}")
    before = len(tracking.cloud.asked_as("tracker"))

    top = tracking.get("artifacts/list", run_id=run_id)
    assert top == {
        "root_uri": uri,
        "files": [
            {"path": "evaluation.json", "is_dir": False, "file_size": 2},
            {"path": "plots", "is_dir": True},
        ],
    }
    below = tracking.get("artifacts/list", run_id=run_id, path="plots")["files"]
    assert below == [{"path": "plots/roc.svg", "is_dir": False, "file_size": 2}]
    assert tracking.cloud.asked_as("tracker")[before:] == ["s3:ListObjectsV2"] * 2
    assert refused(tracking.asked("GET", "artifacts/list", run_id=run_id, path="../x"))[0] == "INVALID_PARAMETER_VALUE"


def test_a_logged_model_is_made_and_finished(tracking):
    """It is pending until its files are there; its parameters and tags are found by a search."""
    experiment = tracking.experiment("models")
    made = tracking.post("logged-models", experiment_id=experiment, name="lin", tags=[{"key": "a", "value": "1"}])
    model_id = made["model"]["info"]["model_id"]
    assert made["model"]["info"]["status"] == "LOGGED_MODEL_PENDING"
    tracking.post(f"logged-models/{model_id}/params", params=[{"key": "alpha", "value": "2"}])
    status, done = tracking.asked("PATCH", f"logged-models/{model_id}", status="LOGGED_MODEL_READY")
    assert (status, done["model"]["info"]["status"]) == (200, "LOGGED_MODEL_READY")
    found = tracking.post("logged-models/search", experiment_ids=[experiment], filter="params.alpha = '2'")["models"]
    assert [model["info"]["name"] for model in found] == ["lin"]
    assert tracking.asked("DELETE", f"logged-models/{model_id}/tags/a") == (200, {})
    assert tracking.asked("DELETE", f"logged-models/{model_id}") == (200, {})
    assert refused(tracking.asked("GET", f"logged-models/{model_id}"))[0] == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "runs/get", {"run_id": "none"}, "RESOURCE_DOES_NOT_EXIST"),
        ("GET", "runs/get", {}, "INVALID_PARAMETER_VALUE"),
        ("POST", "runs/create", {"experiment_id": "999"}, "RESOURCE_DOES_NOT_EXIST"),
        ("POST", "runs/create", {"experiment_id": 7}, "INVALID_PARAMETER_VALUE"),
        ("POST", "runs/log-parameter", {"run_id": "x", "key": "a", "value": "v" * 6001}, "INVALID_PARAMETER_VALUE"),
        ("POST", "runs/log-batch", {"run_id": "x", "params": [{"key": "a"}] * 101}, "INVALID_PARAMETER_VALUE"),
        ("POST", "runs/nothing", {}, "ENDPOINT_NOT_FOUND"),
        ("POST", "registered-models/create", {"name": "a"}, "NOT_IMPLEMENTED"),
    ],
)
def test_what_cannot_be_is_refused_in_mlflows_words(tracking, method, path, body, code):
    """An error has one of MLflow's codes, so that its clients know it."""
    assert refused(tracking.asked(method, path, **body))[0] == code
