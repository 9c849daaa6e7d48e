"""Requests to moto that can be run again with the same result: their time and their chance are given from outside.

moto takes both from many places, so its modules are given clocks and dice of ours in the place of Python's. Outside of
a `moment` these are the real ones.
"""

from __future__ import annotations

import contextlib
import datetime as _datetime
import os
import random
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from types import ModuleType
from typing import Any, Final

from moto.core.base_backend import AccountSpecificBackend
from moto.moto_api._internal.moto_random import MotoRandom


@dataclass(frozen=True)
class _Moment:
    at: datetime
    dice: random.Random
    again: bool


class _Current(threading.local):
    moment: _Moment | None = None


_current: Final = _Current()
_real_random: Final = random.SystemRandom()


@contextlib.contextmanager
def moment(at: datetime, seed: int | str, *, again: bool = False) -> Iterator[None]:
    """On this thread, let moto see one instant and chances that follow from `seed`; `again` keeps it from the network.

    `at` is aware. What moto asks the operating system for, such as a key pair, stays chance.
    """
    before = _current.moment
    _current.moment = _Moment(at, random.Random(seed), again)
    try:
        yield
    finally:
        _current.moment = before


def steady_modules() -> None:
    """Give ours to the modules of moto that have been imported; they are imported as they are needed, so call again."""
    if len(sys.modules) == _seen.count:
        return
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.") and name not in _seen.names and module is not None:
            _seen.names.add(name)
            for attribute, value in list(vars(module).items()):
                replacement = _REPLACED.get(id(value))
                if replacement is not None:
                    setattr(module, attribute, replacement)
    _seen.count = len(sys.modules)


def steady_backends(birth: datetime) -> None:
    """Let every backend that moto makes from now on, for a region in first use, be as if it was made at `birth`."""
    dice: Any = MotoRandom
    dice.random, dice.getrandbits = _random, _getrandbits
    AccountSpecificBackend.__getitem__ = _backend  # type: ignore[method-assign]
    _seen.birth = birth


class _Seen:
    def __init__(self) -> None:
        self.count = 0
        # The ids of its containers, which are made at the first use, are nobody's.
        self.names = {"moto.core.base_backend"}
        self.birth = datetime.now(UTC)


_seen: Final = _Seen()
_get_backend: Final = AccountSpecificBackend.__getitem__


def _backend(self: AccountSpecificBackend[Any], region: str) -> Any:
    if dict.__contains__(self, region):
        return dict.__getitem__(self, region)
    with moment(_seen.birth, f"{self.service_name}/{self.account_id}/{region}"):
        return _get_backend(self, region)


def _dice() -> random.Random:
    return _current.moment.dice if _current.moment else _real_random


def _random(_: MotoRandom) -> float:
    return _dice().random()


def _getrandbits(_: MotoRandom, bits: int) -> int:
    return _dice().getrandbits(bits)


def _urandom(size: int) -> bytes:
    return _dice().randbytes(size)


def _uuid4() -> uuid.UUID:
    return uuid.UUID(int=_dice().getrandbits(128), version=4)


def _time() -> float:
    return _current.moment.at.timestamp() if _current.moment else time.time()


class _Instants(type):
    """The class `datetime.datetime`, but for the three ways to ask what time it is."""

    def __call__(cls, *args: Any, **kwargs: Any) -> datetime:
        return datetime(*args, **kwargs)

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, datetime)

    def __getattr__(cls, name: str) -> Any:
        return getattr(datetime, name)

    def __or__(cls, other: Any) -> Any:
        return datetime | other

    def now(cls, tz: tzinfo | None = None) -> datetime:
        now = _current.moment.at if _current.moment else datetime.now(UTC)
        return now.astimezone(tz) if tz else now.astimezone().replace(tzinfo=None)

    def today(cls) -> datetime:
        return cls.now()

    def utcnow(cls) -> datetime:
        return cls.now(UTC).replace(tzinfo=None)


class _Datetime(metaclass=_Instants):
    """Stands for `datetime.datetime`; the values it makes are that class's own."""


class _Module(ModuleType):
    """A module with some of its functions replaced."""

    def __init__(self, real: ModuleType, replaced: dict[str, Any]) -> None:
        super().__init__(real.__name__)
        self._real = real
        vars(self).update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _unless_again(real: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        return None if _current.moment and _current.moment.again else real(*args, **kwargs)

    return call


def _replacements() -> dict[int, Any]:
    import requests

    replaced: dict[Any, Any] = {
        _datetime: _Module(_datetime, {"datetime": _Datetime}),
        datetime: _Datetime,
        time: _Module(time, {"time": _time}),
        time.time: _time,
        os: _Module(os, {"urandom": _urandom}),
        os.urandom: _urandom,
        uuid: _Module(uuid, {"uuid4": _uuid4}),
        uuid.uuid4: _uuid4,
        # How SNS tells subscribers over HTTP, who have heard it.
        requests: _Module(requests, {"post": _unless_again(requests.post)}),
    }
    return {id(real): ours for real, ours in replaced.items()}


_REPLACED: Final = _replacements()
