"""Devices of a fleet, as they are registered: none of them is ever heard of."""

from __future__ import annotations

from typing import Any, Final

from local.front import Handler
from local.sagemaker.derived import kinds
from local.sagemaker.kinds import DEVICE
from local.sagemaker.listing import listed
from local.sagemaker.resources import Record, Store
from local.sagemaker.structural import Kept
from local.sagemaker.views import shown
from local.wire import Call

Params = dict[str, Any]

_FLEET: Final = "DeviceFleetName"


def devices(store: Store) -> dict[str, Handler]:
    """Every operation on devices."""
    shelf = _Devices(store)
    return {
        "RegisterDevices": Kept(shelf.register),
        "UpdateDevices": Kept(shelf.update),
        "DeregisterDevices": Kept(shelf.deregister),
        "DescribeDevice": Kept(shelf.describe),
        "ListDevices": Kept(shelf.page),
        "GetDeviceFleetReport": Kept(shelf.report),
    }


class _Devices:
    def __init__(self, store: Store) -> None:
        self._store, self._fleet = store, kinds()["DeviceFleet"]

    def register(self, params: Params, _: Call) -> Params:
        fleet = self._store.get(self._fleet, params[_FLEET])[_FLEET]
        tags = {"Tags": params["Tags"]} if "Tags" in params else {}
        arns = {device["DeviceName"]: self._arn(params, device["DeviceName"]) for device in params["Devices"]}
        for name, arn in arns.items():
            if any(known["DeviceArn"] == arn for known in self._store.all(DEVICE)):
                raise DEVICE.already_exists(name=name, arn=arn)
        with self._store.together():
            for device in params["Devices"]:
                name = device["DeviceName"]
                self._store.add(DEVICE, name, {**device, **tags, _FLEET: fleet}, arn=arns[name])
        return {}

    def update(self, params: Params, _: Call) -> Params:
        with self._store.together():
            for device in params["Devices"]:
                self._store.change(DEVICE, self._arn(params, device["DeviceName"]), **device)
        return {}

    def deregister(self, params: Params, _: Call) -> Params:
        names = dict.fromkeys(params["DeviceNames"])
        with self._store.together():
            for name in names:
                self._store.get(DEVICE, self._arn(params, name))
            for name in names:
                self._store.remove(DEVICE, self._arn(params, name))
        return {}

    def describe(self, params: Params, call: Call) -> Params:
        record = self._store.get(DEVICE, self._arn(params, params["DeviceName"]))
        return shown(call.operation.output_shape, record, DEVICE)

    def page(self, params: Params, call: Call) -> Params:
        return listed(call.operation, params, self._store.all(DEVICE), kind=DEVICE)

    def report(self, params: Params, _: Call) -> Params:
        fleet = self._store.get(self._fleet, params[_FLEET])
        return {**fleet, "DeviceStats": {"ConnectedDeviceCount": 0, "RegisteredDeviceCount": len(self._of(fleet))}}

    def _of(self, fleet: Record) -> list[Record]:
        return [device for device in self._store.all(DEVICE) if device[_FLEET] == fleet[_FLEET]]

    def _arn(self, params: Params, device: str) -> str:
        return self._store.arn(self._fleet, f"{params[_FLEET]}/device/{device}")
