import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from lambdas.errors import Conflict, LedgerError
from lambdas.journal import Journal
from lambdas.ledger import Ledger, parse, to_item
from lambdas.records import (
    KINDS,
    Abort,
    Approved,
    Gathering,
    NotRetrained,
    Opened,
    Outcome,
    Recovery,
    Refused,
    Retraining,
    RetrainingStarted,
    Started,
    Stuck,
    Told,
    Veto,
)

RECORDS = [
    Approved(version=2, by="arn:aws:iam::123456789012:user/ada", reason="good"),
    Opened(version=2, package_arn="arn", rollout="guarded", cause="approval", reason="good", alarms=("a", "b")),
    Started(release_id="r2-v2"),
    Abort(release_id="r2-v2", reason="untested", by="sluice"),
    Veto(version=2, by="ada", cause="person", reason="bad"),
    Recovery(release_id="r2-v2", attempt=1, skipped=("Endpoint",)),
    Outcome(release_id="r2-v2", version=2, outcome="rolled_back", reason="bad", config=None, alarms=("a",), seconds=9),
    Refused(version=3, reason="no metrics", modified="2026-11-02T10:00:00+00:00"),
    Stuck(version=2, reason="nothing to go back to"),
    Told(about=7),
    Retraining(
        version=2,
        monitors=("bias", "business"),
        run="r",
        reason="so",
        report="s3://r",
        data="s3://d",
        rows=9,
        sha256="ab",
    ),
    RetrainingStarted(about=11, version=2, execution="arn", reason="so"),
    NotRetrained(version=2, reason="stopped"),
    Gathering(version=2, run="r"),
]


@pytest.fixture
def ledger(monkeypatch):
    """A table as the stage has it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name="eu-west-1")
        keys = (("model", "HASH", "S"), ("sequence", "RANGE", "N"))
        dynamodb.create_table(
            TableName="ledger",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind, _ in keys],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, _, kind in keys],
        )
        yield Ledger("ledger", dynamodb=dynamodb)


def test_what_is_appended_is_what_is_read(ledger):
    """Every kind of record keeps its members, in order, from 1 on."""
    journal = ledger.read("churn")
    for record in RECORDS:
        journal = ledger.append(journal, record)
    read = ledger.read("churn")
    assert read.records == journal.records
    assert [record.sequence for record in read.records] == list(range(1, len(RECORDS) + 1))
    assert {record.kind for record in read.records} == set(KINDS)


def test_of_two_writers_who_read_the_same_one_wins(ledger):
    """The other writes nothing, and has to look again."""
    journal = ledger.read("churn")
    ledger.append(journal, RECORDS[0])
    with pytest.raises(Conflict):
        ledger.append(journal, RECORDS[4])
    assert [record.kind for record in ledger.read("churn").records] == ["approved"]


def test_models_have_logs_of_their_own(ledger):
    """What is written of one is not read of another."""
    ledger.append(ledger.read("churn"), RECORDS[0])
    assert ledger.read("abalone").records == ()


def test_the_log_is_read_page_by_page(ledger):
    """DynamoDB answers with at most 1 MB at a time."""
    journal = ledger.read("churn")
    for _ in range(30):
        journal = ledger.append(journal, Veto(version=1, by="ada", cause="person", reason="x" * 60_000))
    assert len(ledger.read("churn").records) == 30


def test_a_release_is_named_by_its_place(ledger):
    """`r<sequence>-v<version>`: nobody can give two releases one name."""
    journal = ledger.append(ledger.append(ledger.read("churn"), RECORDS[0]), RECORDS[1])
    assert journal.open.release_id == "r2-v2"


def test_time_is_the_services_and_not_the_machines(ledger):
    """Records have the time of the answer they rest on."""
    journal = ledger.read("churn")
    record = ledger.append(journal, RECORDS[0]).records[-1]
    assert record.at == journal.now
    assert abs(journal.now - datetime.now(UTC)) < timedelta(minutes=1)


def test_numbers_are_numbers_and_texts_are_texts():
    """The types DynamoDB documents, so that other tools can read the table."""
    item = to_item(RECORDS[6].placed(sequence=7, at=datetime(2026, 11, 2, tzinfo=UTC)))
    assert item == {
        "kind": {"S": "outcome"},
        "sequence": {"N": "7"},
        "at": {"S": "2026-11-02T00:00:00+00:00"},
        "release_id": {"S": "r2-v2"},
        "version": {"N": "2"},
        "outcome": {"S": "rolled_back"},
        "reason": {"S": "bad"},
        "cause": {"S": "release"},
        "alarms": {"L": [{"S": "a"}]},
        "seconds": {"N": "9"},
    }


@pytest.mark.parametrize(
    "item", [{"kind": {"S": "novel"}, "sequence": {"N": "1"}}, {"kind": {"S": "veto"}, "sequence": {"N": "1"}}]
)
def test_a_record_of_another_time_is_an_error(item):
    """An older function must not decide on a log that it cannot read."""
    with pytest.raises(LedgerError, match="record 1"):
        parse(item)


@pytest.mark.parametrize("kind", KINDS.values())
def test_every_record_is_documented_with_its_members(kind):
    """Auditors read the table with other tools."""
    page = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text()
    (row,) = [line for line in page.splitlines() if line.startswith(f"| `{kind.kind}` |")]
    members = set(re.findall(r"`(\w+)`", row.split("|")[2]))
    assert members == {field.name for field in fields(kind)} - {"sequence", "at"}


def test_a_version_served_well_until_it_is_vetoed():
    """The newest release of each version, newest first."""
    now = datetime(2026, 11, 2, tzinfo=UTC)
    records = []
    for version, config in ((1, "A"), (2, "B"), (1, "C")):
        opened = Opened(version=version, package_arn="x", rollout="guarded", cause="approval", reason="so")
        records.append(opened.placed(sequence=len(records) + 1, at=now))
        ended = Outcome(
            release_id=records[-1].release_id, version=version, outcome="deployed", reason="so", config=config
        )
        records.append(ended.placed(sequence=len(records) + 1, at=now))
    journal = Journal.of("churn", records=reversed(records), now=now)
    assert [release.release_id for release in journal.served_well()] == ["r5-v1", "r3-v2"]
    vetoed = journal.following(Veto(sequence=7, at=now, version=1, by="ada", cause="person", reason="bad"))
    assert [release.release_id for release in vetoed.served_well()] == ["r3-v2"]
    assert journal.served_by("b").release_id == "r3-v2"
