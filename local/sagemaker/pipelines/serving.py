"""Steps that put a model behind an endpoint (Developer Guide, "Add a step": EndpointConfig and Endpoint)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from local.sagemaker.errors import StepFailed
from local.sagemaker.kinds import ENDPOINT
from local.sagemaker.resources import Record, Store

Params = dict[str, Any]
Note = Callable[[Params], None]

_SETTLED: Final = ("InService", "Failed", "OutOfService", "UpdateRollbackFailed")


def make_config(sagemaker: Any, arguments: Params, *, name: str, note: Note) -> Params:
    """Make an endpoint configuration, of the step's name for it unless the arguments have one."""
    request = {"EndpointConfigName": name, **arguments}
    made = sagemaker.create_endpoint_config(**request)
    note({"EndpointConfig": {"Arn": made["EndpointConfigArn"]}})
    described: Params = sagemaker.describe_endpoint_config(EndpointConfigName=request["EndpointConfigName"])
    return described


def serve(sagemaker: Any, arguments: Params, *, store: Store, note: Note, given_up: Callable[[], bool]) -> Params:
    """Create an endpoint, or move the one of that name to the configuration, and wait. Raises StepFailed."""
    name, config = arguments["EndpointName"], arguments["EndpointConfigName"]
    if _exists(sagemaker, name):
        made = sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config)
    else:
        made = sagemaker.create_endpoint(**arguments)
    note({"Endpoint": {"Arn": made["EndpointArn"]}})

    def reached(endpoint: Record) -> bool:
        return given_up() or endpoint["EndpointStatus"] in _SETTLED

    ended = store.until(ENDPOINT, name, reached)
    if ended["EndpointStatus"] != "InService" or ended["EndpointConfigName"] != config:
        raise StepFailed(ended.get("FailureReason") or f"The endpoint {name} is {ended['EndpointStatus']}.")
    described: Params = sagemaker.describe_endpoint(EndpointName=name)
    return described


def _exists(sagemaker: Any, name: str) -> bool:
    try:
        sagemaker.describe_endpoint(EndpointName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise
        return False
    return True
