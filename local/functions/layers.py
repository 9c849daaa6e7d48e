"""Layers: packages that functions share, by versions. What is in their folder `python` is on a function's path."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.errors import AwsError
from local.front import Handler
from local.functions.analysis import NAME as ANALYSIS
from local.functions.analysis import VERSION, Analysis
from local.functions.code import CodeStore
from local.functions.function import Code
from local.paging import page
from local.services import Services
from local.wire import Call

_PAGE: Final = 50
_ABOUT: Final = ("CompatibleArchitectures", "CompatibleRuntimes", "Description", "LicenseInfo")

Params = dict[str, Any]


@dataclass(frozen=True)
class Layer:
    """One version of a layer. `about` are the members that its publisher gave."""

    name: str
    version: int
    arn: str
    code: Code
    created: str
    about: dict[str, Any]

    def described(self) -> Params:
        """The members that every answer about a version has."""
        layer_arn = self.arn.rpartition(":")[0]
        dates = {"CreatedDate": self.created, "Version": self.version}
        return {"LayerArn": layer_arn, "LayerVersionArn": self.arn, **dates, **self.about}


class Layers:
    """Handlers on layers, and what functions ask about those that they use."""

    def __init__(self, services: Services) -> None:
        self._services, self._code = services, CodeStore(services)
        self._kept = services.state.table("functions.layers")
        self._numbers = services.state.table("functions.layer_numbers")
        self._lock = threading.Lock()
        self._analysis = Analysis(services)

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {
            "DeleteLayerVersion": self._delete_layer_version,
            "GetLayerVersion": lambda params, _: self._shown(self._of(params)),
            "GetLayerVersionByArn": lambda params, _: self._shown(params["Arn"]),
            "ListLayerVersions": self._list_layer_versions,
            "PublishLayerVersion": self._publish_layer_version,
        }

    def codes(self) -> list[Code]:
        """The code of every version."""
        return [layer.code for layer in list(self._kept.values())]

    def described(self, arns: Iterable[str]) -> list[Params]:
        """The layers of a function as its configuration shows them. Raises AwsError for one that is not there."""
        return [{"Arn": arn, "CodeSize": self._found(arn).code.size_bytes} for arn in arns]

    def folders(self, layers: Iterable[Params]) -> list[Path]:
        """Where the modules of a function's layers are, as its configuration shows them; a deleted one has none."""
        return [folder for layer in layers if (folder := self._folder(layer["Arn"]))]

    def _folder(self, arn: str) -> Path | None:
        if arn == self._analysis.arn:
            return self._analysis.folder()
        kept: Layer | None = self._kept.get(arn)
        return self._code.moved(kept.code).folder / "python" if kept else None

    def _publish_layer_version(self, params: Params, call: Call) -> Params:
        code = self._code.put(params["Content"], self._services.roles.calling(call.access_key_id))
        name = params["LayerName"].rpartition(":")[2]
        with self._lock:
            number = self._numbers.get(name, VERSION if name == ANALYSIS else 0) + 1
            self._numbers[name] = number
            created = self._services.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000+0000")
            about: Params = {str(member): params[member] for member in _ABOUT if member in params}
            layer = Layer(name, number, self._arn(name, number), code, created, about)
            self._kept[layer.arn] = layer
        return self._shown(layer.arn)

    def _delete_layer_version(self, params: Params, _: Call) -> Params:
        self._kept.pop(self._of(params), None)
        return {}

    def _list_layer_versions(self, params: Params, _: Call) -> Params:
        name = params["LayerName"].rpartition(":")[2]
        ours = [self._ours()] if name == ANALYSIS else []
        layers: list[Layer] = [*ours, *(layer for layer in list(self._kept.values()) if layer.name == name)]
        shown = [layer.described() for layer in reversed(layers)]
        size, token = params.get("MaxItems", _PAGE), params.get("Marker")
        found, following = page(shown, size=size, token=token, code="InvalidParameterValueException")
        return {"LayerVersions": found, "NextMarker": following}

    def _shown(self, arn: str) -> Params:
        layer = self._found(arn)
        content = {"CodeSha256": layer.code.sha256, "CodeSize": layer.code.size_bytes}
        return {**layer.described(), "Content": {**content, "Location": layer.code.archive.as_uri()}}

    def _found(self, arn: str) -> Layer:
        layer: Layer | None = self._ours() if arn == self._analysis.arn else self._kept.get(arn)
        if layer is None:
            message = "The resource you requested does not exist."
            raise AwsError("ResourceNotFoundException", f"{message} ({arn})", status=404)
        return layer

    def _ours(self) -> Layer:
        about = {"Description": "numpy, pyarrow and orjson, as they are installed beside the local cloud"}
        return Layer(
            ANALYSIS, VERSION, self._analysis.arn, self._analysis.code(), "1970-01-01T00:00:00.000+0000", about
        )

    def _of(self, params: Params) -> str:
        return self._arn(params["LayerName"].rpartition(":")[2], int(params["VersionNumber"]))

    def _arn(self, name: str, number: int) -> str:
        return f"arn:aws:lambda:{self._services.region}:{self._services.account}:layer:{name}:{number}"
