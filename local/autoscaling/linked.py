"""The role in which Application Auto Scaling itself scales endpoints: linked to the service, kept in the account."""

from __future__ import annotations

from typing import Final

from botocore.exceptions import ClientError

from local.errors import AwsError
from local.moto.linked_roles import ROLE, SCALING
from local.roles import Clients, Principal
from local.services import Services

_SESSION_NAME: Final = "AutoScaling"


def arn(services: Services) -> str:
    """The role's ARN, whether or not it exists."""
    return f"arn:aws:iam::{services.account}:role/aws-service-role/{SCALING}/{ROLE}"


def require(services: Services, caller: Clients) -> None:
    """Make the role if the account has none, in the name of the caller, who needs `iam:CreateServiceLinkedRole`.

    Raises AwsError in IAM's words.
    """
    iam = services.client("iam")
    try:
        iam.get_role(RoleName=ROLE)
    except iam.exceptions.NoSuchEntityException:
        try:
            caller.client("iam").create_service_linked_role(AWSServiceName=SCALING)
        except ClientError as error:
            said = error.response["Error"]
            raise AwsError(said["Code"], said.get("Message", "")) from error


def acting(services: Services) -> Clients:
    """Clients that scale. Raises NotAssumable when somebody has deleted the role."""
    return services.roles.acting(Principal(arn(services), SCALING, _SESSION_NAME))
