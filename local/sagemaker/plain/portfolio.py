"""Whether SageMaker's portfolio of project templates is enabled: a switch, and no more than that."""

from __future__ import annotations

from typing import Any

from local.front import Handler
from local.sagemaker.structural import Kept
from local.state import State
from local.wire import Call


def portfolio(state: State) -> dict[str, Handler]:
    """Enable…, Disable… and Get…Status of SagemakerServicecatalogPortfolio."""
    switches = state.table("sagemaker.switches")
    name = "SagemakerServicecatalogPortfolio"

    def switch(enabled: bool) -> Handler:
        def handle(_: dict[str, Any], __: Call) -> dict[str, Any]:
            switches[name] = enabled
            return {}

        return Kept(handle)

    def status(_: dict[str, Any], __: Call) -> dict[str, Any]:
        return {"Status": "Enabled" if switches.get(name) else "Disabled"}

    return {f"Enable{name}": switch(True), f"Disable{name}": switch(False), f"Get{name}Status": Kept(status)}
