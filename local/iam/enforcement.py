"""The guard that evaluates: every request of a role or user against all policies that have a say."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from local.errors import AwsError, UnsupportedLocally
from local.iam.actions import Wanted, wanted
from local.iam.context import ENCRYPTED, Group, RequestContext, tags
from local.iam.decision import Decision
from local.iam.drafts import check_draft
from local.iam.evaluation import Ask, Policies, Verdict, judge
from local.iam.issued import Issued, UnknownKey
from local.iam.kept import Kept
from local.iam.principals import FEDERATED, NOBODY, Principal
from local.iam.refusals import bad_key, denied
from local.iam.resource_policies import ResourcePolicies
from local.iam.resource_tags import ResourceTags
from local.iam.wildcards import Values

if TYPE_CHECKING:
    from local.requests import Asked
    from local.services import Services

Heard = Callable[[Decision], None]

_FREE: Final = frozenset({("sts", "GetCallerIdentity"), ("sts", "GetAccessKeyInfo")})
"""What everybody may do, whatever policies say (AWS STS API Reference, "GetCallerIdentity")."""
_REFUSE_ROOT: Final = frozenset({"ecr", "s3", "secretsmanager", "sns", "sqs", "sts"})
"""Services whose resources' own policies can shut the account's administrator out."""
_BY_TOKEN: Final = frozenset({"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})
_BY_LIST: Final = frozenset({"GetObject", "HeadObject"})
_TYPES: Final[Mapping[str, str]] = {
    "anonymous": "Anonymous",
    "federated": "FederatedUser",
    "role": "AssumedRole",
    "root": "Account",
    "user": "User",
}


@dataclass(frozen=True)
class _Inquiry:
    """A request, who asks, and what is known of both whatever is wanted."""

    asked: Asked
    caller: Principal
    policies: Policies
    known: dict[str, Values]


class Enforcement:
    """Evaluates what a request wants, action by action; the first that is not allowed refuses it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.account = services.account
        self.issued = Issued(account=services.account)
        self._kept = Kept(services, self.issued)
        self._policies = ResourcePolicies(services, self.issued, self._kept)
        self._tags = ResourceTags(services)
        self._revoked: MutableMapping[str, str] = services.state.table("iam.revoked")
        self._listeners: list[Heard] = []

    def check(self, asked: Asked) -> None:
        """Let a request pass, or raise AwsError in the words and with the code and status of its service."""
        caller = self._caller(asked)
        # Services check by themselves whom they serve.
        if caller.kind == "service" or (asked.service, asked.operation) in _FREE:
            return
        if caller.kind == "anonymous":
            self._check_stranger(asked)
            return
        _refuse_what_is_not_kept(asked, caller)
        if caller.kind == "root":
            if asked.service in _REFUSE_ROOT:
                self._check_root(asked, caller)
        else:
            self._check_identity(asked, caller)
        check_draft(asked)
        if (asked.service, asked.operation) == ("iam", "DeleteAccessKey"):
            # moto forgets it; a key that nobody knows is the administrator's, and this one must not become that.
            self._revoked[str(asked.params.get("AccessKeyId", ""))] = asked.id

    @contextlib.contextmanager
    def decisions(self, heard: Heard) -> Iterator[None]:
        """Tell `heard` every decision about a role or user while the context lasts."""
        self._listeners.append(heard)
        try:
            yield
        finally:
            self._listeners.remove(heard)

    def _caller(self, asked: Asked) -> Principal:
        try:
            caller = self.issued.caller(asked.access_key_id)
        except UnknownKey as error:
            raise bad_key(asked.service, expired=error.code == "ExpiredToken") from error
        if caller.kind == "root" and asked.access_key_id in self._revoked:
            raise bad_key(asked.service, expired=False)
        return caller

    def _wanted(self, asked: Asked, caller: Principal) -> list[Wanted]:
        if not asked.service:
            said = f"User: {caller.arn} is not authorized: the local cloud does not know what is asked for"
            raise AwsError("AccessDenied", said, status=403)
        return wanted(asked, self._kept)

    def _check_identity(self, asked: Asked, caller: Principal) -> None:
        inquiry = self._inquiry(asked, caller, self.issued.policies(caller))
        for each in self._wanted(asked, caller):
            self._check(inquiry, each)
        self._check_absence(inquiry)

    def _check_root(self, asked: Asked, caller: Principal) -> None:
        inquiry = self._inquiry(asked, caller)
        for each in wanted(asked, self._kept):
            if not each.action.startswith(("kms:", "iam:")):
                self._check(inquiry, each)

    def _check_stranger(self, asked: Asked) -> None:
        """What the policy of a bucket or of a role says of everybody."""
        federated = asked.service == "sts" and asked.operation in _BY_TOKEN
        if not federated and asked.service != "s3":
            return
        inquiry = self._inquiry(asked, FEDERATED if federated else NOBODY)
        for each in wanted(asked, self._kept):
            # Who may read an object by its access control list, moto knows.
            self._check(inquiry, each, denials=asked.operation in _BY_LIST)

    def _check_absence(self, inquiry: _Inquiry) -> None:
        """Who may not list a bucket is not told that an object is missing (Amazon S3 API Reference, "GetObject")."""
        asked = inquiry.asked
        if asked.service != "s3" or asked.operation not in ("GetObject", "HeadObject"):
            return
        bucket, key = str(asked.params["Bucket"]), str(asked.params["Key"])
        if not self._kept.has_object(bucket, key, asked.params.get("VersionId")):
            self._check(inquiry, Wanted("s3:ListBucket", (f"arn:aws:s3:::{bucket}",)))

    def _check(self, inquiry: _Inquiry, each: Wanted, *, denials: bool = False) -> None:
        """Raise what AWS does unless a wanted action is allowed; with `denials`, only when a statement denies it."""
        asked, caller = inquiry.asked, inquiry.caller
        for resource in each.resources:
            context = RequestContext({**inquiry.known, **each.keys}, self._groups(asked, caller, resource))
            ask, own = Ask(each.action, resource, context), self._policies.of(each.action, resource)
            verdict = judge(ask, caller, policies=inquiry.policies, resource=own)
            self._tell(asked, ask, caller, verdict)
            if verdict.effect == "Deny" or (verdict.effect == "ImplicitDeny" and not denials):
                raise denied(asked.service, ask, caller, verdict)

    def _tell(self, asked: Asked, ask: Ask, caller: Principal, verdict: Verdict) -> None:
        if not self._listeners or caller.kind not in ("role", "user"):
            return
        assert isinstance(ask.context, RequestContext)
        decision = Decision(
            principal=caller.arn,
            role=caller.role,
            action=ask.action,
            resource=ask.resource,
            effect=verdict.effect,
            statement=verdict.origin,
            context=ask.context.everything(),
            service=asked.service,
            operation=asked.operation,
            request_id=asked.id,
        )
        for heard in list(self._listeners):
            heard(decision)

    def _inquiry(self, asked: Asked, caller: Principal, policies: Policies | None = None) -> _Inquiry:
        now = self._services.clock.now()
        known: dict[str, Values] = {
            **ENCRYPTED,
            "aws:currenttime": (now.isoformat(),),
            "aws:epochtime": (str(int(now.timestamp())),),
            "aws:principalaccount": (caller.account,),
            "aws:principalarn": (caller.identity,),
            "aws:principalisawsservice": ("false",),
            "aws:principaltype": (_TYPES[caller.kind],),
            "aws:requestedregion": (asked.region,),
            "aws:resourceaccount": (self.account,),
            "aws:sourceip": (asked.source_ip or "127.0.0.1",),
            "aws:useragent": (asked.user_agent,),
            "aws:userid": (caller.id or caller.account,),
            "aws:viaawsservice": ("false",),
            "kms:calleraccount": (caller.account,),
            "s3:resourceaccount": (self.account,),
        }
        if caller.kind == "user":
            known["aws:username"] = (caller.arn.rpartition("/")[2],)
        return _Inquiry(asked, caller, policies or Policies(), known)

    def _groups(self, asked: Asked, caller: Principal, resource: str) -> dict[str, Group]:
        def of_resource() -> dict[str, str]:
            return self._tags.of(resource)

        prefix = resource.split(":", 3)[2] if resource.startswith("arn:") else "aws"
        return {
            "aws:principaltag/": tags("aws:principaltag/", lambda: self.issued.tags(caller)),
            "aws:resourcetag/": tags("aws:resourcetag/", of_resource),
            f"{prefix}:resourcetag/": tags(f"{prefix}:resourcetag/", of_resource),
            "iam:permissionsboundary": lambda: {"iam:permissionsboundary": _one(self._kept.boundary(resource))},
            "kms:resourcealiases": lambda: {"kms:resourcealiases": self._kept.key_aliases(resource)},
            "s3:existingobjecttag/": tags("s3:existingobjecttag/", lambda: self._tags.of_object(asked.params)),
        }


def _one(value: str | None) -> Values:
    return (value,) if value else ()


def _refuse_what_is_not_kept(asked: Asked, caller: Principal) -> None:
    """Refuse what would give more than it should: tokens that moto does not keep, and limits that it forgets."""
    params = asked.params
    if asked.operation == "CreateUser" and params.get("PermissionsBoundary"):
        raise UnsupportedLocally("iam:CreateUser with PermissionsBoundary")
    if (
        caller.kind != "root"
        and asked.service == "sts"
        and asked.operation in ("GetSessionToken", "GetFederationToken")
    ):
        if caller.kind == "role":
            raise AwsError("AccessDenied", f"Cannot call {asked.operation} with session credentials", status=403)
        raise UnsupportedLocally(f"sts:{asked.operation} for users")
    if asked.service == "sts" and (unkept := [name for name in ("PolicyArns", "Tags") if params.get(name)]):
        raise UnsupportedLocally(f"sts:{asked.operation} with {unkept[0]}")
