"""Who calls, and how to call as a role."""

from __future__ import annotations

import threading
from typing import Any

from local.errors import ValidationError
from local.roles import Clients, NotAssumable, Principal
from local.services import Services
from local.wire import Call

_SERVICE = "sagemaker.amazonaws.com"
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

    def acting(self, role_arn: str) -> Clients:
        """Clients that call the cloud as a role. Raises NotAssumable."""
        return acting(self._services, role_arn)

    def environ(self, role_arn: str) -> dict[str, str]:
        """Credentials of a role for a child process. Raises NotAssumable."""
        return self._services.roles.credentials(_principal(role_arn)).environ()

    def check(self, role_arn: str) -> None:
        """Raise ValidationError unless SageMaker can assume the role."""
        try:
            self._services.roles.check(role_arn, service=_SERVICE)
        except NotAssumable as error:
            raise ValidationError(
                f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
                f"'{_SERVICE}' to assume the role."
            ) from error

    def _ask(self, access_key_id: str) -> dict[str, Any]:
        identity = self._services.roles.calling(access_key_id).client("sts").get_caller_identity()
        return {"Arn": identity["Arn"], "PrincipalId": identity["UserId"]}


def acting(services: Services, role_arn: str) -> Clients:
    """Clients with which SageMaker works for a job, an execution or a model, in its role. Raises NotAssumable."""
    return services.roles.acting(_principal(role_arn))


def _principal(role_arn: str) -> Principal:
    return Principal(role_arn, _SERVICE, _SESSION_NAME)
