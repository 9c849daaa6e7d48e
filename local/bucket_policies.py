"""What moto is told of a bucket's policy: whether it lets in those who do not sign.

Whoever signs has been judged before a request reaches moto (`local.iam.enforcement`), by more than moto looks at; its
own check would deny every request over TLS to a bucket that wants TLS.
"""

from __future__ import annotations

from local.iam.context import ENCRYPTED
from local.iam.evaluation import Ask, Held, Policies, ResourcePolicy, judge
from local.iam.principals import NOBODY


def judge_conditions() -> None:
    """Let moto's buckets answer for strangers alone."""
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket

    def get_permission(self: FakeBucket, action: str, resource: str) -> PermissionResult:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        document = self.policy.decode() if isinstance(self.policy, bytes) else self.policy
        own = ResourcePolicy(Held(document, "resource", resource), self.account_id, needed=True)
        verdict = judge(Ask(action, resource, ENCRYPTED), NOBODY, policies=Policies(), resource=own)
        return PermissionResult.PERMITTED if verdict.effect == "Allow" else PermissionResult.NEUTRAL

    FakeBucket.get_permission = get_permission  # type: ignore[method-assign]
