"""Every operation that lists a kind: seven records, each filter by itself, each order, pages."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from local.clock import Clock
from local.errors import AwsError
from local.model import service
from local.sagemaker.derived import kinds
from local.sagemaker.facts import FOUND_AT, NO_FILTERS, NOTHING_IS
from local.sagemaker.resources import Store
from local.sagemaker.structural import list_operation, structural
from local.wire import Call

MODEL = service("sagemaker")
CONTROLS = {"NextToken", "MaxResults", "SortBy", "SortOrder", *NOTHING_IS}
ORDER_OF_NAMES = (3, 1, 6, 0, 5, 2, 4)
LISTS = {list_operation(kind): kind for kind in kinds().values() if list_operation(kind) in MODEL.operation_names}
STEMS = {"Creation": "CreationTime", "Created": "CreationTime", "Modified": "LastModifiedTime"}
ELSEWHERE = {
    "ListClusters": {"TrainingPlanArn"},
    "ListHubContents": {"HubName", "MaxSchemaVersion"},
    "ListHubContentVersions": {"HubName", "MaxSchemaVersion", "MinVersion"},
    "ListModelPackages": set(NO_FILTERS["ModelPackage"]),
    "ListTrainingPlans": {"Filters"},
    "ListTrialComponents": {"ExperimentName", "TrialName", "SourceArn"},
    "ListTrials": {"TrialComponentName"},
}
"""What no generated list filters by: the handlers that answer on their own see to it, or there is nothing to filter."""


class Shelf:
    """Seven records of a kind: made in one order, modified in the reverse one, named in a third."""

    def __init__(self, kind, operation):
        self.kind, self.operation = kind, operation
        clock = Clock(speed=0, start=datetime(2026, 3, 1, tzinfo=UTC))
        self.store = Store(clock=clock, account="123456789012", region="eu-west-1")
        for number in range(7):
            self.store.add(kind, *self._record(number))
            clock.advance(timedelta(hours=1))
        for record in reversed(self.store.all(kind)):
            self.store.change(kind, record[kind.arn_member])
            clock.advance(timedelta(hours=1))
        self.records = self.store.all(kind)

    def _record(self, number):
        members = {}
        for member in (*self.operation.input_shape.members, *self._sorts()):
            if (path := held_at(member, self.kind)) and path not in ("CreationTime", "LastModifiedTime"):
                put(members, path, self._value(member, number))
        name = f"{'abcdefg'[ORDER_OF_NAMES[number]]}-name"
        put(members, self.kind.name_member, name)
        path = "/".join(str(members.setdefault(part, f"part-{number}")) for part in self.kind.path)
        return path, members

    def _value(self, member, number):
        if re.search("(After|Before|Time)$", member):
            return datetime(2026, 1, 1 + number, tzinfo=UTC)
        shape = self.operation.input_shape.members.get(member)
        known = getattr(shape, "enum", None)
        return known[number % len(known)] if known and member not in ("SortBy",) else f"value-{number}"

    def _sorts(self):
        shape = self.operation.input_shape.members.get("SortBy")
        return [camel(word) for word in getattr(shape, "enum", [])]

    def __call__(self, **asked):
        handler = structural(self.store, self.kind)[self.operation.name]
        answer = handler(asked, Call(self.operation, asked, "key", "eu-west-1", "localhost"))
        rows = next(value for value in answer.values() if isinstance(value, list))
        return [row[self.kind.arn_member] for row in rows], answer["NextToken"]

    def arns(self, keeps):
        """The ARNs of the records that are to be found, in order of creation."""
        return [record[self.kind.arn_member] for record in self.records if keeps(record)]


def camel(word):
    """CREATION_TIME as CreationTime."""
    return "".join(part.capitalize() for part in word.split("_")) if word.isupper() else word


def held_at(member, kind):
    """Where a record holds what a member of a List request, or an order, is about; none for what only pages."""
    if member in CONTROLS:
        return None
    found = re.fullmatch("(CreationTime|Created|LastModifiedTime|ModifiedTime)(After|Before)", member)
    if found:
        return "CreationTime" if found[1].startswith("Creat") else "LastModifiedTime"
    what = re.sub("(Contains|Equals|Prefix|After|Before)$", "", member)
    own = {"Name": kind.name_member, "Status": kind.status_member, "CreateDate": "CreationTime"}
    held = FOUND_AT.get(kind.name, {}).get(member) or own.get(what, what)
    return kind.status_member if held == f"{kind.name}Status" else held


def put(members, path, value):
    """Put a value at a path."""
    *heads, last = path.split(".")
    for head in heads:
        members = members.setdefault(head, {})
    members.setdefault(last, value)


def at(record, path):
    """What is at a path."""
    for part in path.split("."):
        record = record[part]
    return record


@pytest.fixture(params=sorted(LISTS))
def shelf(request):
    """Seven records of each kind that can be listed."""
    return Shelf(LISTS[request.param], MODEL.operation_model(request.param))


def test_each_filter_keeps_what_it_says_and_nothing_else(shelf):
    """One member of the request at a time, by name, by time, by status and by the members of a kind."""
    unfiltered = ELSEWHERE.get(shelf.operation.name, set())
    for member in set(shelf.operation.input_shape.members) - CONTROLS - unfiltered:
        path = held_at(member, shelf.kind)
        wanted = at(shelf.records[3], path)
        if member.endswith("After"):
            expected = shelf.arns(lambda record, path=path, wanted=wanted: at(record, path) >= wanted)
        elif member.endswith("Before"):
            expected = shelf.arns(lambda record, path=path, wanted=wanted: at(record, path) < wanted)
        else:
            expected = shelf.arns(lambda record, path=path, wanted=wanted: at(record, path) == wanted)
        assert 0 < len(expected) < 7 or member in ("Type", "JobType")
        asked = wanted.upper() if member.endswith("Contains") else wanted
        assert sorted(shelf(**{member: asked})[0]) == sorted(expected), member


def test_what_no_record_here_is_finds_nothing(shelf):
    """Nothing is shared by other accounts, nothing is managed by AWS."""
    for member, wanted in NOTHING_IS.items():
        if member in shelf.operation.input_shape.members:
            assert shelf(**{member: wanted})[0] == []


def test_what_no_generated_list_filters_by_is_known(shelf):
    """Such a member is passed over here, so that the handler which sees to it can."""
    for member in ELSEWHERE.get(shelf.operation.name, set()):
        assert len(shelf(**{member: "anything"})[0]) == 7, member


def test_each_order_sorts_both_ways(shelf):
    """By each value of SortBy that the model has, ascending and descending."""
    members = shelf.operation.input_shape.members
    for by in getattr(members.get("SortBy"), "enum", []):
        path = held_at(camel(by), shelf.kind)
        values = {record[shelf.kind.arn_member]: at(record, path) for record in shelf.records}
        up, down = members["SortOrder"].enum if members["SortOrder"].enum[0].lower() == "ascending" else (None, None)
        ascending = [values[arn] for arn in shelf(SortBy=by, SortOrder=up)[0]]
        assert ascending == sorted(values.values()), by
        assert [values[arn] for arn in shelf(SortBy=by, SortOrder=down)[0]] == ascending[::-1], by


def test_pages_follow_one_another_with_each_record_once(shelf):
    """Three pages of at most three; the last has no token, and a token that no list gave is refused."""
    if "MaxResults" not in shelf.operation.input_shape.members:
        assert len(shelf()[0]) == 7
        return
    seen, token = [], None
    for size in (3, 3, 1):
        arns, token = shelf(MaxResults=3, **({"NextToken": token} if token else {}))
        assert len(arns) == size
        seen += arns
    assert token is None
    assert sorted(seen) == sorted(shelf.arns(lambda _: True))
    assert seen == shelf(MaxResults=100)[0]
    with pytest.raises(AwsError, match="ValidationException"):
        shelf(NextToken="made-up")
