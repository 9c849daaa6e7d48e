"""The operations of IAM and STS whose answers are the evaluator's; all others are moto's."""

from __future__ import annotations

from typing import Any

from local.front import Family
from local.iam.enforcement import Enforcement
from local.iam.simulation import Simulator
from local.wire import Call

Params = dict[str, Any]


class Identities:
    """The policy simulator, and who a caller is."""

    def __init__(self, guard: Enforcement) -> None:
        self._guard = guard
        self._simulator = Simulator(guard.issued, account=guard.account)

    def families(self) -> list[Family]:
        """Some operations of IAM and STS, which are moto's otherwise."""
        simulating = {
            "SimulateCustomPolicy": lambda params, _: self._simulator.of_custom(params),
            "SimulatePrincipalPolicy": lambda params, _: self._simulator.of_principal(params),
        }
        return [
            Family("iam", simulating, shared=True),
            Family("sts", {"GetCallerIdentity": self._caller_identity}, shared=True),
        ]

    def resume(self) -> None:
        """Nothing is under way here."""

    def close(self) -> None:
        """Nothing runs here."""

    def _caller_identity(self, _: Params, call: Call) -> Params:
        caller = self._guard.issued.caller(call.access_key_id)
        return {"UserId": caller.id or self._guard.account, "Account": self._guard.account, "Arn": caller.arn}
