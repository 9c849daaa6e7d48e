"""What moto's backends hold, as bytes and back: so that a journal can begin anew, and tests can return to a state.

moto persists nothing. Its backends are plain objects; what pickle does not know of them is taught it here.
"""

from __future__ import annotations

import copyreg
import functools
import hashlib
import importlib
import io
import pickle
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any, Final, Protocol

from moto.core.base_backend import BackendDict, BaseBackend

from local.errors import SnapshotError

_LONG_BYTES: Final = 65_536
_FACTORY: Final = "SimpleSystemManagerBackend.__init__.<locals>.<lambda>"
_COUNTERS: Final = (("moto.logs.models", "LogEvent", "_event_id"), ("moto.logs.models", "LogStream", "_log_ids"))
"""Numbers that moto counts in its classes: module, class, attribute."""


class Bodies(Protocol):
    """Where long byte strings go, such as the bodies of S3's objects: the same ones stay where they are."""

    def keep(self, digest: bytes, body: bytes) -> None:
        """Keep a body under its SHA-256."""
        ...

    def body(self, digest: bytes) -> bytes:
        """The body of that digest."""
        ...


class BodiesInMemory:
    """Bodies that end with the process."""

    def __init__(self) -> None:
        self._bodies: dict[bytes, bytes] = {}

    def keep(self, digest: bytes, body: bytes) -> None:
        """Keep a body under its SHA-256."""
        self._bodies[digest] = body

    def body(self, digest: bytes) -> bytes:
        """The body of that digest."""
        return self._bodies[digest]


@dataclass(frozen=True)
class Snapshot:
    """The pickled backends, and the digests of the bodies that they refer to."""

    pickled: bytes
    digests: frozenset[bytes]


def dump(bodies: Bodies) -> Snapshot:
    """All that moto's backends hold, in every account and region; who calls lets no request run meanwhile.

    Raises SnapshotError, having kept some bodies.
    """
    stream = io.BytesIO()
    pickler = _Pickler(stream, bodies)
    try:
        pickler.dump((list(_backends()), [_counter(*where) for where in _COUNTERS]))
    except Exception as error:  # whatever a class of moto's raises when it is asked for its state
        raise SnapshotError(f"moto's state cannot be pickled: {error}") from error
    return Snapshot(stream.getvalue(), frozenset(pickler.digests))


def load(snapshot: bytes, bodies: Bodies) -> None:
    """Put the backends back, instead of any that are there. The bytes must be `dump`'s, of the same moto."""
    forget_backends()
    backends, counters = _Unpickler(io.BytesIO(snapshot), bodies).load()
    for module, name, backend in backends:
        regions = getattr(importlib.import_module(module), name)[backend.account_id]
        dict.__setitem__(regions, backend.region_name, backend)
    for (module, owner, attribute), value in zip(_COUNTERS, counters, strict=True):
        setattr(getattr(importlib.import_module(module), owner), attribute, value)


def forget_backends() -> None:
    """Empty moto. Its own way makes every backend anew first, with IAM's thousand policies."""
    for backends in _made():
        for _, _, backend in backends.iter_backends():
            if type(backend).reset is not BaseBackend.reset:
                backend.reset()  # S3 closes the files of its objects
        backends.clear()
    _made().clear()
    for module, owner, attribute in _COUNTERS:
        if module in sys.modules:
            setattr(getattr(sys.modules[module], owner), attribute, 0)


def _made() -> list[BackendDict[Any]]:
    return BackendDict._instances  # type: ignore[misc]


def _backends() -> Iterator[tuple[str, str, BaseBackend]]:
    for backends in _made():
        for _, _, backend in backends.iter_backends():
            module = backends.backend.__module__
            found = [name for name, value in vars(importlib.import_module(module)).items() if value is backends]
            if found:
                yield module, found[0], backend


def _counter(module: str, owner: str, attribute: str) -> Any:
    return getattr(getattr(importlib.import_module(module), owner), attribute)


class _Pickler(pickle.Pickler):
    def __init__(self, stream: io.BytesIO, bodies: Bodies) -> None:
        super().__init__(stream, pickle.HIGHEST_PROTOCOL)
        self._bodies = bodies
        self.digests: set[bytes] = set()

    def persistent_id(self, value: Any) -> bytes | None:
        if type(value) is not bytes or len(value) < _LONG_BYTES:
            return None
        digest = hashlib.sha256(value).digest()
        if digest not in self.digests:
            self._bodies.keep(digest, value)
            self.digests.add(digest)
        return digest

    def reducer_override(self, value: Any) -> Any:
        if type(value).__module__.startswith("cryptography."):
            return importlib.import_module("local.moto.keys").reduced(value)
        for kind, reduce in _REDUCERS:
            if isinstance(value, kind):
                return reduce(value)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, bodies: Bodies) -> None:
        super().__init__(stream)
        self._bodies = bodies

    def persistent_load(self, digest: bytes) -> bytes:
        return self._bodies.body(digest)


def _new(make: Callable[[], Any]) -> Callable[[Any], Any]:
    return lambda _: (make, ())


def _function(value: FunctionType) -> Any:
    # What makes SSM's missing entries, the one function that moto's backends keep.
    return (functools.partial, (defaultdict, dict)) if value.__qualname__ == _FACTORY else NotImplemented


def _mapping(value: dict[Any, Any]) -> Any:
    # S3's keys and SSM's parameters are dicts whose own methods show less than they hold, or whose makers want more.
    if type(value).__module__.partition(".")[0] != "moto":
        return NotImplemented
    factory = value.default_factory if isinstance(value, defaultdict) else None
    held = {key: dict.__getitem__(value, key) for key in dict.keys(value)}
    return copyreg.__newobj__, (type(value),), (held, vars(value), factory), None, None, _fill  # type: ignore[attr-defined]


def _fill(value: dict[Any, Any], state: tuple[dict[Any, Any], dict[str, Any], Any]) -> None:
    held, attributes, factory = state
    dict.update(value, held)
    vars(value).update(attributes)
    if isinstance(value, defaultdict):
        value.default_factory = factory


_REDUCERS: Final[tuple[tuple[type, Callable[[Any], Any]], ...]] = (
    (type(threading.Lock()), _new(threading.Lock)),
    (type(threading.RLock()), _new(threading.RLock)),
    (threading.Condition, _new(threading.Condition)),
    (FunctionType, _function),
    (dict, _mapping),
)
"""What a value of a kind becomes; the first that fits, and NotImplemented for pickle's own way."""
