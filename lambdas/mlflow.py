"""MLflow's REST API on SageMaker's managed tracking servers: signed, repeated where that may help, without a library.

All servers of a region share one address, and a header tells which one is meant (github aws/sagemaker-mlflow).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError

from lambdas.errors import TrackingError

SERVICE: Final = "sagemaker-mlflow"
"""The name that requests are signed for."""
_ARN_HEADER: Final = "x-mlflow-sm-tracking-server-arn"
_API: Final = "/api/2.0/mlflow/"
_ATTEMPTS: Final = 4
_PASSING: Final = (429, 500, 502, 503, 504)
_NOT_THERE: Final = "RESOURCE_DOES_NOT_EXIST"
_TAKEN: Final = "RESOURCE_ALREADY_EXISTS"
_MOST_PARAMS: Final = 100
_MOST_METRICS: Final = 1000
"""What a batch may hold (MLflow REST API, "Log Batch")."""

_SHOWN: Final = 500
"""Characters of an answer that is not MLflow's."""


class Sender(Protocol):
    """Sends prepared requests: botocore's URLLib3Session."""

    def send(self, request: Any) -> Any:
        """The answer, with `status_code` and `content`."""
        ...


class Mlflow:
    """A client of one tracking server. `server` is its ARN; raises TrackingError with MLflow's own words."""

    def __init__(
        self, server: str, *, endpoint: str, session: Any, sender: Sender, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._server, self._endpoint = server, endpoint.rstrip("/")
        self._session, self._sender, self._pause = session, sender, pause
        self._region = server.split(":")[3]

    def experiment(self, name: str) -> str:
        """The id of an experiment, which is made unless it is there."""
        try:
            return str(self._get("experiments/get-by-name", experiment_name=name)["experiment"]["experiment_id"])
        except TrackingError as error:
            if error.code != _NOT_THERE:
                raise
        try:
            return str(self._post("experiments/create", name=name)["experiment_id"])
        except TrackingError as error:
            if error.code != _TAKEN:
                raise
        return self.experiment(name)  # somebody else was quicker

    def runs(self, experiment: str, *, text: str = "", limit: int) -> list[dict[str, Any]]:
        """The newest runs of an experiment that a filter lets pass, deleted ones among them."""
        asked = {"experiment_ids": [experiment], "filter": text, "max_results": limit}
        found = self._post("runs/search", **asked, run_view_type="ALL")
        return list(found.get("runs", []))

    def create(self, experiment: str, *, name: str, start: int, tags: Mapping[str, str]) -> dict[str, Any]:
        """A new run; `start` in milliseconds."""
        made = self._post(
            "runs/create", experiment_id=experiment, run_name=name, start_time=start, tags=list(_pairs(tags))
        )
        return dict(made["run"])

    def log(self, run_id: str, *, params: Mapping[str, str], metrics: Mapping[str, float], at: int) -> None:
        """Parameters and metrics of a run; `at` in milliseconds."""
        for part in _parts(list(_pairs(params)), _MOST_PARAMS):
            self._post("runs/log-batch", run_id=run_id, params=part)
        rows = [{"key": key, "value": value, "timestamp": at, "step": 0} for key, value in metrics.items()]
        for part in _parts(rows, _MOST_METRICS):
            self._post("runs/log-batch", run_id=run_id, metrics=part)

    def tag(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Tags of a run, in place of those of the same names."""
        for part in _parts(list(_pairs(tags)), _MOST_PARAMS):
            self._post("runs/log-batch", run_id=run_id, tags=part)

    def inputs(self, run_id: str, datasets: Sequence[Mapping[str, Any]]) -> None:
        """The data sets that a run was made of."""
        if datasets:
            self._post("runs/log-inputs", run_id=run_id, datasets=list(datasets))

    def end(self, run_id: str, *, status: str, at: int) -> None:
        """How a run ended: FINISHED, FAILED or KILLED; `at` in milliseconds."""
        self._post("runs/update", run_id=run_id, status=status, end_time=at)

    def delete(self, run_id: str) -> None:
        """Take a run out of sight."""
        self._post("runs/delete", run_id=run_id)

    def _get(self, path: str, **asked: str) -> dict[str, Any]:
        return self._call("GET", f"{path}?{urlencode(asked, quote_via=quote)}", None)

    def _post(self, path: str, **body: Any) -> dict[str, Any]:
        return self._call("POST", path, json.dumps(body).encode())

    def _call(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        what = f"{method} {path.partition('?')[0]}"
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                answer = self._sender.send(self._signed(method, f"{self._endpoint}{_API}{path}", body))
            except BotoCoreError as error:
                if attempt == _ATTEMPTS:
                    raise TrackingError(f"{self._endpoint} does not answer: {error}") from error
            else:
                if answer.status_code < 400:
                    return _object(answer, of=what)
                if answer.status_code not in _PASSING or attempt == _ATTEMPTS:
                    raise _refused(what, answer)
            self._pause(2**attempt / 10)
        raise AssertionError("the last attempt returns or raises")

    def _signed(self, method: str, url: str, body: bytes | None) -> Any:
        request = AWSRequest(method=method, url=url, data=body, headers={_ARN_HEADER: self._server})
        if body is not None:
            request.headers["Content-Type"] = "application/json"
        SigV4Auth(self._session.get_credentials(), SERVICE, self._region).add_auth(request)
        return request.prepare()


def address(region: str, environ: Mapping[str, str]) -> str:
    """Where the tracking servers of a region answer, or where the environment says.

    The plugin of AWS's has a variable of its own, AWS's SDKs have one for each service and one for all (AWS SDKs and
    Tools Reference Guide, "Service-specific endpoints").
    """
    named = ("SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT", "AWS_ENDPOINT_URL_SAGEMAKER_MLFLOW", "AWS_ENDPOINT_URL")
    given = (environ[name] for name in named if environ.get(name))
    return next(given, f"https://{region}.experiments.sagemaker.aws")


def _object(answer: Any, *, of: str) -> dict[str, Any]:
    try:
        return dict(json.loads(answer.content or b"{}"))
    except (ValueError, TypeError) as error:
        said = answer.content[:_SHOWN].decode(errors="replace")
        raise TrackingError(f"{of} is not answered by MLflow, which speaks JSON: {said}") from error


def _refused(what: str, answer: Any) -> TrackingError:
    try:
        said = json.loads(answer.content)
        code, message = str(said.get("error_code", "")), str(said.get("message", ""))
    except (ValueError, AttributeError):
        code, message = "", answer.content[:_SHOWN].decode(errors="replace")
    return TrackingError(f"MLflow refuses {what} with {answer.status_code} {code}: {message}", code=code)


def _pairs(values: Mapping[str, str]) -> Iterator[dict[str, str]]:
    return ({"key": key, "value": value} for key, value in values.items())


def _parts(rows: list[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))
