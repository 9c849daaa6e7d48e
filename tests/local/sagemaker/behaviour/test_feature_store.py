"""Feature groups, their records online, and what lands in S3."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from local.sagemaker.features.offline import OfflineStore
from local.sagemaker.features.parquet import Column, write
from local.sagemaker.resources import Store
from local.state import State

ROLE = "arn:aws:iam::123456789012:role/features"
DEFINITIONS = [
    {"FeatureName": "id", "FeatureType": "String"},
    {"FeatureName": "at", "FeatureType": "String"},
    {"FeatureName": "age", "FeatureType": "Integral"},
    {"FeatureName": "score", "FeatureType": "Fractional"},
]
GOLDEN = Path(__file__).parents[3] / "golden" / "offline-store.parquet"


@pytest.fixture(scope="module")
def role(shared):
    """A role that SageMaker may assume and that may do everything in S3."""
    iam = shared.services.client("iam")
    trust = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
        '"Principal": {"Service": "sagemaker.amazonaws.com"}}]}'
    )
    allow = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
    iam.create_role(RoleName="features", AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName="features", PolicyName="s3", PolicyDocument=allow)
    return ROLE


@pytest.fixture(scope="module")
def records(shared):
    """A client of the runtime."""
    return shared.services.client("sagemaker-featurestore-runtime")


@pytest.fixture
def group(sm, own_name):
    """Makes groups of the test's name, online unless it is said otherwise; gives the name."""

    def make(*, definitions=DEFINITIONS, **more) -> str:
        sm.create_feature_group(
            FeatureGroupName=own_name,
            RecordIdentifierFeatureName="id",
            EventTimeFeatureName="at",
            FeatureDefinitions=definitions,
            **{"OnlineStoreConfig": {"EnableOnlineStore": True}, **more},
        )
        return own_name

    return make


def record(**values: str) -> list[dict[str, str]]:
    """A record's values."""
    return [{"FeatureName": name, "ValueAsString": text} for name, text in values.items()]


def got(records, group: str, identifier: str, **more) -> dict[str, str] | None:
    """A record's values by feature; None when there is none."""
    answer = records.get_record(FeatureGroupName=group, RecordIdentifierValueAsString=identifier, **more)
    found = answer.get("Record")
    return None if found is None else {value["FeatureName"]: value["ValueAsString"] for value in found}


def test_the_latest_event_time_stays_online(records, group):
    """A record is replaced as a whole by a later one alone; an equal time is history."""
    name = group()
    records.put_record(FeatureGroupName=name, Record=record(id="a", at="2026-01-02T00:00:00Z", age="3", score="0.5"))
    for at, age in (("2026-01-01T00:00:00Z", "1"), ("2026-01-02T00:00:00Z", "2")):
        records.put_record(FeatureGroupName=name, Record=record(id="a", at=at, age=age))
    assert got(records, name, "a") == {"id": "a", "at": "2026-01-02T00:00:00Z", "age": "3", "score": "0.5"}
    records.put_record(FeatureGroupName=name, Record=record(id="a", at="2026-01-03T00:00:00Z", age="4"))
    assert got(records, name, "a") == {"id": "a", "at": "2026-01-03T00:00:00Z", "age": "4"}
    assert got(records, name, "a", FeatureNames=["age"]) == {"age": "4"}
    assert got(records, name, "b") is None


@pytest.mark.parametrize(
    "values",
    [
        {"id": "a", "at": "2026-01-01T00:00:00Z", "hight": "2"},
        {"id": "a", "at": "2026-01-01T00:00:00Z", "age": "old"},
        {"id": "a", "at": "2026-01-01T00:00:00Z", "score": "high"},
        {"id": "a", "at": "yesterday"},
        {"id": "a", "age": "1"},
        {"at": "2026-01-01T00:00:00Z"},
        {"id": "", "at": "2026-01-01T00:00:00Z"},
    ],
)
def test_a_record_must_fit_its_group(records, group, refused, values):
    """Unknown features, wrong types, no identifier and no event time are refused."""
    name = group()
    assert refused(records.put_record, FeatureGroupName=name, Record=record(**values))[0] == "ValidationError"


