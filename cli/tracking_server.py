"""A stage's MLflow tracking server, as far as commands read it: signed requests to MLflow's REST API."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any, Final, Protocol

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session

from cli.connection import LOCAL, Connection
from cli.errors import CliError, WrongUseError
from env import naming

_SERVICE: Final = "sagemaker-mlflow"
_NOT_THERE: Final = "RESOURCE_DOES_NOT_EXIST"
_PAGE: Final = 200
_REFUSED: Final = 400


class _Refused(CliError):
    """The server has refused a request; `code` is MLflow's."""

    def __init__(self, told: str, *, code: str) -> None:
        super().__init__(f"the tracking server says no: {told}")
        self.told, self.code = told, code


class Sender(Protocol):
    """Sends prepared requests: botocore's URLLib3Session."""

    def send(self, request: Any) -> Any:
        """The answer, with `status_code` and `content`."""
        ...


def runs(
    connection: Connection, model: str, *, text: str, limit: int, sender: Sender | None = None
) -> list[dict[str, Any]]:
    """The newest runs of a model that a filter of MLflow's lets pass, newest first; none of one that never ran.

    Raises WrongUseError for a stage that tracks no runs, CliError for what the server refuses.
    """
    require(connection)
    server = _Server(connection, sender or URLLib3Session(timeout=30))
    try:
        found = server.call("GET", f"experiments/get-by-name?experiment_name={model}")["experiment"]
    except _Refused as error:
        if error.code == _NOT_THERE and "experiment" in error.told:
            return []
        raise
    return list(server.found(found["experiment_id"], text=text, limit=limit))


def pages(connection: Connection) -> str:
    """An address at which a browser sees MLflow's own pages, for as long as AWS gives it: five minutes to begin."""
    require(connection)
    server = naming.tracking_server(connection.stage)
    client = connection.client("sagemaker")
    url: str = client.create_presigned_mlflow_tracking_server_url(TrackingServerName=server)["AuthorizedUrl"]
    return url


def require(connection: Connection) -> None:
    """Raise WrongUseError for a stage that has no tracking server."""
    if connection.stage.tracking is None:
        name = connection.stage.name
        remedy = f'add [tracking] with server = "Small" to env/{name}.toml and run `sluice deploy {name}`'
        raise WrongUseError(f"stage {name} tracks no runs: {remedy} (AWS bills the server by the hour)")


class _Server:
    """The tracking server of a connection's stage."""

    def __init__(self, connection: Connection, sender: Sender) -> None:
        self._connection, self._sender = connection, sender

    def found(self, experiment: str, *, text: str, limit: int) -> Iterator[dict[str, Any]]:
        asked: dict[str, Any] = {"experiment_ids": [experiment], "filter": text, "max_results": min(limit, _PAGE)}
        left = limit
        while left > 0:
            page = self.call("POST", "runs/search", body=asked)
            rows = page.get("runs", [])[:left]
            yield from rows
            left -= len(rows)
            if not page.get("next_page_token"):
                return
            asked = {**asked, "page_token": page["next_page_token"]}

    def call(self, method: str, path: str, *, body: dict[str, Any] | None = None) -> dict[str, Any]:
        url = f"{_address(self._connection)}/api/2.0/mlflow/{path}"
        try:
            answer = self._sender.send(self._signed(method, url, body))
        except BotoCoreError as error:
            raise CliError(f"the tracking server does not answer at {url} ({error})") from error
        said = _json(answer.content)
        if answer.status_code >= _REFUSED:
            told = str(said.get("message") or f"status {answer.status_code}")
            raise _Refused(told, code=str(said.get("error_code", "")))
        return said

    def _signed(self, method: str, url: str, body: dict[str, Any] | None) -> Any:
        stage = self._connection.stage
        headers = {"x-mlflow-sm-tracking-server-arn": naming.tracking_server_arn(stage)}
        if body is not None:
            headers["Content-Type"] = "application/json"
        data = json.dumps(body).encode() if body is not None else None
        request = AWSRequest(method=method, url=url, data=data, headers=headers)
        credentials: Any = self._connection.session.get_credentials()  # there are some: the connection was checked
        SigV4Auth(credentials, _SERVICE, stage.region).add_auth(request)
        return request.prepare()


def _address(connection: Connection) -> str:
    """All tracking servers of a region share one address (github aws/sagemaker-mlflow)."""
    if connection.stage.name == LOCAL:
        return os.environ["AWS_ENDPOINT_URL"].rstrip("/")
    given = os.environ.get("SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT", "").rstrip("/")
    return given or f"https://{connection.stage.region}.experiments.sagemaker.aws"


def _json(content: bytes) -> dict[str, Any]:
    try:
        said = json.loads(content or b"{}")
    except ValueError:
        said = {"message": content[:300].decode(errors="replace")}
    return said if isinstance(said, dict) else {}
