"""Acting in the cloud as somebody: as a role that trusts a service, or as whoever has called."""

from __future__ import annotations

import functools
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.config import Config

from local.errors import LocalError
from local.iam.issued import Issued
from local.permission import allows
from local.transport import CLOUD

if TYPE_CHECKING:
    from local.services import Services

_SESSION_SECONDS: Final = 3600
_CHILD_SECONDS: Final = 43_200
_GOOD_SECONDS: Final = 2700.0
"""Sessions that are kept are good for an hour; those taken from here still are for a quarter of one."""
_SESSIONS: Final = 256


class NotAssumable(LocalError):
    """A role does not exist, or does not trust the service that wants to act in it."""


class Clients(Protocol):
    """Whoever calls the cloud: gives clients that speak with one identity."""

    def client(self, name: str) -> Any:
        """A boto3 client of the whole cloud, made once and shared by threads."""
        ...

    @property
    def access_key_id(self) -> str:
        """By which the cloud knows who calls."""
        ...


@dataclass(frozen=True)
class Principal:
    """The session of a role that a service opens: `service` is its principal, such as `lambda.amazonaws.com`."""

    role_arn: str
    service: str
    session_name: str


_Key = tuple[Principal, str] | str
"""A session is that of a role on behalf of something, or of an access key."""


@dataclass(frozen=True)
class Credentials:
    """What STS gives."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None

    def arguments(self) -> dict[str, str | None]:
        """As boto3 takes them."""
        return {
            "aws_access_key_id": self.access_key_id,
            "aws_secret_access_key": self.secret_access_key,
            "aws_session_token": self.session_token,
        }

    def environ(self) -> dict[str, str]:
        """As a child process gets them."""
        return {name.upper(): value for name, value in self.arguments().items() if value is not None}


@dataclass
class _Session:
    """The clients of one identity."""

    credentials: Credentials
    make: Any
    made_at: float = field(default_factory=time.monotonic)
    _clients: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def fresh(self) -> bool:
        return time.monotonic() - self.made_at < _GOOD_SECONDS

    @property
    def access_key_id(self) -> str:
        return self.credentials.access_key_id

    def client(self, name: str) -> Any:
        with self._lock:
            if name not in self._clients:
                self._clients[name] = self.make(name, self.credentials)
            return self._clients[name]


class Roles:
    """Opens sessions of roles and of callers, and keeps those used last. Safe for threads.

    `config` is botocore's for all clients that are made.
    """

    def __init__(self, services: Services, *, config: Config | None = None) -> None:
        self._services, self._config = services, config
        self._issued = Issued(account=services.account)  # a call of IAM would cost many times the look
        self._sessions: OrderedDict[_Key, _Session] = OrderedDict()
        self._lock = threading.Lock()
        self._making = threading.Lock()

    def check(self, role_arn: str, *, service: str, source_arn: str = "") -> None:
        """Raise NotAssumable unless the role exists and trusts the service on behalf of `source_arn`."""
        role = self._issued.find_role(role_arn)
        if role is None:
            raise NotAssumable(f"Role {role_arn} does not exist.")
        trust = role.assume_role_policy_document
        source = source_arn or f"arn:aws:{service.partition('.')[0]}:{self._services.region}:{self._services.account}:"
        if not allows(trust, service, action="sts:AssumeRole", source_arn=source):
            raise NotAssumable(f"Role {role_arn} cannot be assumed by {service}.")

    def credentials(self, principal: Principal, *, source_arn: str = "") -> Credentials:
        """Credentials of a new session of a role, good for twelve hours. Raises NotAssumable.

        They are for a child process, which nobody can give new ones while it runs, as AWS does inside its containers.
        """
        return self._assumed(principal, source_arn, seconds=_CHILD_SECONDS)

    def acting(self, principal: Principal, *, source_arn: str = "") -> Clients:
        """Clients that call in a role. Raises NotAssumable."""
        return self._session(principal, source_arn)

    def calling(self, access_key_id: str) -> Clients:
        """Clients that call as the owner of an access key: a service works on in its caller's name."""
        if access_key_id in ("", CLOUD):
            return self._services
        # Signatures are not checked: the key alone tells who calls.
        return self._kept(access_key_id) or self._keep(access_key_id, Credentials(access_key_id, "unused", "unused"))

    def forget(self) -> None:
        """End all sessions: the roles and keys of the account are no longer those that they were opened with."""
        with self._lock:
            self._sessions.clear()

    def _session(self, principal: Principal, source_arn: str) -> _Session:
        key = principal, source_arn
        return self._kept(key) or self._keep(key, self._assumed(principal, source_arn))

    def _kept(self, key: _Key) -> _Session | None:
        with self._lock:
            found = self._sessions.get(key)
            if found is None or not found.fresh:
                return None
            self._sessions.move_to_end(key)
            return found

    def _keep(self, key: _Key, credentials: Credentials) -> _Session:
        made = _Session(credentials, self._make)
        with self._lock:
            self._sessions[key] = made
            while len(self._sessions) > _SESSIONS:
                self._sessions.popitem(last=False)
        return made

    def _assumed(self, principal: Principal, source_arn: str, *, seconds: int = _SESSION_SECONDS) -> Credentials:
        self.check(principal.role_arn, service=principal.service, source_arn=source_arn)
        # In the place of a key stands the service's name: a role that trusts a service alone lets nobody else in.
        service = principal.service
        sts = (self._kept(service) or self._keep(service, Credentials(service, "unused"))).client("sts")
        given = sts.assume_role(
            RoleArn=principal.role_arn, RoleSessionName=principal.session_name, DurationSeconds=seconds
        )["Credentials"]
        return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    def _make(self, name: str, credentials: Credentials) -> Any:
        with self._making:  # making clients of one session is not safe for threads
            return self._boto.client(name, config=self._config, **credentials.arguments())

    @functools.cached_property
    def _boto(self) -> Any:
        # One for all: a session reads its service models (0.2 s) once. Asked for late, as every client is.
        return self._services.session()