def test_a_deleted_record_is_gone_until_a_later_one(records, group, refused):
    """A soft deletion leaves a mark that older records do not pass; a hard one must be later, and leaves nothing."""
    name = group()
    one = {"FeatureGroupName": name, "RecordIdentifierValueAsString": "a"}
    records.put_record(FeatureGroupName=name, Record=record(id="a", at="2026-01-02T00:00:00Z", age="1"))
    records.delete_record(**one, EventTime="2026-01-01T00:00:00Z")
    assert got(records, name, "a") is not None
    records.delete_record(**one, EventTime="2026-01-03T00:00:00Z")
    assert got(records, name, "a") is None
    records.put_record(FeatureGroupName=name, Record=record(id="a", at="2026-01-02T12:00:00Z"))
    assert got(records, name, "a") is None
    assert records.list_records(FeatureGroupName=name)["RecordIdentifiers"] == []
    assert records.list_records(FeatureGroupName=name, IncludeSoftDeletedRecords=True)["RecordIdentifiers"] == ["a"]
    early = {**one, "EventTime": "2026-01-02T00:00:00Z", "DeletionMode": "HardDelete"}
    assert refused(records.delete_record, **early)[0] == "ValidationError"
    records.delete_record(**{**early, "EventTime": "2026-01-04T00:00:00Z"})
    assert records.list_records(FeatureGroupName=name, IncludeSoftDeletedRecords=True)["RecordIdentifiers"] == []
    records.put_record(FeatureGroupName=name, Record=record(id="a", at="2026-01-01T00:00:00Z"))
    assert got(records, name, "a") == {"id": "a", "at": "2026-01-01T00:00:00Z"}


def test_a_record_lives_as_long_as_it_is_said(records, group, shared):
    """The record's own time to live goes before the group's; what has expired is not there."""
    name = group(OnlineStoreConfig={"EnableOnlineStore": True, "TtlDuration": {"Unit": "Weeks", "Value": 1}})
    now = shared.services.clock.now().astimezone(UTC)
    at, long_ago = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (now, now - timedelta(hours=2)))
    hour = {"Unit": "Hours", "Value": 1}
    records.put_record(FeatureGroupName=name, Record=record(id="old", at=long_ago), TtlDuration=hour)
    records.put_record(FeatureGroupName=name, Record=record(id="new", at=at))
    assert got(records, name, "old") is None
    answer = records.get_record(
        FeatureGroupName=name, RecordIdentifierValueAsString="new", ExpirationTimeResponse="Enabled"
    )
    assert answer["ExpiresAt"] == f"{now + timedelta(weeks=1):%Y-%m-%dT%H:%M:%SZ}"


def test_an_update_replaces_some_values_of_a_newer_store(records, group, refused):
    """Other values stay; an earlier event time conflicts; a record that is not there is not made."""
    name = group(OnlineStoreConfig={"EnableOnlineStore": True, "StorageType": "InMemory"})
    one = {"FeatureGroupName": name, "RecordIdentifierValueAsString": "a"}
    assert refused(records.update_record, **one, Features=record(age="2"))[0] == "ResourceNotFound"
    records.put_record(FeatureGroupName=name, Record=record(id="a", at="2026-01-02T00:00:00Z", age="1", score="1"))
    records.update_record(**one, Features=record(age="2"))
    assert got(records, name, "a") == {"id": "a", "at": "2026-01-02T00:00:00Z", "age": "2", "score": "1"}
    early = record(at="2026-01-01T00:00:00Z", age="3")
    assert refused(records.update_record, **one, Features=early)[0] == "ConflictException"
    life = {"Unit": "Hours", "Value": 1}
    assert refused(records.update_record, **one, Features=record(age="3"), TtlDuration=life)[0] == "ValidationError"


def test_the_standard_store_takes_no_updates(records, group, refused):
    """UpdateRecord is for the newer stores."""
    one = {"FeatureGroupName": group(), "RecordIdentifierValueAsString": "a"}
    assert refused(records.update_record, **one, Features=record(age="2"))[0] == "ValidationError"


def test_batches_tell_what_was_wrong_by_itself(records, group):
    """The good entries are written and read; the bad ones come back with the reason."""
    name = group()
    good, bad = record(id="a", at="2026-01-02T00:00:00Z", age="1"), record(id="b", at="never")
    entries = [{"FeatureGroupName": name, "Record": values} for values in (good, bad)]
    (error,) = records.batch_write_record(Entries=entries)["Errors"]
    assert (error["Entry"]["Record"], error["ErrorCode"]) == (bad, "ValidationError")
    asked = [
        {"FeatureGroupName": name, "RecordIdentifiersValueAsString": ["a", "b"], "FeatureNames": ["age"]},
        {"FeatureGroupName": "none", "RecordIdentifiersValueAsString": ["a"]},
    ]
    answer = records.batch_get_record(Identifiers=asked)
    (found,) = answer["Records"]
    assert (found["RecordIdentifierValueAsString"], found["Record"]) == ("a", record(age="1"))
    assert [error["ErrorCode"] for error in answer["Errors"]] == ["ResourceNotFound"]


