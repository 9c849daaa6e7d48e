"""Tracking servers: made, started, stopped, updated, deleted, as SageMaker's own API has them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.errors import AwsError
from local.front import Handler
from local.mlflow.address import PREFIX
from local.mlflow.errors import invalid, missing
from local.sagemaker.context import Context
from local.sagemaker.derived import kinds
from local.sagemaker.errors import S3Error
from local.sagemaker.resources import Record
from local.sagemaker.s3 import split
from local.sagemaker.structural import Plain
from local.wire import Call

Params = dict[str, Any]

_VERSION: Final = "3.0.0"
"""The one that a server has when none is asked for (Developer Guide, "MLflow tracking server versions")."""
_ENDS: Final[Mapping[str, str]] = {
    "Creating": "Created",
    "Starting": "Started",
    "Stopping": "Stopped",
    "Updating": "Updated",
}
"""What comes of a server that is on its way; one that is `Deleting` goes."""


@dataclass(frozen=True)
class Server:
    """A tracking server that answers: its name, where its artifacts lie, and the role in which it reads them."""

    name: str
    artifacts: str
    role_arn: str


class Servers:
    """Handlers of `sagemaker` over the store. `begun` and `gone` are told the names of servers that come and go."""

    def __init__(self, context: Context) -> None:
        self._context, self._store = context, context.store
        self._kind = kinds()["MlflowTrackingServer"]
        self._plain = Plain(context.store, self._kind, context.identities.user_context)
        self.begun: Any = lambda server: None
        self.gone: Any = lambda name: None

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {
            "CreateMlflowTrackingServer": self._create,
            "DescribeMlflowTrackingServer": self._describe,
            "ListMlflowTrackingServers": self._plain.page,
            "UpdateMlflowTrackingServer": self._update,
            "DeleteMlflowTrackingServer": self._delete,
            "StartMlflowTrackingServer": self._start,
            "StopMlflowTrackingServer": self._stop,
            "CreatePresignedMlflowTrackingServerUrl": self._presign,
        }

    def open(self, params: Params) -> Server:
        """The server that a request of MLflow's API is for. Raises AwsError in MLflow's words unless it is active."""
        arn = params.get("tracking_server_arn", "")
        return self.named(arn.rpartition("/")[2])

    def named(self, name: str) -> Server:
        """An active server by its name. Raises AwsError in MLflow's words."""
        if not name:
            raise invalid("The request names no tracking server in the header x-mlflow-sm-tracking-server-arn.")
        try:
            record = self._store.get(self._kind, name)
        except AwsError as error:
            raise missing(f"Tracking server {name} does not exist.") from error
        if record["IsActive"] != "Active":
            status = record["TrackingServerStatus"]
            raise invalid(f"Tracking server {name} is {status}: StartMlflowTrackingServer brings it back.")
        return Server(name.lower(), record["ArtifactStoreUri"].rstrip("/"), record["RoleArn"])

    def url(self, name: str) -> str:
        """Where clients that do not sign find a server, and browsers its pages."""
        return f"{self._context.services.endpoint_url}{PREFIX}{name}"

    def resume(self) -> None:
        """Bring to its end what was on its way."""
        for record in self._store.all(self._kind):
            if record["TrackingServerStatus"] in (*_ENDS, "Deleting"):
                self._settle(record["TrackingServerName"])

    def _create(self, params: Params, call: Call) -> Params:
        self._context.identities.check(params["RoleArn"])
        _check_store(params)
        members = {
            "TrackingServerSize": "Small",
            "MlflowVersion": _VERSION,
            "AutomaticModelRegistration": False,
            **params,
            "TrackingServerStatus": "Creating",
            "IsActive": "Inactive",
        }
        made = self._plain.create(members, call)
        self._settle(params["TrackingServerName"])
        return made

    def _describe(self, params: Params, call: Call) -> Params:
        shown = self._plain.describe(params, call)
        return {**shown, "TrackingServerUrl": self.url(shown["TrackingServerName"])}

    def _update(self, params: Params, call: Call) -> Params:
        _check_store(params)
        _require_rest(self._store.get(self._kind, params["TrackingServerName"]))
        answer = self._plain.update(params, call)
        self._move(params, "Updating")
        return answer

    def _delete(self, params: Params, _: Call) -> Params:
        return self._move(params, "Deleting")

    def _start(self, params: Params, _: Call) -> Params:
        return self._move(params, "Starting", unless="Active", told="runs")

    def _stop(self, params: Params, _: Call) -> Params:
        return self._move(params, "Stopping", unless="Inactive", told="is stopped")

    def _presign(self, params: Params, _: Call) -> Params:
        record = self._store.get(self._kind, params["TrackingServerName"])
        if record["IsActive"] != "Active":
            status = record["TrackingServerStatus"]
            raise AwsError("ValidationException", f"Tracking server {record['TrackingServerName']} is {status}.")
        return {"AuthorizedUrl": f"{self.url(record['TrackingServerName'])}/auth?authToken={secrets.token_urlsafe(32)}"}

    def _move(self, params: Params, status: str, *, unless: str = "", told: str = "") -> Params:
        """Set a server on its way that is at rest; of several calls at once one does. Raises ConflictException."""
        active = {"Stopping": "Inactive", "Deleting": "Inactive"}.get(status)

        def moving(record: Record) -> Params:
            _require_rest(record)
            if record["IsActive"] == unless:
                raise AwsError("ConflictException", f"Tracking server {record['TrackingServerName']} {told} already.")
            return {"TrackingServerStatus": status, **({"IsActive": active} if active else {})}

        record = self._store.edit(self._kind, params["TrackingServerName"], moving)
        self._settle(params["TrackingServerName"])
        return {"TrackingServerArn": record["TrackingServerArn"]}

    def _settle(self, name: str) -> None:
        """Bring a server where it is going, after the call has answered."""
        self._context.workers.start(f"tracking server {name}", lambda: self._arrive(name))

    def _arrive(self, name: str) -> None:
        record = self._store.get(self._kind, name)
        status = record["TrackingServerStatus"]
        if status == "Deleting":
            self.gone(name.lower())
            self._store.remove(self._kind, name)
            return
        if status == "Creating":
            self.begun(Server(name.lower(), record["ArtifactStoreUri"].rstrip("/"), record["RoleArn"]))
        active = {"Stopping": "Inactive", "Updating": record["IsActive"]}.get(status, "Active")
        self._store.change(self._kind, name, TrackingServerStatus=_ENDS[status], IsActive=active)


def _require_rest(record: Record) -> None:
    if record["TrackingServerStatus"] in (*_ENDS, "Deleting"):
        status = record["TrackingServerStatus"]
        raise AwsError("ConflictException", f"Tracking server {record['TrackingServerName']} is {status}.")


def _check_store(params: Params) -> None:
    if "ArtifactStoreUri" not in params:
        return
    try:
        split(params["ArtifactStoreUri"])
    except S3Error as error:
        raise AwsError("ValidationException", f"ArtifactStoreUri must name a bucket: {error}") from error
