"""The evaluation of a request against every policy that has a say.

Source: IAM User Guide, "Policy evaluation logic".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from local.iam.decision import Effect, Origin, Source
from local.iam.documents import Policy, Statement, policy
from local.iam.principals import Principal
from local.iam.trustees import Trust
from local.iam.wildcards import Context


@dataclass(frozen=True)
class Ask:
    """One action on one resource."""

    action: str
    resource: str
    context: Context


@dataclass(frozen=True)
class Held:
    """A policy and where it stands."""

    document: str
    """JSON."""
    source: Source
    owner: str
    """ARN of the role, user, group or resource."""
    name: str = ""

    @property
    def policy(self) -> Policy:
        """The document, read."""
        return policy(self.document)

    def origin(self, statement: Statement) -> Origin:
        """Where one of its statements stands."""
        return Origin(self.source, self.owner, self.name, statement.index, statement.sid)


@dataclass(frozen=True)
class Policies:
    """What has a say about a caller, whatever it asks for."""

    identity: tuple[Held, ...] = ()
    boundary: Held | None = None
    session: Held | None = None


@dataclass(frozen=True)
class ResourcePolicy:
    """A resource's own policy, and what it counts."""

    held: Held | None
    account: str
    """The account that owns the resource."""
    needed: bool = False
    """Whether nothing is allowed without it, as with the keys of KMS and the trust of roles."""


@dataclass(frozen=True)
class Verdict:
    """What came of it."""

    effect: Effect
    origin: Origin | None = None
    """The statement that decided."""
    lacking: Source | None = None
    """For an implicit deny: the kind of policy that does not allow."""


def judge(ask: Ask, caller: Principal, *, policies: Policies, resource: ResourcePolicy) -> Verdict:
    """Decide one ask of one caller."""
    denied = _denied(ask, caller, policies=policies, resource=resource.held)
    if denied is not None:
        return Verdict("Deny", denied)
    trust, by_resource = _trusted(ask, caller, resource.held)
    if _suffices(trust, caller, resource):
        limited = None if trust == "caller" else _limited(ask, caller, policies)
        return Verdict("ImplicitDeny", lacking=limited) if limited else Verdict("Allow", by_resource)
    if trust == "no" and (resource.needed or _elsewhere(caller, resource)):
        return Verdict("ImplicitDeny", lacking="resource")
    return _by_identity(ask, caller, policies)


def _by_identity(ask: Ask, caller: Principal, policies: Policies) -> Verdict:
    if caller.kind == "root":
        return Verdict("Allow")
    allowing = _first(ask, policies.identity, allows=True)
    if allowing is None:
        return Verdict("ImplicitDeny", lacking="identity")
    limited = _limited(ask, caller, policies)
    return Verdict("ImplicitDeny", lacking=limited) if limited else Verdict("Allow", allowing)


def _denied(ask: Ask, caller: Principal, *, policies: Policies, resource: Held | None) -> Origin | None:
    limits = [held for held in (policies.boundary, policies.session) if held is not None]
    denied = _first(ask, [*policies.identity, *limits], allows=False)
    if denied is not None or resource is None:
        return denied
    return next((resource.origin(s) for s in _applying(ask, resource, allows=False) if _means(s, caller) != "no"), None)


def _trusted(ask: Ask, caller: Principal, resource: Held | None) -> tuple[Trust, Origin | None]:
    """The most that a resource's policy trusts the caller, and the statement that does."""
    if resource is None:
        return "no", None
    trusts = [(_means(s, caller), resource.origin(s)) for s in _applying(ask, resource, allows=True)]
    order: tuple[Trust, ...] = ("caller", "role", "account")
    return next(((trust, origin) for wanted in order for trust, origin in trusts if trust == wanted), ("no", None))


def _suffices(trust: Trust, caller: Principal, resource: ResourcePolicy) -> bool:
    """Whether the resource's word is enough. Across accounts the caller's own account must allow it as well."""
    if trust == "account" and caller.kind == "root":
        return True
    return trust in ("caller", "role") and not _elsewhere(caller, resource)


def _elsewhere(caller: Principal, resource: ResourcePolicy) -> bool:
    return bool(caller.account and resource.account and caller.account != resource.account)


def _limited(ask: Ask, caller: Principal, policies: Policies) -> Literal["boundary", "session"] | None:
    """The limit that does not let the ask pass, if one does not."""
    if policies.boundary is not None and _first(ask, [policies.boundary], allows=True) is None:
        return "boundary"
    if policies.session is not None and _first(ask, [policies.session], allows=True) is None:
        return "session"
    return None


def _first(ask: Ask, held: Iterable[Held], *, allows: bool) -> Origin | None:
    return next((each.origin(s) for each in held for s in _applying(ask, each, allows=allows)), None)


def _applying(ask: Ask, held: Held, *, allows: bool) -> Iterator[Statement]:
    for statement in held.policy.speaking_of(ask.action):
        if statement.allows == allows and statement.covers(ask.resource, ask.context):
            yield statement


def _means(statement: Statement, caller: Principal) -> Trust:
    return statement.trustees.trust(caller) if statement.trustees else "no"
