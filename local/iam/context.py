"""The condition keys of a request: those at hand, and those that cost a look-up and are read when a policy asks.

Source: IAM User Guide, "AWS global condition context keys".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from local.iam.wildcards import Values

Group = Callable[[], Mapping[str, Values]]
"""Reads keys that belong together, such as all tags of a resource; keys in lower case."""
ENCRYPTED: Final[Mapping[str, Values]] = {"aws:securetransport": ("true",)}
"""Loopback counts as TLS: nothing leaves the machine."""


class RequestContext(Mapping[str, Values]):
    """Condition keys in lower case, with their values.

    `groups` are by what their keys begin with, the slash included: `aws:resourcetag/`; or by a whole key.
    """

    def __init__(self, known: dict[str, Values], groups: Mapping[str, Group]) -> None:
        self._known = known
        self._groups = groups
        self._read: set[str] = set()

    def get(self, key: str, default: Values = ()) -> Values:  # type: ignore[override] # there is one kind of default
        """The values of a key; none for a key that the request does not have."""
        values = self._known.get(key)
        if values is not None:
            return values
        self._look_up(key if key in self._groups else key.partition("/")[0] + "/")
        return self._known.get(key, default)

    def __getitem__(self, key: str) -> Values:
        values = self.get(key)
        if not values:
            raise KeyError(key)
        return values

    def __iter__(self) -> Iterator[str]:
        return iter(self.everything())

    def __len__(self) -> int:
        return len(self.everything())

    def everything(self) -> dict[str, Values]:
        """All keys, whatever they cost."""
        for name in self._groups:
            self._look_up(name)
        return dict(self._known)

    def _look_up(self, name: str) -> None:
        if name in self._groups and name not in self._read:
            self._read.add(name)
            self._known.update(self._groups[name]())


def tags(prefix: str, read: Callable[[], Mapping[str, str]]) -> Group:
    """Tags as condition keys below a prefix such as `aws:resourcetag/`."""
    return lambda: {f"{prefix}{key.lower()}": (value,) for key, value in read().items()}