def test_collections_are_kept_as_lists(records, group, refused):
    """A feature with a CollectionType takes ValueAsStringList alone."""
    name = group(
        definitions=[*DEFINITIONS, {"FeatureName": "tags", "FeatureType": "Integral", "CollectionType": "List"}],
        OnlineStoreConfig={"EnableOnlineStore": True, "StorageType": "InMemory"},
    )
    base = record(id="a", at="2026-01-02T00:00:00Z")
    tags = {"FeatureName": "tags", "ValueAsStringList": ["1", "2"]}
    records.put_record(FeatureGroupName=name, Record=[*base, tags])
    answer = records.get_record(FeatureGroupName=name, RecordIdentifierValueAsString="a", FeatureNames=["tags"])
    assert answer["Record"] == [tags]
    assert refused(records.put_record, FeatureGroupName=name, Record=[*base, *record(tags="1")])[0] == "ValidationError"


def test_a_group_says_what_it_is(sm, records, group, refused):
    """Description, addition of features, and the words in which the SDK reads what is wrong."""
    name = group(Description="people")
    shown = sm.describe_feature_group(FeatureGroupName=name)
    assert (shown["FeatureGroupStatus"], shown["Description"], shown["NextToken"]) == ("Created", "people", "")
    sm.update_feature_group(
        FeatureGroupName=name, FeatureAdditions=[{"FeatureName": "height", "FeatureType": "Fractional"}]
    )
    records.put_record(FeatureGroupName=name, Record=record(id="a", at="2026-01-02T00:00:00Z", height="1.8"))
    shown = sm.describe_feature_group(FeatureGroupName=name)
    assert [definition["FeatureName"] for definition in shown["FeatureDefinitions"]][-1] == "height"
    assert shown["LastUpdateStatus"] == {"Status": "Successful"}
    assert shown["OnlineStoreTotalSizeBytes"] > 0
    code, message = refused(sm.create_feature_group, **_request(name))
    assert (code, message.startswith("Resource Already Exists")) == ("ResourceInUse", True)
    assert refused(sm.describe_feature_group, FeatureGroupName="none")[0] == "ResourceNotFound"


def _request(name: str, **more):
    return {
        "FeatureGroupName": name,
        "RecordIdentifierFeatureName": "id",
        "EventTimeFeatureName": "at",
        "FeatureDefinitions": DEFINITIONS,
        "OnlineStoreConfig": {"EnableOnlineStore": True},
        **more,
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"RecordIdentifierFeatureName": "other"},
        {"EventTimeFeatureName": "age"},
        {"FeatureDefinitions": [*DEFINITIONS, DEFINITIONS[0]]},
        {"FeatureDefinitions": [*DEFINITIONS, {"FeatureName": "write_time", "FeatureType": "String"}]},
        {"OnlineStoreConfig": {"EnableOnlineStore": False}},
        {"OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": "s3://work/x"}}},
    ],
)
def test_a_group_that_cannot_be_is_refused(sm, refused, wrong):
    """Identifier and event time are features, names are unique and not reserved, there is a store and its role."""
    assert refused(sm.create_feature_group, **_request("wrong", **wrong))[0] == "ValidationException"


def test_groups_are_listed_by_the_status_of_their_offline_store(sm, group):
    """A group without an offline store counts as Disabled."""
    name = group()

    def listed(status: str) -> list[str]:
        found = sm.list_feature_groups(NameContains=name, OfflineStoreStatusEquals=status)
        return [summary["FeatureGroupName"] for summary in found["FeatureGroupSummaries"]]

    assert (listed("Disabled"), listed("Active")) == ([name], [])


def test_features_carry_notes(sm, group):
    """A description and parameters of a feature, changed by key."""
    one = {"FeatureGroupName": group(), "FeatureName": "age"}
    sm.update_feature_metadata(
        **one, Description="in years", ParameterAdditions=[{"Key": "unit", "Value": "y"}, {"Key": "x", "Value": "1"}]
    )
    sm.update_feature_metadata(**one, ParameterRemovals=["x"])
    shown = sm.describe_feature_metadata(**one)
    assert (shown["Description"], shown["Parameters"]) == ("in years", [{"Key": "unit", "Value": "y"}])
    assert shown["FeatureType"] == "Integral"


