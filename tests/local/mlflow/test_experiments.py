import pytest


def test_a_server_begins_with_the_default_experiment(tracking):
    """Runs that name no experiment belong to number 0."""
    assert tracking.get("experiments/get", experiment_id="0")["experiment"]["name"] == "Default"
    assert tracking.post("runs/create")["run"]["info"]["experiment_id"] == "0"


def test_an_experiment_is_found_by_its_name(tracking):
    """Tags and times stand with it; what has no such name is not there."""
    number = tracking.post("experiments/create", name="by name", tags=[{"key": "a", "value": "1"}])["experiment_id"]
    tracking.post("experiments/set-experiment-tag", experiment_id=number, key="b", value="2")
    found = tracking.get("experiments/get-by-name", experiment_name="by name")["experiment"]
    assert (found["experiment_id"], found["artifact_location"]) == (number, f"s3://artifacts/mlflow/{number}")
    assert found["tags"] == [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
    assert found["creation_time"] <= found["last_update_time"]
    status, answer = tracking.asked("GET", "experiments/get-by-name", experiment_name="none")
    assert (status, answer["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_a_name_is_taken_once(tracking):
    """Even by what is deleted, which the message says."""
    number = tracking.experiment("once")
    assert tracking.asked("POST", "experiments/create", name="once")[1]["error_code"] == "RESOURCE_ALREADY_EXISTS"
    tracking.post("experiments/delete", experiment_id=number)
    assert "restore it" in tracking.asked("POST", "experiments/create", name="once")[1]["message"]
    tracking.post("experiments/restore", experiment_id=number)
    tracking.post("experiments/update", experiment_id=number, new_name="twice")
    assert tracking.get("experiments/get", experiment_id=number)["experiment"]["name"] == "twice"


def test_a_deleted_experiment_takes_no_runs(tracking):
    """It is found by its number, as deleted, and by searches for such."""
    number = tracking.experiment("gone")
    tracking.post("experiments/delete", experiment_id=number)
    assert tracking.asked("POST", "runs/create", experiment_id=number)[1]["error_code"] == "INVALID_PARAMETER_VALUE"
    assert tracking.get("experiments/get", experiment_id=number)["experiment"]["lifecycle_stage"] == "deleted"
    found = tracking.post("experiments/search", view_type="DELETED_ONLY", filter="name = 'gone'")["experiments"]
    assert [experiment["experiment_id"] for experiment in found] == [number]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_search_may_be_asked_in_two_ways(tracking, method):
    """In a query string as in a body."""
    tracking.experiment(f"likely {method}")
    status, answer = tracking.asked(method, "experiments/search", filter=f"name LIKE 'like%{method}'", max_results=5)
    assert status == 200
    assert [experiment["name"] for experiment in answer["experiments"]] == [f"likely {method}"]
