"""Who calls, and how to call as a role."""

from __future__ import annotations

import functools
import threading
from typing import Any

from local.services import Services
from local.wire import Call

_SESSION_NAME = "SageMaker"  # what SageMaker calls its own sessions


class Identities:
    """Asks STS, once per access key."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def user_context(self, call: Call) -> dict[str, Any]:
        """The caller as SageMaker's UserContext (API reference, "UserContext")."""
        key = call.access_key_id
        with self._lock:
            known = self._known.get(key)
        if known is None:
            known = self._ask(key)
            with self._lock:
                self._known[key] = known
        return {"IamIdentity": known}

    def credentials(self, role_arn: str) -> dict[str, str]:
        """Credentials of a session of a role, under boto3's names for them."""
        given = self._services.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=_SESSION_NAME)["Credentials"]
        return {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }

    def client(self, name: str, *, role_arn: str) -> Any:
        """A boto3 client that calls the cloud as a role."""
        credentials = self.credentials(role_arn)
        with self._lock:
            return self._session.client(name, **credentials)

    def _ask(self, access_key_id: str) -> dict[str, Any]:
        # The signature is not checked, so the caller's key alone speaks as the caller.
        with self._lock:
            sts = self._session.client("sts", aws_access_key_id=access_key_id, aws_secret_access_key="unused")
        identity = sts.get_caller_identity()
        return {"Arn": identity["Arn"], "PrincipalId": identity["UserId"]}

    @functools.cached_property
    def _session(self) -> Any:
        # One for all: a session reads its service models (0.2 s) once. Asked for late, as every client is.
        return self._services.session()
