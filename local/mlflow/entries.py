"""What is written into runs: parameters, metrics with their histories, tags, data sets (MLflow REST API, "Log …")."""

from __future__ import annotations

import json
from typing import Any, Final

from local.front import Handler
from local.mlflow.errors import invalid, missing
from local.mlflow.experiments import paged
from local.mlflow.runs import active, named
from local.mlflow.servers import Servers
from local.mlflow.shelf import Point, Record, Shelf
from local.wire import Call

Params = dict[str, Any]

_HISTORY_TAG: Final = "mlflow.log-model.history"
_PAGE: Final = 25_000
_MOST: Final = {"metrics": 1000, "params": 100, "tags": 100}
_MOST_TOGETHER: Final = 1000
"""What a batch may hold (MLflow REST API, "Log Batch")."""


class Entries:
    """Handlers over the shelf."""

    def __init__(self, shelf: Shelf, servers: Servers) -> None:
        self._shelf, self._servers = shelf, servers

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {
            "LogMetric": lambda params, _: self._write(params, metrics=[params]),
            "LogParam": lambda params, _: self._write(params, params=[params]),
            "SetTag": lambda params, _: self._write(params, tags=[params]),
            "LogBatch": self._batch,
            "DeleteTag": self._delete_tag,
            "LogInputs": self._inputs,
            "LogOutputs": self._outputs,
            "LogModel": self._model,
            "GetMetricHistory": self._history,
        }

    def _batch(self, params: Params, _: Call) -> Params:
        parts = {part: params.get(part, []) for part in _MOST}
        for part, entries in parts.items():
            if len(entries) > _MOST[part]:
                raise invalid(f"A batch logging request can contain at most {_MOST[part]} {part}. Got {len(entries)}.")
        if sum(map(len, parts.values())) > _MOST_TOGETHER:
            raise invalid(f"A batch logging request can contain at most {_MOST_TOGETHER} entries in all.")
        return self._write(params, **parts)

    def _write(self, about: Params, **parts: list[Record]) -> Params:
        """Write all or nothing into the run that `about` names."""
        server = self._servers.open(about)
        with self._shelf.writing():
            record = active(self._shelf, server.name, about)
            kept = {
                "params": _joined(record, parts.get("params", [])),
                "tags": {**record["tags"], **{tag["key"]: tag.get("value", "") for tag in parts.get("tags", [])}},
            }
            name = kept["tags"].get("mlflow.runName", record["run_name"])
            points = _points(parts.get("metrics", []))
            kept["metrics"] = {**record["metrics"], **_newest(record, points)}
            for key, found in points.items():
                self._shelf.append(server.name, record["run_id"], key, found)
            self._shelf.put("runs", server.name, record["run_id"], {**record, **kept, "run_name": name})
        return {}

    def _delete_tag(self, params: Params, _: Call) -> Params:
        server, key = self._servers.open(params), params["key"]
        with self._shelf.writing():
            record = active(self._shelf, server.name, params)
            if key not in record["tags"]:
                raise missing(f"No tag with name: {key} in run with id {record['run_id']}")
            tags = {name: value for name, value in record["tags"].items() if name != key}
            self._shelf.put("runs", server.name, record["run_id"], {**record, "tags": tags})
        return {}

    def _inputs(self, params: Params, _: Call) -> Params:
        return self._add(params, datasets=params.get("datasets", []), inputs=params.get("models", []))

    def _outputs(self, params: Params, _: Call) -> Params:
        return self._add(params, outputs=params.get("models", []))

    def _add(self, params: Params, **more: list[Record]) -> Params:
        server = self._servers.open(params)
        with self._shelf.writing():
            record = active(self._shelf, server.name, params)
            added = {
                part: [*record[part], *(e for e in given if e not in record[part])] for part, given in more.items()
            }
            self._shelf.put("runs", server.name, record["run_id"], {**record, **added})
        return {}

    def _model(self, params: Params, _: Call) -> Params:
        server = self._servers.open(params)
        try:
            model = json.loads(params["model_json"])
        except ValueError as error:
            raise invalid(f"Malformed model info. model_json is no JSON: {error}") from error
        with self._shelf.writing():
            record = active(self._shelf, server.name, params)
            history = [*json.loads(record["tags"].get(_HISTORY_TAG, "[]")), model]
            tags = {**record["tags"], _HISTORY_TAG: json.dumps(history)}
            self._shelf.put("runs", server.name, record["run_id"], {**record, "tags": tags})
        return {}

    def _history(self, params: Params, _: Call) -> Params:
        server, run_id, key = self._servers.open(params), named(params), params["metric_key"]
        self._shelf.get("runs", server.name, run_id)
        points = [_metric(key, point) for point in self._shelf.history(server.name, run_id, key)]
        rows, following = paged(points, params, size=_PAGE)
        return {"metrics": rows, "next_page_token": following}


def _joined(record: Record, given: list[Record]) -> dict[str, str]:
    """The parameters of a run with those given, which may not say otherwise than what was logged before."""
    joined = dict(record["params"])
    for param in given:
        key, value = param["key"], param.get("value", "")
        if joined.setdefault(key, value) != value:
            raise invalid(
                f"Changing param values is not allowed. Param with key='{key}' was already logged with "
                f"value='{joined[key]}' for run ID='{record['run_id']}'. Attempted logging new value '{value}'."
            )
    return joined


def _points(given: list[Record]) -> dict[str, list[Point]]:
    found: dict[str, list[Point]] = {}
    for metric in given:
        point = (metric["value"], metric["timestamp"], metric.get("step", 0))
        found.setdefault(metric["key"], []).append(point)
    return found


def _newest(record: Record, points: dict[str, list[Point]]) -> dict[str, Record]:
    """The point of each metric that counts: of the last step, then the latest, then the greatest."""
    newest: dict[str, Record] = {}
    for key, found in points.items():
        before = record["metrics"].get(key)
        known = [(before["value"], before["timestamp"], before["step"])] if before else []
        newest[key] = _metric(key, max([*known, *found], key=lambda point: (point[2], point[1], point[0])))
    return newest


def _metric(key: str, point: Point) -> Record:
    return {"key": key, "value": point[0], "timestamp": point[1], "step": point[2]}
