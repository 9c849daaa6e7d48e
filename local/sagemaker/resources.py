"""The records of the local SageMaker: one guarded store for every kind of resource."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from local.clock import Clock
from local.errors import ValidationError
from local.sagemaker.kinds import Kind
from local.state import State, Table

Record = dict[str, Any]
"""A resource's members in the model's names and Python's types. Members are replaced, never changed in place."""

Edit = Callable[[Record], Mapping[str, Any]]
"""Looks at a copy of a record and gives the members to replace (None removes one); may refuse with an AwsError."""

_MAX_TAGS = 50


class Store:
    """Records by kind and name. Each method is atomic; what it gives is a copy.

    They are kept in the tables `sagemaker.<kind>` of the state, by ARN. Nothing slow may happen in an Edit: it runs
    under the store's lock.
    """

    def __init__(self, *, clock: Clock, account: str, region: str, state: State | None = None) -> None:
        self._clock = clock
        self._prefix = f"arn:aws:sagemaker:{region}:{account}"
        self._state = state or State.in_memory()
        self._tags: Table[dict[str, str]] = self._state.table("sagemaker.tags")
        self._numbers: Table[int] = self._state.table("sagemaker.numbers")
        self._changed = threading.Condition(threading.RLock())

    def arn(self, kind: Kind, name: str) -> str:
        """The ARN of a resource. SageMaker lower-cases names in most ARNs, so no name can be read back from one."""
        return f"{self._prefix}:{kind.arn_type}/{name if kind.keeps_case else name.lower()}"

    def add(self, kind: Kind, name: str, members: Mapping[str, Any], *, arn: str | None = None) -> Record:
        """Keep a new record with its name, ARN and times. Raises the kind's "already exists".

        `name` is what stands in the ARN: the values of the kind's `path`, with slashes between them.
        """
        arn, now = arn or self.arn(kind, name), self._now()
        named = {} if len(kind.path) > 1 or kind.path[0].endswith("Arn") else {kind.path[0]: name}
        stamps = {kind.arn_member: arn, "CreationTime": now, "LastModifiedTime": now}
        with self._changed:
            table = self._table(kind)
            if arn in table:
                raise kind.already_exists(name=name, arn=arn)
            with self._state.together():
                self._tags[arn] = by_key(members.get("Tags", []))
                table[arn] = {**named, **members, **stamps}
            self._changed.notify_all()
            return dict(table[arn])

    def get(self, kind: Kind, name: str) -> Record:
        """The record of a name or ARN. Raises the kind's "not found"."""
        with self._changed:
            return dict(self._find(kind, name))

    def all(self, kind: Kind) -> list[Record]:
        """Every record of a kind, in order of creation."""
        with self._changed:
            return [dict(record) for record in self._table(kind).values()]

    def edit(self, kind: Kind, name: str, edit: Edit) -> Record:
        """Replace members of a record, and its LastModifiedTime unless the edit gives it; give it as it is then."""
        with self._changed:
            record = self._find(kind, name)
            edited = {**record, "LastModifiedTime": self._now(), **edit(dict(record))}
            kept = {member: value for member, value in edited.items() if value is not None}
            self._table(kind)[record[kind.arn_member]] = kept
            self._changed.notify_all()
            return dict(kept)

    def change(self, kind: Kind, name: str, **members: Any) -> Record:
        """Replace members of a record without a condition."""
        return self.edit(kind, name, lambda _: members)

    def remove(self, kind: Kind, name: str, *, check: Callable[[Record], None] = lambda _: None) -> Record:
        """Forget a record, after `check` had the chance to refuse; give it as it was."""
        with self._changed:
            record = self._find(kind, name)
            check(dict(record))
            arn = record[kind.arn_member]
            with self._state.together():
                del self._table(kind)[arn]
                self._tags.pop(arn, None)
            self._changed.notify_all()
            return record

    def until(
        self, kind: Kind, name: str, reached: Callable[[Record], bool], *, timeout_seconds: float | None = None
    ) -> Record:
        """Wait until a record is as `reached` wants it. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: reached(dict(self._find(kind, name))), timeout_seconds):
                raise TimeoutError(f"{kind.name} {name} has not come so far: {self.get(kind, name)}")
            return self.get(kind, name)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Within, changes of records and of other tables are one, which a process that is killed leaves no part of.

        Nobody else gets at the records meanwhile: no calls to others, no waiting.
        """
        # The store's lock comes first, as in each of its methods: the tables' is taken under it.
        with self._changed, self._state.together():
            yield

    def wake(self) -> None:
        """Let whoever waits in `until` look again: something else than a record has changed."""
        with self._changed:
            self._changed.notify_all()

    def next_number(self, series: str) -> int:
        """1, 2, 3, … of a series; none is given twice, whatever is deleted."""
        with self._changed:
            self._numbers[series] = self._numbers.get(series, 0) + 1
            return self._numbers[series]

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of a resource. Raises ValidationError for an ARN of nothing."""
        with self._changed:
            return dict(self._tags_of(arn))

    def tags_if_any(self, arn: str) -> dict[str, str]:
        """The tags of a resource; none of one that is gone."""
        with self._changed:
            return dict(self._tags.get(arn, {}))

    def tag(self, arn: str, tags: Mapping[str, str]) -> dict[str, str]:
        """Add tags or replace their values; give all of them."""
        with self._changed:
            merged = {**self._tags_of(arn), **tags}
            if len(merged) > _MAX_TAGS:
                raise ValidationError(f"Number of tags exceeds the limit of {_MAX_TAGS} for {arn}.")
            self._tags[arn] = merged
            return dict(merged)

    def untag(self, arn: str, keys: Sequence[str]) -> None:
        """Remove the tags of these keys."""
        with self._changed:
            self._tags[arn] = {key: value for key, value in self._tags_of(arn).items() if key not in keys}

    def _now(self) -> datetime:
        # Milliseconds, as they go over the wire: a time that was shown must find its record again in a filter.
        now = self._clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def _table(self, kind: Kind) -> Table[Record]:
        return self._state.table(f"sagemaker.{kind.name}")

    def _find(self, kind: Kind, name: str) -> Record:
        arn = name if name.startswith("arn:") else self.arn(kind, name)
        record = self._table(kind).get(arn)
        if record is None:
            raise kind.not_found(name=name, arn=arn)
        return record

    def _tags_of(self, arn: str) -> dict[str, str]:
        if arn not in self._tags:
            raise ValidationError(f"Could not find resource {arn}.")
        return self._tags[arn]


def by_key(tags: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """A request's tags. Raises ValidationError for a key that is given twice."""
    found = {tag["Key"]: tag["Value"] for tag in tags}
    if len(found) < len(tags):
        raise ValidationError("Duplicate tag keys found: each key may be given once.")
    return found
