"""The lineage group of the account: every entity is in it, and nobody else's is shared here."""

from __future__ import annotations

from typing import Any

from local.errors import AwsError, ValidationError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.lineage.kinds import LINEAGE_GROUP
from local.sagemaker.lineage.names import GROUP, group_arn
from local.sagemaker.listing import listed
from local.sagemaker.resources import Record
from local.wire import Call

Params = dict[str, Any]


class Groups:
    """DescribeLineageGroup, ListLineageGroups and GetLineageGroupPolicy of the one group there is."""

    def __init__(self, context: Context) -> None:
        self._store, self._identities = context.store, context.identities

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        return {
            "DescribeLineageGroup": lambda params, call: self._get(params["LineageGroupName"], call),
            "ListLineageGroups": self.list_groups,
            "GetLineageGroupPolicy": self.get_policy,
        }

    def list_groups(self, params: Params, call: Call) -> Params:
        """The one group, when it passes the filters."""
        return listed(call.operation, params, [self._get(GROUP, call)], kind=LINEAGE_GROUP)

    def get_policy(self, params: Params, call: Call) -> Params:
        """Raises ResourceNotFound: only a share of Resource Access Manager gives a group a policy."""
        group = self._get(params["LineageGroupName"], call)
        raise AwsError("ResourceNotFound", f"Cannot find resource policy for: {group['LineageGroupArn']}")

    def _get(self, name: str, call: Call) -> Record:
        if name not in (GROUP, group_arn(self._store)):
            return self._store.get(LINEAGE_GROUP, name)  # which raises ResourceNotFound
        try:
            return self._store.get(LINEAGE_GROUP, GROUP)
        except AwsError:
            user = self._identities.user_context(call)
            members = {"DisplayName": GROUP, "CreatedBy": user, "LastModifiedBy": user}
            return self._made(members)

    def _made(self, members: Params) -> Record:
        try:
            return self._store.add(LINEAGE_GROUP, GROUP, members)
        except ValidationError:
            return self._store.get(LINEAGE_GROUP, GROUP)  # somebody else was first
