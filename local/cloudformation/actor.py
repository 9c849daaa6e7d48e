"""In whose name an operation on a stack acts: in its service role, else as whoever has asked for it.

Source: AWS CloudFormation User Guide, "AWS CloudFormation service role".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from local.cloudformation.errors import InvalidRequest, ResourceFailed
from local.roles import Clients, NotAssumable, Principal
from local.services import Services

_SERVICE: Final = "cloudformation.amazonaws.com"
_SESSION_NAME: Final = "AWSCloudFormation"  # what CloudFormation calls its own sessions


@dataclass(frozen=True)
class Actor:
    """Who acts: `role_arn` is empty when the stack has no service role."""

    services: Services
    access_key_id: str
    role_arn: str = ""

    def calling(self) -> Clients:
        """Clients that call as whoever has asked: so templates are fetched."""
        return self.services.roles.calling(self.access_key_id)

    def acting(self) -> Clients:
        """Clients that make, change and remove. Raises ResourceFailed when the role cannot be assumed any more."""
        if not self.role_arn:
            return self.calling()
        try:
            return self.services.roles.acting(Principal(self.role_arn, _SERVICE, _SESSION_NAME))
        except NotAssumable as error:
            raise ResourceFailed(f"Role {self.role_arn} is invalid or cannot be assumed") from error

    def check(self) -> None:
        """Raise InvalidRequest when there is a role and CloudFormation cannot assume it."""
        if not self.role_arn:
            return
        try:
            self.services.roles.check(self.role_arn, service=_SERVICE)
        except NotAssumable as error:
            raise InvalidRequest(f"Role {self.role_arn} is invalid or cannot be assumed") from error
