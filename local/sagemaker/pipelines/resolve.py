"""The functions of a pipeline definition: Get, Std:Join and Std:JsonGet."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from local.sagemaker.errors import S3Error, StepFailed
from local.sagemaker.pipelines.definition import Definition
from local.sagemaker.pipelines.parameters import as_text
from local.sagemaker.s3 import Files

_PART = re.compile(
    r"\.?(?P<name>[A-Za-z0-9_][A-Za-z0-9_-]*)|\[(?P<quote>['\"])(?P<key>[^'\"]*)(?P=quote)\]|\[(?P<index>\d+)\]"
)
# `Outputs['train']`: a list of AWS is addressed by the name of its item, whatever the member is called.
_LIST_KEYS = ("OutputName", "InputName", "ChannelName", "MetricName", "Name")


class Resolver:
    """Values of one execution. `properties` are what the Describe call of each ended step's resource answered."""

    def __init__(
        self,
        definition: Definition,
        *,
        parameters: Mapping[str, Any],
        variables: Callable[[], Mapping[str, Any]],
        properties: Mapping[str, Any],
        files: Files,
    ) -> None:
        self._definition = definition
        self._parameters = parameters
        self._variables = variables
        self._properties = properties
        self._files = files

    def resolve(self, value: Any) -> Any:
        """A value of the definition with every function replaced by its result. Raises StepFailed."""
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            (function, argument), *_ = value.items()
            if function == "Get" and isinstance(argument, str):
                return self._get(argument)
            if function == "Std:Join":
                return argument.get("On", "").join(as_text(self.resolve(item)) for item in argument["Values"])
            if function == "Std:JsonGet":
                return self._json_get(argument)
        return {key: self.resolve(item) for key, item in value.items()}

    def _get(self, path: str) -> Any:
        root, _, rest = path.partition(".")
        if root == "Parameters":
            return self._parameters[rest]
        if root == "Execution":
            return self._variables()[rest]
        if root == "PipelineExperimentConfig":
            return self.resolve(self._definition.experiment.get(rest))
        step, _, inside = rest.partition(".")
        return look_up(self._properties[step], inside, where=path)

    def _json_get(self, argument: Mapping[str, Any]) -> Any:
        uri = self._property_file(argument["PropertyFile"]) if "PropertyFile" in argument else None
        uri = uri or str(self.resolve(argument["S3Uri"]))
        try:
            document = json.loads(self._files.read(uri))
        except S3Error as error:
            raise StepFailed(f"ClientError: property file {uri} cannot be read: {error}") from error
        except ValueError as error:
            raise StepFailed(
                f"ClientError: property file {uri} is not valid JSON: {error}. The program that writes it must write "
                "one JSON document in UTF-8."
            ) from error
        return look_up(document, argument["Path"].removeprefix("$"), where=f"{argument['Path']} of {uri}")

    def _property_file(self, reference: Mapping[str, str]) -> str:
        step, _, name = reference["Get"].removeprefix("Steps.").partition(".PropertyFiles.")
        file = self._definition.steps[step].property_files[name]
        path = f"ProcessingOutputConfig.Outputs['{file['OutputName']}'].S3Output.S3Uri"
        folder = str(look_up(self._properties[step], path, where=reference["Get"]))
        return f"{folder.rstrip('/')}/{file['FilePath']}"


def is_path(path: Any) -> bool:
    """Whether a Path can be followed."""
    rest = path.removeprefix("$") if isinstance(path, str) else "?"
    while (part := _PART.match(rest)) is not None:
        rest = rest[part.end() :]
    return not rest


def look_up(value: Any, path: str, *, where: str) -> Any:
    """What `A.B['x'].C[0]` names below a value. Raises StepFailed that says `where`."""
    position = 0
    while position < len(path):
        part = _PART.match(path, position)
        if part is None:
            raise StepFailed(f"ClientError: {where} is not a path: at {path[position:]!r}")
        value = _item(value, part, where=where)
        position = part.end()
    return value


def _item(value: Any, part: re.Match[str], *, where: str) -> Any:
    key: Any = (
        int(part["index"]) if part["index"] is not None else part["key"] if part["name"] is None else part["name"]
    )
    if isinstance(value, list) and isinstance(key, str):
        named = [item for item in value if key in (item.get(member) for member in _LIST_KEYS)]
        if named:
            return named[0]
    elif isinstance(value, (Mapping, list)):
        try:
            return value[key]
        except (KeyError, IndexError):
            pass  # told below, with the place
    raise StepFailed(f"ClientError: {where} has nothing at {key!r}")
