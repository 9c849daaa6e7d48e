"""The way to a stage: boto3 clients, and the check that they lead to the stage's own account and region."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
import click
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

import env
from cli.errors import WrongUseError
from env import naming
from env.errors import EnvError

LOCAL = "local"
"""The stage that never talks to AWS."""

_SESSION_NAME_CHARACTERS = 64
_HOW_TO_START = "start it with `sluice up` in another terminal and set the variables it prints"


@dataclass(frozen=True)
class Connection:
    """A stage and a session with its account. `session` is checked: every client leads to the stage."""

    stage: env.Stage
    session: boto3.Session
    _clients: dict[tuple[str, int, int | None], Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _lock: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    def client(self, name: str, *, attempts: int = 3, read_seconds: int | None = None) -> Any:
        """A boto3 client of the stage's account and region; the stage `local` goes to the local cloud.

        It waits `read_seconds` for an answer, or as long as botocore does. One for all who ask, in whatever thread:
        making one takes long, and a session makes one at a time.
        """
        with self._lock:
            wanted = name, attempts, read_seconds
            if wanted not in self._clients:
                self._clients[wanted] = self._made(name, attempts=attempts, read_seconds=read_seconds)
            return self._clients[wanted]

    def _made(self, name: str, *, attempts: int, read_seconds: int | None) -> Any:
        made: Any = self.session  # the stubs know each service by a literal name
        retries: Any = {"mode": "standard", "total_max_attempts": attempts}
        patience: Any = {"read_timeout": read_seconds} if read_seconds else {}
        config = Config(retries=retries, **patience)
        if self.stage.name != LOCAL:
            return made.client(name, config=config)
        # Said outright: an endpoint or a proxy that is set for one service or for all must not lead away.
        there = os.environ.get("AWS_ENDPOINT_URL")
        return made.client(name, endpoint_url=there, config=config.merge(Config(proxies={})))

    def model(self, name: str) -> str:
        """The model's name in AWS; underscores are taken for hyphens. Raises WrongUseError for an unknown one."""
        return known_model(self.stage, name)

    def caller(self) -> str:
        """The ARN of whoever calls, as STS knows it."""
        arn: str = self.client("sts").get_caller_identity()["Arn"]
        return arn

    def in_role(self, role_arn: str, *, name: str) -> Connection:
        """The same stage in the rights of a role, in a session called `name`. Raises ClientError where STS refuses."""
        given = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=name)["Credentials"]
        session = boto3.Session(
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
            region_name=self.stage.region,
        )
        return Connection(self.stage, session)

    def acting_as(self, person: naming.Person) -> Connection:
        """The same stage as one of its people; the session bears the caller's own name, so that logs tell who it was.

        Raises WrongUseError when the caller may not assume the role.
        """
        own_name = re.sub(r"[^\w+=,.@-]", "-", re.split("[:/]", self.caller())[-1])[:_SESSION_NAME_CHARACTERS]
        role = naming.role_arn(self.stage, naming.person_role(self.stage, person))
        try:
            return self.in_role(role, name=own_name)
        except ClientError as error:
            remedy = f"deploy the stage, or ask for the right to assume {role}"
            raise WrongUseError(f"you cannot act as {person} of stage {self.stage.name} ({error}): {remedy}") from error


def known_model(stage: env.Stage, name: str) -> str:
    """A model's name in AWS; underscores are taken for hyphens. Raises WrongUseError for one the stage has not."""
    spelled = name.replace("_", "-")
    if spelled not in stage.models:
        known = f"env/{stage.name}.toml names {', '.join(stage.models) or 'none'}"
        raise WrongUseError(f"stage {stage.name} has no model {spelled!r}: {known}")
    return spelled


stage_option = click.option(
    "--stage", help="The stage; without it SLUICE_STAGE, or local when a local cloud is pointed at."
)
"""The option of every command that works on one stage; `connect` takes what it gives."""

person_option = click.option(
    "--as", "person", type=click.Choice(naming.PEOPLE), help="Assume the stage's role of that person first."
)
"""The option of commands for people with a role of their own; `connect` takes what it gives."""


def default_stage() -> str:
    """The stage meant when none is given: SLUICE_STAGE, else `local` when a local cloud is pointed at."""
    if named := os.environ.get("SLUICE_STAGE"):
        return named
    if _is_loopback(os.environ.get("AWS_ENDPOINT_URL", "")):
        return LOCAL
    raise WrongUseError("say which stage with --stage or SLUICE_STAGE: " + ", ".join(env.names()))


def load_stage(name: str | None) -> env.Stage:
    """A stage by its name, or the one meant when none is given. Raises WrongUseError with what is wrong with it."""
    try:
        return env.load(name or default_stage())
    except EnvError as error:
        raise WrongUseError(str(error)) from error


def connect(stage_name: str | None, *, person: naming.Person | None = None) -> Connection:
    """A checked connection to a stage, in the role of one of its people if one is named.

    Raises WrongUseError when the stage is unknown or misspelt, when the credentials belong to another account or
    region, when there are none, or when the stage is `local` and no local cloud answers.
    """
    stage = load_stage(stage_name)
    core = botocore.session.Session()
    region = _region(core)
    if stage.name == LOCAL:
        _prepare_local(core)
    _check_region(stage, region)
    connection = Connection(stage, boto3.Session(botocore_session=core, region_name=stage.region))
    _check_account(connection)
    return connection.acting_as(person) if person else connection


def _prepare_local(core: botocore.session.Session) -> None:
    url = os.environ.get("AWS_ENDPOINT_URL", "")
    if not url:
        raise WrongUseError(f"stage {LOCAL} runs on the local cloud: {_HOW_TO_START}")
    if not _is_address(url):
        raise WrongUseError(f"AWS_ENDPOINT_URL is {url!r}, which is no address: {_HOW_TO_START}")
    if not _is_loopback(url):
        raise WrongUseError(f"stage {LOCAL} never leaves this machine, and AWS_ENDPOINT_URL is {url}: {_HOW_TO_START}")
    if core.get_credentials() is None:
        core.set_credentials("test", "test")


def _region(core: botocore.session.Session) -> str | None:
    try:
        region: str | None = core.get_config_variable("region")
    except BotoCoreError as error:  # a profile that does not exist, a file that cannot be parsed
        raise WrongUseError(f"{error}: correct AWS_PROFILE or your AWS configuration") from error
    return region


def _check_region(stage: env.Stage, region: str | None) -> None:
    if region not in (None, stage.region):
        remedy = f"set AWS_REGION={stage.region} or use the profile of stage {stage.name}"
        raise WrongUseError(f"stage {stage.name} is in {stage.region}, your session in {region}: {remedy}")


def _check_account(connection: Connection) -> None:
    stage = connection.stage
    try:
        account = connection.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        remedy = _HOW_TO_START if stage.name == LOCAL else "sign in to the stage's account"
        raise WrongUseError(f"stage {stage.name} cannot be reached ({error}): {remedy}") from error
    if account != stage.account:
        mismatch = f"stage {stage.name} is account {stage.account}, your credentials are of {account}"
        raise WrongUseError(f"{mismatch}: use credentials of {stage.account} or correct env/{stage.name}.toml")


def _is_address(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
