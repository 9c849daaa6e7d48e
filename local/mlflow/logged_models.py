"""Logged models, as `mlflow.<flavour>.log_model` keeps them since MLflow 3 (MLflow REST API, "Create Logged Model")."""

from __future__ import annotations

import uuid
from typing import Any

from local.front import Handler
from local.mlflow import query
from local.mlflow.errors import missing
from local.mlflow.experiments import paged, pairs, require_active
from local.mlflow.servers import Servers
from local.mlflow.shelf import Record, Shelf
from local.wire import Call

Params = dict[str, Any]


class LoggedModels:
    """Handlers over the shelf."""

    def __init__(self, shelf: Shelf, servers: Servers) -> None:
        self._shelf, self._servers = shelf, servers

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {
            "CreateLoggedModel": self._create,
            "GetLoggedModel": self._get,
            "FinalizeLoggedModel": self._finalize,
            "DeleteLoggedModel": self._delete,
            "SearchLoggedModels": self._search,
            "SetLoggedModelTags": self._tag,
            "DeleteLoggedModelTag": self._untag,
            "LogLoggedModelParams": self._log,
        }

    def _create(self, params: Params, _: Call) -> Params:
        server, model_id, now = self._servers.open(params), f"m-{uuid.uuid4().hex}", self._shelf.now()
        with self._shelf.writing():
            experiment = self._shelf.get("experiments", server.name, params["experiment_id"])
            require_active(experiment, f"experiment {experiment['experiment_id']}")
            made = {
                "model_id": model_id,
                "experiment_id": experiment["experiment_id"],
                "name": params.get("name") or f"model-{model_id[2:10]}",
                "creation_timestamp_ms": now,
                "last_updated_timestamp_ms": now,
                "artifact_uri": f"{experiment['artifact_location']}/models/{model_id}/artifacts",
                "status": "LOGGED_MODEL_PENDING",
                "model_type": params.get("model_type"),
                "source_run_id": params.get("source_run_id"),
                "tags": _joined(params.get("tags", [])),
                "params": _joined(params.get("params", [])),
            }
            return {"model": shown(self._shelf.put("models", server.name, model_id, made))}

    def _get(self, params: Params, _: Call) -> Params:
        return {"model": shown(self._shelf.get("models", self._servers.open(params).name, params["model_id"]))}

    def _finalize(self, params: Params, _: Call) -> Params:
        return {"model": shown(self._change(params, lambda _: {"status": params["status"]}))}

    def _delete(self, params: Params, _: Call) -> Params:
        server = self._servers.open(params).name
        with self._shelf.writing():
            self._shelf.drop("models", server, params["model_id"])
        return {}

    def _tag(self, params: Params, _: Call) -> Params:
        given = _joined(params.get("tags", []))
        return {"model": shown(self._change(params, lambda record: {"tags": {**record["tags"], **given}}))}

    def _untag(self, params: Params, _: Call) -> Params:
        def without(record: Record) -> Record:
            if params["tag_key"] not in record["tags"]:
                raise missing(f"No tag with key {params['tag_key']!r} found for logged model {record['model_id']}.")
            return {"tags": {key: value for key, value in record["tags"].items() if key != params["tag_key"]}}

        self._change(params, without)
        return {}

    def _log(self, params: Params, _: Call) -> Params:
        given = _joined(params.get("params", []))
        self._change(params, lambda record: {"params": {**record["params"], **given}})
        return {}

    def _search(self, params: Params, _: Call) -> Params:
        server, terms = self._servers.open(params), query.parse(params.get("filter"))
        found = [
            record
            for record in self._shelf.all("models", server.name)
            if record["experiment_id"] in params["experiment_ids"]
            and all(term.holds(_lookup(record)) for term in terms)
        ]
        newest_first = sorted(found, key=lambda record: -record["creation_timestamp_ms"])
        order = [
            f"{o['field_name']} {'ASC' if o.get('ascending', True) else 'DESC'}" for o in params.get("order_by", [])
        ]
        ranked = query.ordered(newest_first, order, lambda record, group, key: _lookup(record)(group, key))
        rows, following = paged(ranked, params, size=100)
        return {"models": [shown(record) for record in rows], "next_page_token": following}

    def _change(self, params: Params, edit: Any) -> Record:
        server = self._servers.open(params).name
        with self._shelf.writing():
            record = self._shelf.get("models", server, params["model_id"])
            changed = {**record, **edit(record), "last_updated_timestamp_ms": self._shelf.now()}
            return self._shelf.put("models", server, record["model_id"], changed)


def shown(record: Record) -> Record:
    """A logged model as the API shows it."""
    info = {**record, "tags": pairs(record["tags"])}
    return {"info": info, "data": {"params": pairs(record["params"]), "metrics": []}}


def _joined(given: list[Record]) -> dict[str, str]:
    return {entry["key"]: entry.get("value", "") for entry in given}


def _lookup(record: Record) -> query.Lookup:
    def find(group: str, key: str) -> Any:
        if group in ("params", "tags"):
            return record[group].get(key)
        return (
            record.get({"creation_timestamp": "creation_timestamp_ms"}.get(key, key)) if group == "attributes" else None
        )

    return find
