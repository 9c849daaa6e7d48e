"""AWS::ApplicationAutoScaling: scalable targets and their policies."""

from __future__ import annotations

from typing import Any, Final

from local.cloudformation.errors import ResourceFailed
from local.cloudformation.resources.provisioner import (
    Provisioner,
    Request,
    Schema,
    refuse_existing,
    required,
    tags,
)

_SERVICE: Final = "application-autoscaling"
_PLACE: Final = ("ResourceId", "ScalableDimension", "ServiceNamespace")
_SETTINGS: Final = ("MaxCapacity", "MinCapacity", "RoleARN", "SuspendedState")


class ScalableTarget(Provisioner):
    """A variant of an endpoint whose instances are scaled."""

    schema = Schema(
        type="AWS::ApplicationAutoScaling::ScalableTarget",
        properties=frozenset({*_PLACE, *_SETTINGS, "Tags"}),
        create_only=frozenset(_PLACE),
        attributes=frozenset({"Id"}),
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Register the target, unless it is registered."""
        place = {name: required(request, name) for name in _PLACE}
        identity = "|".join(place[name] for name in ("ResourceId", "ScalableDimension", "ServiceNamespace"))
        if self._found(request):
            raise refuse_existing(self.schema, identity)
        labels = {"Tags": tags(request.properties["Tags"])} if "Tags" in request.properties else {}
        request.call(_SERVICE, "register_scalable_target", **place, **request.some(*_SETTINGS), **labels)
        return identity

    def update(self, request: Request) -> None:
        """Register it with its new limits, and change its tags."""
        request.call(_SERVICE, "register_scalable_target", **request.some(*_PLACE, *_SETTINGS))
        for target in self._found(request):
            request.retag(_SERVICE, form=dict, ResourceARN=target["ScalableTargetARN"])

    def delete(self, request: Request) -> None:
        """Deregister the target."""
        request.drop(_SERVICE, "deregister_scalable_target", **request.some(*_PLACE))

    def attributes(self, request: Request) -> dict[str, Any]:
        """The target's id."""
        return {"Id": request.physical_id}

    def read(self, request: Request) -> dict[str, Any]:
        """The target as it is registered."""
        for target in self._found(request):
            labels = request.call(_SERVICE, "list_tags_for_resource", ResourceARN=target["ScalableTargetARN"])
            return {**target, "Tags": labels["Tags"]}
        return {}

    def _found(self, request: Request) -> list[dict[str, Any]]:
        asked = {"ServiceNamespace": required(request, "ServiceNamespace")}
        resources = [required(request, "ResourceId")]
        found = request.call(_SERVICE, "describe_scalable_targets", **asked, ResourceIds=resources)
        return list(found["ScalableTargets"])


class ScalingPolicy(Provisioner):
    """A policy of a target, which is named by its place or by the target's id."""

    schema = Schema(
        type="AWS::ApplicationAutoScaling::ScalingPolicy",
        properties=frozenset(
            {*_PLACE, "PolicyName", "PolicyType", "ScalingTargetId", "TargetTrackingScalingPolicyConfiguration"}
        ),
        create_only=frozenset({*_PLACE, "PolicyName", "ScalingTargetId"}),
        attributes=frozenset({"Arn"}),
        name="PolicyName",
    )

    def create(self, request: Request) -> str:
        """Put the policy."""
        return self._put(request)

    def update(self, request: Request) -> None:
        """Put the policy anew, which keeps its ARN."""
        self._put(request)

    def delete(self, request: Request) -> None:
        """Delete the policy."""
        name = required(request, "PolicyName")
        request.drop(_SERVICE, "delete_scaling_policy", PolicyName=name, **_place(request))

    def attributes(self, request: Request) -> dict[str, Any]:
        """The policy's ARN."""
        return {"Arn": request.physical_id}

    def read(self, request: Request) -> dict[str, Any]:
        """The policy as it was put."""
        place = _place(request)
        found = request.call(_SERVICE, "describe_scaling_policies", **place)["ScalingPolicies"]
        mine = [policy for policy in found if policy["PolicyARN"] == request.physical_id]
        target = "|".join(place[name] for name in _PLACE)
        return {**mine[0], "ScalingTargetId": target} if mine else {}

    def _put(self, request: Request) -> str:
        settings = {
            "PolicyName": required(request, "PolicyName"),
            "PolicyType": required(request, "PolicyType"),
            **request.some("TargetTrackingScalingPolicyConfiguration"),
        }
        return str(request.call(_SERVICE, "put_scaling_policy", **settings, **_place(request))["PolicyARN"])


def _place(request: Request) -> dict[str, str]:
    if "ScalingTargetId" not in request.properties:
        return {name: required(request, name) for name in _PLACE}
    parts = str(request.properties["ScalingTargetId"]).split("|")
    if len(parts) != len(_PLACE):
        raise ResourceFailed(f"ScalingTargetId {request.properties['ScalingTargetId']} is no id of a scalable target.")
    return dict(zip(_PLACE, parts, strict=True))


TYPES = (ScalableTarget(), ScalingPolicy())
