"""Who calls: the IAM identity behind an access key."""

from __future__ import annotations

import threading
from typing import Any

from local.services import Services
from local.wire import Call


class Identities:
    """Asks STS once per access key."""

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

    def _ask(self, access_key_id: str) -> dict[str, Any]:
        session: Any = self._services.session()
        # The signature is not checked, so the caller's key alone speaks as the caller.
        sts = session.client("sts", aws_access_key_id=access_key_id, aws_secret_access_key="unused")
        identity = sts.get_caller_identity()
        return {"Arn": identity["Arn"], "PrincipalId": identity["UserId"]}
