"""Runs: made, found, ended, deleted (MLflow REST API, "Create Run" and those that follow)."""

from __future__ import annotations

import uuid
from typing import Any, Final

from local.front import Handler
from local.mlflow import query
from local.mlflow.errors import invalid
from local.mlflow.experiments import ACTIVE, DEFAULT, DELETED, paged, pairs, require_active, view
from local.mlflow.servers import Servers
from local.mlflow.shelf import Record, Shelf
from local.wire import Call

Params = dict[str, Any]

NAME_TAG: Final = "mlflow.runName"
_PAGE: Final = 1000
_INFO: Final = (
    *("run_id", "run_name", "experiment_id", "user_id", "status"),
    *("start_time", "end_time", "artifact_uri", "lifecycle_stage"),
)


class Runs:
    """Handlers over the shelf."""

    def __init__(self, shelf: Shelf, servers: Servers) -> None:
        self._shelf, self._servers = shelf, servers

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {
            "CreateRun": self._create,
            "GetRun": lambda params, _: {"run": shown(self._one(params))},
            "UpdateRun": self._update,
            "DeleteRun": self._mark(DELETED),
            "RestoreRun": self._mark(ACTIVE),
            "SearchRuns": self._search,
        }

    def _create(self, params: Params, _: Call) -> Params:
        server, run_id = self._servers.open(params), uuid.uuid4().hex
        tags = {tag["key"]: tag.get("value", "") for tag in params.get("tags", [])}
        name = params.get("run_name") or tags.get(NAME_TAG) or f"run-{run_id[:8]}"
        with self._shelf.writing():
            experiment = self._shelf.get("experiments", server.name, params.get("experiment_id") or DEFAULT)
            require_active(experiment, f"experiment {experiment['experiment_id']}")
            made = {
                "run_id": run_id,
                "run_name": name,
                "experiment_id": experiment["experiment_id"],
                "user_id": params.get("user_id", ""),
                "status": "RUNNING",
                "start_time": params.get("start_time") or self._shelf.now(),
                "artifact_uri": f"{experiment['artifact_location']}/{run_id}/artifacts",
                "lifecycle_stage": ACTIVE,
                "tags": {**tags, NAME_TAG: name},
                **{part: {} for part in ("params", "metrics")},
                **{part: [] for part in ("datasets", "inputs", "outputs")},
            }
            return {"run": shown(self._shelf.put("runs", server.name, run_id, made))}

    def _update(self, params: Params, _: Call) -> Params:
        given: Params = {member: params[member] for member in ("status", "end_time", "run_name") if member in params}
        server = self._servers.open(params)
        with self._shelf.writing():
            record = active(self._shelf, server.name, params)
            if name := given.get("run_name"):
                given["tags"] = {**record["tags"], NAME_TAG: name}
            changed = self._shelf.put("runs", server.name, record["run_id"], {**record, **given})
        return {"run_info": _info(changed)}

    def _mark(self, stage: str) -> Handler:
        def handle(params: Params, _: Call) -> Params:
            server = self._servers.open(params)
            with self._shelf.writing():
                record = self._shelf.get("runs", server.name, params["run_id"])
                if record["lifecycle_stage"] == stage:
                    raise invalid(f"The run {record['run_id']} is {stage} already")
                self._shelf.put("runs", server.name, record["run_id"], {**record, "lifecycle_stage": stage})
            return {}

        return handle

    def _search(self, params: Params, _: Call) -> Params:
        server, terms = self._servers.open(params), query.parse(params.get("filter"))
        wanted, experiments = view(params.get("run_view_type", "ACTIVE_ONLY")), set(params.get("experiment_ids", []))
        found = [
            record
            for record in self._shelf.all("runs", server.name)
            if record["experiment_id"] in experiments
            and wanted(record["lifecycle_stage"])
            and all(term.holds(lookup(record)) for term in terms)
        ]
        newest_first = sorted(found, key=lambda record: (-record["start_time"], record["run_id"]))
        order = params.get("order_by", [])
        ranked = query.ordered(newest_first, order, lambda record, group, key: lookup(record)(group, key))
        rows, following = paged(ranked, params, size=_PAGE)
        return {"runs": [shown(record) for record in rows], "next_page_token": following}

    def _one(self, params: Params) -> Record:
        return self._shelf.get("runs", self._servers.open(params).name, named(params))


def named(params: Params) -> str:
    """The id of the run that a request is about; clients of old call it by another name."""
    run_id = params.get("run_id") or params.get("run_uuid")
    if not run_id:
        raise invalid("Missing value for required parameter 'run_id'.")
    return str(run_id)


def active(shelf: Shelf, server: str, params: Params) -> Record:
    """The run that a request is about. Raises INVALID_PARAMETER_VALUE when it is deleted."""
    record = shelf.get("runs", server, named(params))
    require_active(record, f"run {record['run_id']}")
    return record


def lookup(record: Record) -> query.Lookup:
    """What a filter finds in a run."""

    def find(group: str, key: str) -> Any:
        if group == "metrics":
            return record["metrics"].get(key, {}).get("value")
        if group == "datasets":
            return next((entry["dataset"].get(key) for entry in record["datasets"]), None)
        return record[group].get(key) if group in ("params", "tags") else record.get(key)

    return find


def shown(record: Record) -> Record:
    """A run as the API shows it: its newest metrics, not their histories."""
    return {
        "info": _info(record),
        "data": {
            "metrics": list(record["metrics"].values()),
            "params": pairs(record["params"]),
            "tags": pairs(record["tags"]),
        },
        "inputs": {"dataset_inputs": record["datasets"], "model_inputs": record["inputs"]},
        "outputs": {"model_outputs": record["outputs"]},
    }


def _info(record: Record) -> Record:
    return {**{member: record.get(member) for member in _INFO}, "run_uuid": record["run_id"]}
