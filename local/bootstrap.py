"""What `cdk bootstrap` would have made in the local account, so that a deployment finds it there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from botocore.exceptions import WaiterError

from local.errors import StartError
from local.services import Services

STACK: Final = "CDKToolkit"
_TEMPLATE: Final = Path(__file__).with_suffix(".json")
_POLL_SECONDS: Final = 0.05


def template() -> str:
    """The template, JSON, in the shape of the CDK's: same logical ids, names and outputs ("Bootstrapping")."""
    return _TEMPLATE.read_text(encoding="utf-8")


def bootstrap(services: Services) -> None:
    """Create the stack `CDKToolkit` and wait for it; one that exists is left alone. Raises StartError."""
    client = services.client("cloudformation")
    try:
        client.create_stack(StackName=STACK, TemplateBody=template(), Capabilities=["CAPABILITY_NAMED_IAM"])
    except client.exceptions.AlreadyExistsException:
        return
    try:
        client.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": _POLL_SECONDS})
    except WaiterError as error:
        events = client.describe_stack_events(StackName=STACK)["StackEvents"]
        failed = [event for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
        reasons = [f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}" for event in failed]
        raise StartError(f"the local account could not be bootstrapped: {'; '.join(reasons)}") from error