def test_a_deleted_group_takes_its_online_records_along(sm, records, group):
    """A group of the same name begins empty."""
    name = group()
    records.put_record(FeatureGroupName=name, Record=record(id="a", at="2026-01-02T00:00:00Z"))
    sm.delete_feature_group(FeatureGroupName=name)
    group()
    assert got(records, name, "a") is None


def test_records_land_in_s3_by_hour_of_their_event_time(sm, records, group, shared, role):
    """Parquet under AWS's folders, history and marks of deletion too; the online store is not needed for it."""
    offline = {"S3StorageConfig": {"S3Uri": "s3://work/features"}}
    name = group(OfflineStoreConfig=offline, RoleArn=role, OnlineStoreConfig={"EnableOnlineStore": False})
    for at in ("2026-01-02T03:04:05Z", "2026-01-02T03:59:00Z", "2026-01-02T04:00:00Z"):
        records.put_record(FeatureGroupName=name, Record=record(id="a", at=at))
    shown = sm.describe_feature_group(FeatureGroupName=name)
    folder = shown["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"].removeprefix("s3://work/")
    made = int(shown["CreationTime"].timestamp())
    assert folder == f"features/123456789012/sagemaker/eu-west-1/offline-store/{name}-{made}/data"
    assert shown["OfflineStoreStatus"] == {"Status": "Active"}
    keys = shared.until(lambda: shared.keys(folder), lambda keys: len(keys) > 1)
    hours = [key.removeprefix(f"{folder}/").rpartition("_")[0] for key in keys]
    assert hours == [
        "year=2026/month=01/day=02/hour=03/20260102T035900Z",
        "year=2026/month=01/day=02/hour=04/20260102T040000Z",
    ]
    assert all(shared.read(key).startswith(b"PAR1") and shared.read(key).endswith(b"PAR1") for key in keys)


def test_an_offline_store_without_its_bucket_fails(sm, group, role):
    """The group is there and says why it is not usable."""
    name = group(OfflineStoreConfig={"S3StorageConfig": {"S3Uri": "s3://no-such-bucket/x"}}, RoleArn=role)
    shown = sm.describe_feature_group(FeatureGroupName=name)
    assert shown["FeatureGroupStatus"] == "CreateFailed"
    assert "no-such-bucket" in shown["FailureReason"]


def test_files_are_what_other_readers_of_parquet_read():
    """The golden file was read back whole by pyarrow 26: every type, gaps, and runs of gaps."""
    at = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    columns = [
        Column("name", "string", ["ä", None, None, "b"] * 5),
        Column("count", "int64", [-5, 2**62, None, 0] * 5),
        Column("share", "double", [0.5, -1e300, 0.0, None] * 5),
        Column("at", "timestamp", [at] * 20),
        Column("gone", "boolean", [True, False, False, True] * 5),
        *(Column(f"empty{number}", "string", [None] * 20) for number in range(12)),
    ]
    assert write(columns) == GOLDEN.read_bytes()


def test_what_comes_while_files_are_written_is_written_too():
    """A record that is put during a flush finds others waiting, and has a flush of its own nevertheless."""
    later, put = [], []

    class S3:
        def put_object(self, **asked):
            put.append(asked["Key"])
            if len(put) == 1:
                add("b")

    clock = SimpleNamespace(now=lambda: datetime(2026, 11, 2, tzinfo=UTC), after=lambda _, work: later.append(work))
    services = SimpleNamespace(clock=clock, state=State.in_memory())
    store = Store(clock=clock, account="123456789012", region="eu-west-1")
    clients = SimpleNamespace(client=lambda _: S3())
    identities = SimpleNamespace(acting=lambda _: clients)
    offline = OfflineStore(SimpleNamespace(services=services, files=None, store=store, identities=identities))
    config = {"S3StorageConfig": {"S3Uri": "s3://work", "ResolvedOutputS3Uri": "s3://work/data"}}
    group = {"FeatureGroupArn": "arn", "RoleArn": ROLE, "OfflineStoreConfig": config, "FeatureDefinitions": []}
    schema = SimpleNamespace(group=group, definitions={"id": {"FeatureType": "String"}})

    def add(name):
        offline.add(schema, {"id": {"FeatureName": "id", "ValueAsString": name}}, at=clock.now())

    add("a")
    while later:
        later.pop()()
    assert len(put) == 2
