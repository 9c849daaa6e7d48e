from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from local.clock import Clock
from local.errors import AwsError, ValidationError
from local.sagemaker.derived import derived
from local.sagemaker.kinds import ENDPOINT, MODEL, TRAINING_JOB
from local.sagemaker.resources import Store
from local.state import State

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model/m"


@pytest.fixture
def clock():
    """A clock that stands still."""
    return Clock(speed=0, start=datetime(2026, 11, 2, tzinfo=UTC))


@pytest.fixture
def store(clock):
    """An empty store."""
    return Store(clock=clock, account="123456789012", region="eu-west-1")


def test_a_record_keeps_every_member_and_gets_name_arn_and_times(store, clock):
    """What is stored is what was given, with the members that SageMaker adds."""
    store.add(MODEL, "m", {"Anything": [1, {"deep": True}]})

    assert store.get(MODEL, "m") == {
        "Anything": [1, {"deep": True}],
        "ModelName": "m",
        "ModelArn": ARN,
        "CreationTime": clock.now(),
        "LastModifiedTime": clock.now(),
    }


def test_a_record_is_found_by_name_and_by_arn(store):
    """Names keep their case, ARNs are lower-cased."""
    made = store.add(MODEL, "MyModel", {})

    assert made["ModelArn"].endswith(":model/mymodel")
    assert store.get(MODEL, "MyModel") == store.get(MODEL, made["ModelArn"])


def test_what_is_missing_or_taken_is_told_in_the_words_of_its_kind(store):
    """Not-found and already-exists carry each kind's code and text."""
    with pytest.raises(AwsError) as missing:
        store.get(ENDPOINT, "e")
    assert missing.value.code == "ValidationException"
    assert missing.value.message == ('Could not find endpoint "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/e".')
    store.add(TRAINING_JOB, "j", {})
    with pytest.raises(AwsError) as taken:
        store.add(TRAINING_JOB, "j", {})
    assert taken.value.code == "ResourceInUse"
    assert taken.value.message.startswith("Job name must be unique within an AWS account and region")


def test_an_edit_that_refuses_changes_nothing(store):
    """The check of an edit and its change are one."""
    store.add(MODEL, "m", {"State": "here"})

    def refuse(record):
        raise ValidationError("no")

    with pytest.raises(ValidationError):
        store.edit(MODEL, "m", refuse)
    assert store.get(MODEL, "m")["State"] == "here"


def test_an_edit_replaces_adds_and_removes_members_and_stamps_the_time(store, clock):
    """None removes a member; LastModifiedTime follows the clock."""
    before = store.add(MODEL, "m", {"A": 1, "B": 2})
    clock.advance(timedelta(seconds=5))

    after = store.edit(MODEL, "m", lambda record: {"A": None, "C": record["B"] + 1})

    assert {"B": 2, "C": 3}.items() <= after.items()
    assert "A" not in after
    assert after["LastModifiedTime"] - before["LastModifiedTime"] == timedelta(seconds=5)


def test_a_copy_does_not_see_later_changes(store):
    """Readers hold what was true when they asked."""
    copy = store.add(MODEL, "m", {"State": "old"})
    store.change(MODEL, "m", State="new")
    assert copy["State"] == "old"


def test_concurrent_edits_lose_nothing(store):
    """Thirty-two threads that count together count right."""
    store.add(MODEL, "m", {"Count": 0})

    def count():
        for _ in range(20):
            store.edit(MODEL, "m", lambda record: {"Count": record["Count"] + 1})

    threads = [Thread(target=count) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get(MODEL, "m")["Count"] == 640


def test_a_number_is_never_given_twice(store):
    """Numbers go on where they stopped, one series apart from the other."""
    assert [store.next_number("a"), store.next_number("a"), store.next_number("b")] == [1, 2, 1]


def test_waiting_ends_when_another_thread_brings_the_record_there(store):
    """`until` wakes on a change."""
    store.add(MODEL, "m", {"State": "old"})
    seen = []
    waiter = Thread(target=lambda: seen.append(store.until(MODEL, "m", lambda record: record["State"] == "new")))
    waiter.start()
    store.change(MODEL, "m", State="new")
    waiter.join(10)
    assert [record["State"] for record in seen] == ["new"]


def test_tags_are_replaced_by_key_and_go_with_their_resource(store):
    """A second value for a key takes the place of the first."""
    store.add(MODEL, "m", {"Tags": [{"Key": "team", "Value": "a"}]})
    assert store.tag(ARN, {"team": "b", "cost": "1"}) == {"team": "b", "cost": "1"}
    store.untag(ARN, ["cost", "unknown"])
    assert store.tags(ARN) == {"team": "b"}
    store.remove(MODEL, "m")
    with pytest.raises(ValidationError, match="Could not find resource"):
        store.tags(ARN)


def test_a_tags_key_is_given_once(store):
    """Neither value is chosen for the caller."""
    twice = [{"Key": "team", "Value": "a"}, {"Key": "team", "Value": "b"}]
    with pytest.raises(AwsError, match="Duplicate tag keys"):
        store.add(MODEL, "m", {"Tags": twice})
    assert store.all(MODEL) == []


def test_more_than_fifty_tags_are_refused(store):
    """The limit counts what is there already."""
    store.add(MODEL, "m", {"Tags": [{"Key": str(n), "Value": ""} for n in range(50)]})
    with pytest.raises(ValidationError, match="limit of 50"):
        store.tag(ARN, {"one more": ""})


def test_records_tags_and_numbers_outlive_the_process(clock, tmp_path):
    """What another store finds in the same folder is what the first one acknowledged, and no number comes twice."""

    def opened():
        state = State.at(tmp_path)
        return state, Store(clock=clock, account="123456789012", region="eu-west-1", state=state)

    state, store = opened()
    store.add(MODEL, "m", {"State": "old", "Tags": [{"Key": "team", "Value": "a"}]})
    store.add(MODEL, "gone", {})
    store.change(MODEL, "m", State="new")
    store.tag(ARN, {"cost": "1"})
    store.remove(MODEL, "gone")
    store.next_number("a")
    before = store.get(MODEL, "m")
    state.close()

    state, store = opened()
    assert store.all(MODEL) == [before]
    assert store.tags(ARN) == {"team": "a", "cost": "1"}
    assert store.next_number("a") == 2
    state.close()


def test_a_name_of_several_parts_is_found_by_them_and_by_its_arn(store):
    """A user profile's ARN has its domain in it; neither part is taken for the other."""
    profile = derived("UserProfile")
    made = store.add(profile, "d-1/ada", {"DomainId": "d-1", "UserProfileName": "ada"})
    assert made["UserProfileArn"].endswith(":user-profile/d-1/ada")
    assert store.get(profile, "d-1/ada") == store.get(profile, made["UserProfileArn"])
    with pytest.raises(AwsError, match="ResourceNotFound"):
        store.get(profile, "d-2/ada")


def test_a_name_that_many_want_at_once_goes_to_one(store):
    """The others are told that it is taken."""
    told = []

    def make():
        try:
            store.add(MODEL, "m", {})
            told.append("made")
        except AwsError as error:
            told.append(error.code)

    threads = [Thread(target=make) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["ValidationException"] * 15 + ["made"]
