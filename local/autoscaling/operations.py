"""The operations on scalable targets, their policies and their activities."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from typing import Any, Final

from local.autoscaling import linked
from local.autoscaling.book import Activity, Book, Target, missing
from local.autoscaling.checks import check_place, check_policy, check_variant
from local.autoscaling.scaler import Scaler
from local.errors import ValidationError
from local.front import Handler
from local.paging import page
from local.services import Services
from local.wire import Call

Params = dict[str, Any]

_PAGE: Final = 50
_PLACE: Final = ("ServiceNamespace", "ResourceId", "ScalableDimension")
_SETTINGS: Final = ("MinCapacity", "MaxCapacity", "RoleARN", "SuspendedState")
_NOT_SUSPENDED: Final = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}


class Operations:
    """Handlers over `book`; `scaler` begins to look with the first target."""

    def __init__(self, services: Services, book: Book, scaler: Scaler) -> None:
        self._services, self._book, self._scaler = services, book, scaler
        self._prefix = f"{services.region}:{services.account}"

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {
            "DeleteScalingPolicy": self._delete_policy,
            "DeregisterScalableTarget": self._deregister,
            "DescribeScalableTargets": self._describe_targets,
            "DescribeScalingActivities": self._describe_activities,
            "DescribeScalingPolicies": self._describe_policies,
            "ListTagsForResource": lambda params, _: {"Tags": dict(self._book.named(params["ResourceARN"]).tags)},
            "PutScalingPolicy": self._put_policy,
            "RegisterScalableTarget": self._register,
            "TagResource": self._tag,
            "UntagResource": self._untag,
        }

    def _register(self, params: Params, call: Call) -> Params:
        check_place(params)
        caller = self._services.roles.calling(call.access_key_id)
        linked.require(self._services, caller)
        with self._book.lock:
            known = self._book.find(params["ResourceId"])
            target = known or Target(self._fresh(params))
            members: Params = {**target.members, **{name: params[name] for name in _SETTINGS if name in params}}
            _check_limits(members)
            check_variant(caller, endpoint=target.endpoint, variant=target.variant)
            tags = target.tags | params.get("Tags", {})
            self._book.put(dataclasses.replace(target, members=members, tags=tags))
        self._scaler.start()
        return {"ScalableTargetARN": members["ScalableTargetARN"]}

    def _fresh(self, params: Params) -> Params:
        return {
            **{name: params[name] for name in _PLACE},
            "CreationTime": self._services.clock.now(),
            "RoleARN": linked.arn(self._services),
            "ScalableTargetARN": f"arn:aws:application-autoscaling:{self._prefix}:scalable-target/{uuid.uuid4().hex}",
            "SuspendedState": _NOT_SUSPENDED,
        }

    def _deregister(self, params: Params, _: Call) -> Params:
        check_place(params)
        self._book.remove(params)
        return {}

    def _describe_targets(self, params: Params, _: Call) -> Params:
        check_place(params)
        wanted = params.get("ResourceIds")
        found = [t.members for t in self._book.all() if not wanted or t.members["ResourceId"] in wanted]
        return _paged("ScalableTargets", found, params)

    def _put_policy(self, params: Params, _: Call) -> Params:
        check_place(params)
        name = params["PolicyName"]
        kept = self._book.get(params).policies.get(name, {})
        policy = {**kept, **params, "PolicyType": params.get("PolicyType") or kept.get("PolicyType", "StepScaling")}
        check_policy(policy)
        resource = f"resource/sagemaker/{params['ResourceId']}:policyName/{name}"
        arn = f"arn:aws:autoscaling:{self._prefix}:scalingPolicy:{uuid.uuid4()}:{resource}"
        made = {"PolicyARN": arn, "CreationTime": self._services.clock.now(), "Alarms": []}
        with self._book.lock:
            target = self._book.get(params)
            self._book.put(dataclasses.replace(target, policies={**target.policies, name: {**made, **policy}}))
        return {"PolicyARN": {**made, **policy}["PolicyARN"], "Alarms": []}

    def _delete_policy(self, params: Params, _: Call) -> Params:
        check_place(params)
        with self._book.lock:
            found = self._book.find(params["ResourceId"])
            if found is None or params["PolicyName"] not in found.policies:
                raise missing("scaling policy found", params)
            left = {name: policy for name, policy in found.policies.items() if name != params["PolicyName"]}
            self._book.put(dataclasses.replace(found, policies=left))
        return {}

    def _describe_policies(self, params: Params, _: Call) -> Params:
        check_place(params)
        wanted = params.get("PolicyNames")
        with self._book.lock:
            found = [
                policy
                for target in self._named(params)
                for name, policy in sorted(target.policies.items())
                if not wanted or name in wanted
            ]
        return _paged("ScalingPolicies", found, params)

    def _describe_activities(self, params: Params, _: Call) -> Params:
        check_place(params)
        with self._book.lock:
            found = [_shown(target, activity) for target in self._named(params) for activity in target.activities]
        return _paged("ScalingActivities", found, params)

    def _tag(self, params: Params, _: Call) -> Params:
        with self._book.lock:
            target = self._book.named(params["ResourceARN"])
            self._book.put(dataclasses.replace(target, tags=target.tags | params["Tags"]))
        return {}

    def _untag(self, params: Params, _: Call) -> Params:
        with self._book.lock:
            target = self._book.named(params["ResourceARN"])
            left = {key: value for key, value in target.tags.items() if key not in params["TagKeys"]}
            self._book.put(dataclasses.replace(target, tags=left))
        return {}

    def _named(self, params: Params) -> list[Target]:
        return [t for t in self._book.all() if params.get("ResourceId") in (None, t.members["ResourceId"])]


def _check_limits(members: Mapping[str, Any]) -> None:
    if "MinCapacity" not in members or "MaxCapacity" not in members:
        raise ValidationError("MinCapacity and MaxCapacity must be specified for a new scalable target.")
    if members["MinCapacity"] < 1:
        raise ValidationError("MinCapacity of a variant of an endpoint must be at least 1.")
    if members["MinCapacity"] > members["MaxCapacity"]:
        raise ValidationError("Maximum capacity cannot be less than minimum capacity")


def _shown(target: Target, activity: Activity) -> Params:
    return {
        **{name: target.members[name] for name in _PLACE},
        "ActivityId": activity.id,
        "Description": activity.description,
        "Cause": activity.cause,
        "StartTime": activity.started_at,
        "EndTime": activity.ended_at,
        "StatusCode": activity.status,
        "StatusMessage": activity.message or None,
    }


def _paged(member: str, items: list[Any], params: Params) -> Params:
    size, token = params.get("MaxResults", _PAGE), params.get("NextToken")
    shown, following = page(items, size=size, token=token, code="InvalidNextTokenException")
    return {member: shown, "NextToken": following}
