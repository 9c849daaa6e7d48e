"""The keys that IAM and STS have issued, whose they are, and the policies of those identities.

Read from moto's own records: its API would need several calls for each request that is judged, and the policies must
be those of this moment.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from local.errors import AwsError
from local.iam.evaluation import Held, Policies
from local.iam.principals import NOBODY, Principal, root, service
from local.moto.backends import backend

if TYPE_CHECKING:
    from moto.iam.models import Group, IAMBackend, ManagedPolicy, Role, User

_ISSUED: Final = ("AKIA", "ASIA")
_SERVICE: Final = ".amazonaws.com"
_PARTITION: Final = "aws"


class UnknownKey(AwsError):
    """A key that was issued and is good no more."""

    def __init__(self, *, expired: bool = False) -> None:
        said = "The security token included in the request is " + ("expired" if expired else "invalid.")
        super().__init__("ExpiredToken" if expired else "InvalidClientTokenId", said, status=403)


class Issued:
    """Callers by their access keys.

    A key that was not issued here is the account's administrator's; the name of a service's principal, such as
    `lambda.amazonaws.com`, in the place of a key is that service.
    """

    def __init__(self, *, account: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        # Keys are used by people and processes, whose hours are this machine's, however fast the cloud's clock runs.
        self._account, self._now = account, now
        self._sessions: dict[str, Any] = {}
        self._read: tuple[list[Any], int] = ([], 0)
        self._reading = threading.Lock()
        self._roles: dict[str, str] = {}

    def caller(self, access_key_id: str) -> Principal:
        """Whose key it is. Raises UnknownKey for one that has expired, or whose user or role is gone."""
        if access_key_id.endswith(_SERVICE):
            return service(access_key_id)
        if not access_key_id:
            return NOBODY
        key = self._backend().access_keys.get(access_key_id) if access_key_id.startswith(_ISSUED) else None
        if key is None:
            return root(self._account)
        return self._user(key) if key.user_name else self._session(access_key_id)

    def policies(self, caller: Principal) -> Policies:
        """Every policy that has a say about a caller, whatever it asks for."""
        if caller.kind == "role":
            role = self.role(caller.role)
            return Policies(
                tuple(self._of(role, caller.role)),
                boundary=self._boundary(role.permissions_boundary_arn),
                session=self._session_policy(caller),
            )
        if caller.kind == "user":
            user = self._backend().users[caller.arn.rpartition("/")[2]]
            groups = (group for group in list(self._backend().groups.values()) if user in group.users)
            of_groups = (held for group in groups for held in self._of(group, group.arn))
            return Policies((*self._of(user, caller.arn), *of_groups))
        return Policies()

    def role(self, arn: str) -> Role:
        """A role. Raises UnknownKey when it is gone."""
        found = self.find_role(arn)
        if found is None:
            raise UnknownKey
        return found

    def find_role(self, arn: str) -> Role | None:
        """A role by its ARN, if there is one."""
        roles = self._backend().roles
        found = roles.get(self._roles.get(arn, ""))
        if found is None:
            found = next((role for role in list(roles.values()) if role.arn == arn), None)
            if found is not None:
                self._roles[arn] = found.id
        return found

    def role_named(self, name: str) -> Role | None:
        """A role by its name, if there is one."""
        return next((role for role in list(self._backend().roles.values()) if role.name == name), None)

    def has_user(self, name: str) -> bool:
        """Whether there is a user of that name, with or without its path."""
        return name.rpartition("/")[2] in self._backend().users

    def user_arn(self, name: str) -> str:
        """The ARN of a user, with its path if there is such a user."""
        user = self._backend().users.get(name)
        return str(user.arn) if user is not None else f"arn:aws:iam::{self._account}:user/{name}"

    def tags(self, caller: Principal) -> dict[str, str]:
        """The tags of a role or user."""
        if caller.kind == "role":
            role = self.find_role(caller.role)
            # moto keeps those that came with CreateRole in a list, and the others by their keys.
            return _pairs(role.tags) if role is not None else {}
        if caller.kind == "user":
            return {
                tag["Key"]: tag["Value"] for tag in self._backend().tagger.list_tags_for_resource(caller.arn)["Tags"]
            }
        return {}

    def _backend(self) -> IAMBackend:
        from moto.iam.models import iam_backends

        found: IAMBackend = backend(iam_backends, self._account, _PARTITION)
        return found

    def _user(self, key: Any) -> Principal:
        user = self._backend().users.get(key.user_name)
        if user is None or key not in user.access_keys or key.status != "Active":
            raise UnknownKey
        return Principal("user", str(user.arn), self._account, id=user.id)

    def _session(self, access_key_id: str) -> Principal:
        session = self._sessions.get(access_key_id) or self._find_session(access_key_id)
        if session is None:
            raise UnknownKey
        if session.expiration.replace(tzinfo=UTC) < self._now():
            raise UnknownKey(expired=True)
        role = self.role(session.role_arn)
        return Principal(
            "role",
            session.arn,
            self._account,
            role=session.role_arn,
            id=f"{role.id}:{session.session_name}",
            key=access_key_id,
        )

    def _find_session(self, access_key_id: str) -> Any:
        """The session of a key; moto keeps a list, which is read on from where it was read to."""
        from moto.sts.models import sts_backends

        with self._reading:
            sessions = backend(sts_backends, self._account, _PARTITION).assumed_roles
            known, count = self._read
            if sessions is not known:  # a reset, or the first time
                self._sessions, count = {}, 0
            fresh = sessions[count:]
            self._sessions.update((session.access_key_id, session) for session in fresh)
            self._read = (sessions, count + len(fresh))
            return self._sessions.get(access_key_id)

    def _session_policy(self, caller: Principal) -> Held | None:
        session = self._sessions.get(caller.key)
        return Held(session.policy, "session", caller.arn) if session is not None and session.policy else None

    def _boundary(self, arn: str | None) -> Held | None:
        if not arn:
            return None
        policy = self._backend().managed_policies.get(arn)
        return Held(_document(policy), "boundary", arn, arn) if policy is not None else None

    def _of(self, identity: Role | User | Group, arn: str) -> Iterator[Held]:
        for name, document in list(identity.policies.items()):
            yield Held(document, "identity", arn, name)
        for managed, policy in list(identity.managed_policies.items()):
            yield Held(_document(policy), "identity", arn, managed)


def _document(policy: ManagedPolicy) -> str:
    return next(version.document for version in policy.versions if version.version_id == policy.default_version_id)


def _pairs(tags: Any) -> dict[str, str]:
    listed = tags.values() if isinstance(tags, dict) else tags or []
    return {str(tag["Key"]): str(tag["Value"]) for tag in listed}
