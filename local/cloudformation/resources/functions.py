"""AWS::Lambda: functions, permissions to invoke them, and what becomes of their asynchronous calls."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any, Final

from local.cloudformation.errors import ResourceFailed
from local.cloudformation.names import Naming
from local.cloudformation.resources.provisioner import Provisioner, Request, Schema, required, tags

_DEFAULTS: Final[dict[str, Any]] = {
    "DeadLetterConfig": {"TargetArn": ""},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "KmsKeyArn": "",
    "Layers": [],
    "LoggingConfig": {"LogFormat": "Text"},
    "MemorySize": 128,
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SecurityGroupIds": [], "SubnetIds": []},
}
"""A function's optional settings, with what UpdateFunctionConfiguration needs to take them back."""

_NEEDED: Final = ("Handler", "Role", "Runtime")
_PERMISSION: Final = (
    "Action",
    "EventSourceToken",
    "FunctionName",
    "FunctionUrlAuthType",
    "InvokedViaFunctionUrl",
    "Principal",
    "PrincipalOrgID",
    "SourceAccount",
    "SourceArn",
)
_INVOCATION: Final = (
    "DestinationConfig",
    "FunctionName",
    "MaximumEventAgeInSeconds",
    "MaximumRetryAttempts",
    "Qualifier",
)
_ZIPPED_AT: Final = (1980, 1, 1, 0, 0, 0)


