"""What a new resource of a plain kind has besides what its caller gives, and what is refused in it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from local.errors import UnsupportedLocally
from local.sagemaker.facts import DEFAULTS
from local.sagemaker.kinds import Kind

Params = dict[str, Any]


def made(kind: Kind, params: Params) -> Params:
    """The members of a new record of a kind. Raises UnsupportedLocally for what would have to run."""
    settled = {kind.status_member: kind.settled} if kind.settled else {}
    added = _ADDED.get(kind.name)
    return {**DEFAULTS.get(kind.name, {}), **settled, **params, **(added(params) if added else {})}


def _human_task_ui(params: Params) -> Params:
    # Shown by its hash alone, since there is no address at which AWS would show it.
    return {"UiTemplate": {"ContentSha256": hashlib.sha256(params["UiTemplate"]["Content"].encode()).hexdigest()}}


def _device_fleet(params: Params) -> Params:
    # API reference, "CreateDeviceFleet": how the alias is called that it makes on demand.
    alias = f"SageMakerEdge-{params['DeviceFleetName']}"
    return {"IotRoleAlias": alias} if params.get("EnableIotRoleAlias") else {}


def _algorithm(params: Params) -> Params:
    if "ValidationSpecification" in params:
        raise UnsupportedLocally(
            "CreateAlgorithm with ValidationSpecification", reason="its training and transform jobs do not run here"
        )
    return {}


_ADDED: Final[Mapping[str, Callable[[Params], Params]]] = {
    "Algorithm": _algorithm,
    "DeviceFleet": _device_fleet,
    "HumanTaskUi": _human_task_ui,
}
