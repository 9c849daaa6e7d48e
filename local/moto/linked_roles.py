"""The role that Application Auto Scaling keeps for endpoints, which moto names otherwise and leaves without rights.

Source: Application Auto Scaling User Guide, "Service-linked roles for Application Auto Scaling".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from moto.iam.models import IAMBackend, Role

SCALING: Final = "sagemaker.application-autoscaling.amazonaws.com"
ROLE: Final = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
_MOTOS_NAME: Final = "AWSServiceRoleForApplicationAutoScaling_Sagemaker"
_POLICY: Final = "arn:aws:iam::aws:policy/aws-service-role/AWSApplicationAutoscalingSageMakerEndpointPolicy"


def name_linked_roles() -> None:
    """Have moto give that role AWS's name and policy; other roles that are linked to services are as it makes them."""
    from moto.iam.models import IAMBackend

    create_role = IAMBackend.create_role
    if create_role.__module__ == __name__:
        return

    def create(self: IAMBackend, role_name: str, *args: object, **more: object) -> Role:
        renamed = ROLE if role_name == _MOTOS_NAME and more.get("linked_service") == SCALING else role_name
        role = create_role(self, renamed, *args, **more)  # type: ignore[arg-type] # as they came
        # A cloud that knows none of AWS's policies has none to give.
        if renamed == ROLE and _POLICY in self.managed_policies:
            self.attach_role_policy(_POLICY, ROLE)
        return role

    IAMBackend.create_role = create  # type: ignore[method-assign]
