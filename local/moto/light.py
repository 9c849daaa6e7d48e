"""What moto reads when a service is first asked for, read when it is needed: SSM alone would take 100 MB and a second.

SSM imports EC2, which reads what instance types there are in every region, and the endpoints of AWS three times.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Final

import boto3

from local.transport import ADMINISTRATOR, session

_OFFERINGS: Final = "ec2/resources/instance_type_offerings"


@contextlib.contextmanager
def lightly() -> Iterator[None]:
    """Import modules of moto inside of this; one thread at a time."""
    from moto.utilities import utils

    read, plain = utils.load_resource, boto3.Session
    made: list[_Later] = []

    def later(resource: str) -> Any:
        if not resource.startswith(_OFFERINGS):
            return read(resource)
        made.append(_Later(read, resource))
        return made[-1]

    utils.load_resource, boto3.Session = later, _one_session()  # type: ignore[assignment,misc]
    try:
        yield
    finally:
        utils.load_resource, boto3.Session = read, plain  # type: ignore[misc]
        for each in made:
            each.armed = True


class _Later(list[dict[str, Any]]):
    """What a file holds, read when somebody looks at it after it is armed; before, there is nothing to see."""

    def __init__(self, read: Callable[[str], Any], resource: str) -> None:
        super().__init__()
        self._read, self._resource = read, resource
        self.armed = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        if self.armed and not len(self):
            kind = self._resource.removeprefix(f"{_OFFERINGS}/").partition("/")[0]
            self.extend({**each, "LocationType": kind} for each in self._read(self._resource))
        return super().__iter__()


def _one_session() -> Callable[[], boto3.Session]:
    # It is asked for the names of regions alone; one that shares its loader with all others has read them.
    shared = session(lambda environ, start_response: [], region="us-east-1", access_key_id=ADMINISTRATOR)
    return lambda: shared
