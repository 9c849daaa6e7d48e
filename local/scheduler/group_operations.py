"""The operations on schedule groups and their tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from local.clock import Clock
from local.front import Handler
from local.paging import page
from local.scheduler.book import Book, Group
from local.wire import Call

Params = dict[str, Any]

_PAGE: Final = 100


class GroupOperations:
    """Handlers over `book`; `forget` is told of every schedule that goes with its group."""

    def __init__(self, clock: Clock, book: Book, forget: Callable[[str], None]) -> None:
        self._clock, self._book, self._forget = clock, book, forget

    def handlers(self) -> dict[str, Handler]:
        """The operations by name."""
        return {
            "CreateScheduleGroup": self._create,
            "DeleteScheduleGroup": self._delete,
            "GetScheduleGroup": lambda params, _: self._book.group(params["Name"]).described(),
            "ListScheduleGroups": self._list,
            "ListTagsForResource": self._list_tags,
            "TagResource": self._tag,
            "UntagResource": self._untag,
        }

    def _create(self, params: Params, _: Call) -> Params:
        name = params["Name"]
        labels = {tag["Key"]: tag["Value"] for tag in params.get("Tags", ())}
        self._book.add_group(Group(name, self._book.group_arn(name), self._clock.now(), labels))
        return {"ScheduleGroupArn": self._book.group_arn(name)}

    def _delete(self, params: Params, _: Call) -> Params:
        for key in self._book.remove_group(params["Name"]):
            self._forget(key)
        return {}

    def _list(self, params: Params, _: Call) -> Params:
        prefix = params.get("NamePrefix", "")
        found = [group.described() for group in self._book.groups() if group.name.startswith(prefix)]
        size, token = params.get("MaxResults", _PAGE), params.get("NextToken")
        shown, following = page(found, size=size, token=token, code="ValidationException")
        return {"ScheduleGroups": shown, "NextToken": following}

    def _list_tags(self, params: Params, _: Call) -> Params:
        tags = self._book.group_of(params["ResourceArn"]).tags
        return {"Tags": [{"Key": key, "Value": value} for key, value in dict(tags).items()]}

    def _tag(self, params: Params, _: Call) -> Params:
        given = {tag["Key"]: tag["Value"] for tag in params["Tags"]}
        self._book.change_tags(params["ResourceArn"], lambda tags: tags | given)
        return {}

    def _untag(self, params: Params, _: Call) -> Params:
        gone = params["TagKeys"]
        self._book.change_tags(params["ResourceArn"], lambda tags: {k: v for k, v in tags.items() if k not in gone})
        return {}
