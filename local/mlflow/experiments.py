"""Experiments: named groups of runs (MLflow REST API, "Create Experiment" and those that follow)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from local import paging
from local.front import Handler
from local.mlflow import query
from local.mlflow.errors import invalid, missing, taken
from local.mlflow.servers import Servers
from local.mlflow.shelf import Record, Shelf
from local.wire import Call

Params = dict[str, Any]

DEFAULT: Final = "0"
"""The experiment of runs that name none; every server has it."""
ACTIVE: Final = "active"
DELETED: Final = "deleted"
_PAGE: Final = 1000


class Experiments:
    """Handlers over the shelf."""

    def __init__(self, shelf: Shelf, servers: Servers) -> None:
        self._shelf, self._servers = shelf, servers

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {
            "CreateExperiment": self._create,
            "GetExperiment": self._get,
            "GetExperimentByName": self._get_by_name,
            "SearchExperiments": self._search,
            "UpdateExperiment": self._rename,
            "DeleteExperiment": self._mark(DELETED),
            "RestoreExperiment": self._mark(ACTIVE),
            "SetExperimentTag": self._tag,
        }

    def _create(self, params: Params, _: Call) -> Params:
        server = self._servers.open(params)
        with self._shelf.writing():
            self._require_free(server.name, params["name"])
            found = self._shelf.all("experiments", server.name)
            number = str(max((int(record["experiment_id"]) for record in found), default=0) + 1)
            location = params.get("artifact_location") or f"{server.artifacts}/{number}"
            made = experiment(number, params["name"], location=location, now=self._shelf.now())
            tags = {tag["key"]: tag.get("value", "") for tag in params.get("tags", [])}
            self._shelf.put("experiments", server.name, number, {**made, "tags": tags})
        return {"experiment_id": number}

    def _get(self, params: Params, _: Call) -> Params:
        server = self._servers.open(params)
        return {"experiment": shown(self._shelf.get("experiments", server.name, params["experiment_id"]))}

    def _get_by_name(self, params: Params, _: Call) -> Params:
        server, name = self._servers.open(params), params["experiment_name"]
        for record in self._shelf.all("experiments", server.name):
            if record["name"] == name:
                return {"experiment": shown(record)}
        raise missing(f"Could not find experiment with name '{name}'")

    def _search(self, params: Params, _: Call) -> Params:
        server, terms = self._servers.open(params), query.parse(params.get("filter"))
        wanted = view(params.get("view_type", "ACTIVE_ONLY"))
        found = [
            record
            for record in self._shelf.all("experiments", server.name)
            if wanted(record["lifecycle_stage"]) and all(term.holds(_lookup(record)) for term in terms)
        ]
        newest_first = sorted(found, key=lambda record: (-record["creation_time"], -int(record["experiment_id"])))
        order = params.get("order_by", [])
        ranked = query.ordered(newest_first, order, lambda record, group, key: _lookup(record)(group, key))
        rows, following = paged(ranked, params, size=_PAGE)
        return {"experiments": [shown(record) for record in rows], "next_page_token": following}

    def _rename(self, params: Params, _: Call) -> Params:
        if "new_name" not in params:
            raise invalid("new_name must be given")
        server = self._servers.open(params)
        with self._shelf.writing():
            record = self._shelf.get("experiments", server.name, params["experiment_id"])
            require_active(record, f"experiment {record['experiment_id']}")
            self._require_free(server.name, params["new_name"])
            self._change(server.name, record, name=params["new_name"])
        return {}

    def _mark(self, stage: str) -> Handler:
        def handle(params: Params, _: Call) -> Params:
            server = self._servers.open(params)
            with self._shelf.writing():
                record = self._shelf.get("experiments", server.name, params["experiment_id"])
                if record["lifecycle_stage"] == stage:
                    raise missing(f"The experiment {record['experiment_id']} is {stage} already")
                self._change(server.name, record, lifecycle_stage=stage)
            return {}

        return handle

    def _tag(self, params: Params, _: Call) -> Params:
        server = self._servers.open(params)
        with self._shelf.writing():
            record = self._shelf.get("experiments", server.name, params["experiment_id"])
            require_active(record, f"experiment {record['experiment_id']}")
            self._change(server.name, record, tags={**record["tags"], params["key"]: params["value"]})
        return {}

    def _change(self, server: str, record: Record, **members: Any) -> None:
        changed = {**record, **members, "last_update_time": self._shelf.now()}
        self._shelf.put("experiments", server, record["experiment_id"], changed)

    def _require_free(self, server: str, name: str) -> None:
        for record in self._shelf.all("experiments", server):
            if record["name"] == name:
                deleted = " It is deleted: restore it, or choose another name." * (record["lifecycle_stage"] == DELETED)
                raise taken(f"Experiment(name={name}) already exists.{deleted}")


def experiment(number: str, name: str, *, location: str, now: int) -> Record:
    """A new experiment without tags."""
    return {
        "experiment_id": number,
        "name": name,
        "artifact_location": location,
        "lifecycle_stage": ACTIVE,
        "creation_time": now,
        "last_update_time": now,
        "tags": {},
    }


def require_active(record: Record, what: str) -> None:
    """Raise INVALID_PARAMETER_VALUE for what is deleted."""
    if record["lifecycle_stage"] != ACTIVE:
        raise invalid(f"The {what} must be in the 'active' state. Current state is {record['lifecycle_stage']}.")


def view(wanted: str) -> Callable[[str], bool]:
    """Whether a ViewType shows a lifecycle stage."""
    return lambda stage: wanted == "ALL" or (wanted == "DELETED_ONLY") == (stage == DELETED)


def paged(rows: list[Record], params: Params, *, size: int) -> tuple[list[Record], str | None]:
    """The page that a request asks for, and the token of the next one."""
    asked = params.get("max_results") or size
    return paging.page(rows, size=asked, token=params.get("page_token"), code="INVALID_PARAMETER_VALUE")


def pairs(members: dict[str, str]) -> list[Record]:
    """Tags or parameters as the API lists them."""
    return [{"key": key, "value": value} for key, value in members.items()]


def shown(record: Record) -> Record:
    """An experiment as the API shows it."""
    return {**record, "tags": pairs(record["tags"])}


def _lookup(record: Record) -> query.Lookup:
    return lambda group, key: record["tags"].get(key) if group == "tags" else record.get(key)
