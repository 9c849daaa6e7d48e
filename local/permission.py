"""Whether a resource's own policy lets an AWS service in on behalf of one of the account's resources."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from local.iam.context import ENCRYPTED
from local.iam.evaluation import Ask, Held, Policies, ResourcePolicy, judge
from local.iam.principals import service


def allows(
    policy: str, principal: str, *, action: str, source_arn: str, more: Mapping[str, str] = MappingProxyType({})
) -> bool:
    """Whether a policy document grants `action` to a service such as `events.amazonaws.com`; a matching Deny wins.

    `source_arn` is the rule, schedule group or alarm on whose behalf the service asks; `more` are condition keys, in
    small letters, that only some services send. Which resource the policy is about is taken for granted.
    """
    account = source_arn.split(":")[4]
    context = {"aws:principalisawsservice": "true", "aws:sourcearn": source_arn, "aws:sourceaccount": account, **more}
    ask = Ask(action, "", {**ENCRYPTED, **{key: (value,) for key, value in context.items()}})
    own = ResourcePolicy(Held(policy, "resource", source_arn), account="", needed=True)
    return judge(ask, service(principal), policies=Policies(), resource=own).effect == "Allow"