class Function(Provisioner):
    """A function whose code is an archive in S3, or a text in the template."""

    schema = Schema(
        type="AWS::Lambda::Function",
        properties=frozenset(
            {
                *_DEFAULTS,
                *_NEEDED,
                "Architectures",
                "Code",
                "FunctionName",
                "PackageType",
                "ReservedConcurrentExecutions",
                "Tags",
            }
        ),
        create_only=frozenset({"FunctionName", "PackageType"}),
        attributes=frozenset({"Arn"}),
        unread=frozenset({"Code"}),
        name="FunctionName",
        naming=Naming(limit=64),
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Create the function."""
        required(request, "Role")
        settings = _renamed(request.some(*_DEFAULTS, *_NEEDED, "Architectures", "PackageType"))
        labels = {"Tags": tags(request.properties["Tags"])} if "Tags" in request.properties else {}
        request.call("lambda", "create_function", FunctionName=request.name, Code=_code(request), **settings, **labels)
        return request.name

    def complete(self, request: Request) -> None:
        """Reserve concurrency, once the function is active."""
        if "ReservedConcurrentExecutions" in request.properties:
            self.wait(request)
            self._reserve(request)

    def update(self, request: Request) -> None:
        """Change code, configuration, concurrency and tags, each when it differs."""
        if request.changed("Code", "Architectures"):
            architectures = request.some("Architectures")
            request.call("lambda", "update_function_code", FunctionName=request.name, **_code(request), **architectures)
            self.wait(request)
        wanted = {**_DEFAULTS, **request.some(*_DEFAULTS, *_NEEDED)}
        settings = {name: value for name, value in wanted.items() if request.changed(name)}
        if settings:
            request.call("lambda", "update_function_configuration", FunctionName=request.name, **_renamed(settings))
        if request.changed("ReservedConcurrentExecutions"):
            self.wait(request)
            self._reserve(request)
        request.retag("lambda", form=dict, Resource=self.attributes(request)["Arn"])

    def wait(self, request: Request) -> None:
        """Wait until the function is active and its last update has worked."""
        request.wait_until(lambda: self._ready(request))

    def delete(self, request: Request) -> None:
        """Delete the function."""
        request.call("lambda", "delete_function", FunctionName=request.physical_id)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The function's ARN."""
        return {"Arn": request.arn("lambda", f"function:{request.physical_id}")}

    def read(self, request: Request) -> dict[str, Any]:
        """The function with its code's hash, tags and reserved concurrency."""
        found = request.call("lambda", "get_function", FunctionName=request.physical_id)
        made = {**found["Configuration"], "Tags": found.get("Tags", {}), **found.get("Concurrency", {})}
        made["KmsKeyArn"] = made.pop("KMSKeyArn", "")
        layers = [layer["Arn"] for layer in made.get("Layers", [])]
        return {**_DEFAULTS, **made, "Layers": layers}

    def _ready(self, request: Request) -> bool:
        state = request.call("lambda", "get_function_configuration", FunctionName=request.name)
        if "Failed" in (state.get("State"), state.get("LastUpdateStatus")):
            reason = state.get("LastUpdateStatusReason") or state.get("StateReason") or "the function failed"
            raise ResourceFailed(str(reason))
        # A service that knows no states gives none: its functions are ready at once.
        return bool(state.get("State", "Active") == "Active" and state.get("LastUpdateStatus") != "InProgress")

    def _reserve(self, request: Request) -> None:
        reserved = request.some("ReservedConcurrentExecutions")
        method = "put_function_concurrency" if reserved else "delete_function_concurrency"
        request.call("lambda", method, FunctionName=request.name, **reserved)


class Permission(Provisioner):
    """A statement in a function's policy."""

    schema = Schema(
        type="AWS::Lambda::Permission",
        properties=frozenset(_PERMISSION),
        create_only=frozenset(_PERMISSION),
        attributes=frozenset({"Id"}),
        naming=Naming(limit=100),
    )

    def create(self, request: Request) -> str:
        """Add the statement."""
        request.call("lambda", "add_permission", StatementId=request.name, **request.some(*_PERMISSION))
        return request.name

    def delete(self, request: Request) -> None:
        """Remove the statement."""
        function = request.properties["FunctionName"]
        request.call("lambda", "remove_permission", FunctionName=function, StatementId=request.physical_id)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The statement's id."""
        return {"Id": request.physical_id}

    def read(self, request: Request) -> dict[str, Any]:
        """The statement in the function's policy."""
        function = str(request.properties["FunctionName"])
        policy = json.loads(request.call("lambda", "get_policy", FunctionName=function)["Policy"])
        for statement in policy["Statement"]:
            if statement["Sid"] == request.physical_id:
                return _permitted(statement, function)
        return {}


class EventInvokeConfig(Provisioner):
    """Retries, age and destinations of a function's asynchronous invocations."""

    schema = Schema(
        type="AWS::Lambda::EventInvokeConfig",
        properties=frozenset(_INVOCATION),
        create_only=frozenset({"FunctionName", "Qualifier"}),
    )

    def create(self, request: Request) -> str:
        """Put the configuration."""
        request.call("lambda", "put_function_event_invoke_config", **request.some(*_INVOCATION))
        return f"{required(request, 'FunctionName')}|{required(request, 'Qualifier')}"

    def update(self, request: Request) -> None:
        """Put the configuration anew."""
        request.call("lambda", "put_function_event_invoke_config", **request.some(*_INVOCATION))

    def delete(self, request: Request) -> None:
        """Delete the configuration."""
        place = request.some("FunctionName", "Qualifier")
        request.call("lambda", "delete_function_event_invoke_config", **place)

    def read(self, request: Request) -> dict[str, Any]:
        """The configuration."""
        place = request.some("FunctionName", "Qualifier")
        return {**place, **request.call("lambda", "get_function_event_invoke_config", **place)}


_CONDITIONS: Final = {
    "AWS:SourceArn": "SourceArn",
    "AWS:SourceAccount": "SourceAccount",
    "aws:PrincipalOrgID": "PrincipalOrgID",
    "lambda:EventSourceToken": "EventSourceToken",
    "lambda:FunctionUrlAuthType": "FunctionUrlAuthType",
    "lambda:InvokedViaFunctionUrl": "InvokedViaFunctionUrl",
}


def _permitted(statement: dict[str, Any], function: str) -> dict[str, Any]:
    """What AddPermission makes its statement of."""
    principal = statement["Principal"]
    named = next(iter(principal.values())) if isinstance(principal, dict) else principal
    given = {key: value for keys in statement.get("Condition", {}).values() for key, value in keys.items()}
    conditions = {name: given[key] for key, name in _CONDITIONS.items() if key in given}
    same = function.rpartition(":")[2] == statement["Resource"].rpartition(":")[2]
    resource = {"FunctionName": function} if same else {}
    return {"Action": statement["Action"], "Principal": named, **resource, **conditions}


def _renamed(settings: dict[str, Any]) -> dict[str, Any]:
    return {"KMSKeyArn" if name == "KmsKeyArn" else name: value for name, value in settings.items()}


def _code(request: Request) -> dict[str, Any]:
    code = dict(required(request, "Code"))
    if "ZipFile" in code:
        code["ZipFile"] = _archive(str(code["ZipFile"]), runtime=str(request.properties.get("Runtime", "")))
    return code


def _archive(source: str, *, runtime: str) -> bytes:
    """The archive that CloudFormation makes of code in a template: one file named index."""
    packed = io.BytesIO()
    name = "index.js" if runtime.startswith("nodejs") else "index.py"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name, _ZIPPED_AT), source)
    return packed.getvalue()


TYPES = (EventInvokeConfig(), Function(), Permission())
