import json

import pytest

from cli import keeping
from env import naming


@pytest.fixture
def table(connection):
    """The ledger, of two models."""
    dynamodb = connection.client("dynamodb")
    keys = (("model", "S", "HASH"), ("sequence", "N", "RANGE"))
    dynamodb.create_table(
        TableName=naming.ledger(connection.stage),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind, _ in keys],
        KeySchema=[{"AttributeName": name, "KeyType": role} for name, _, role in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    for model, sequence in (("b", 1), ("a", 10), ("a", 9)):
        item = {"model": {"S": model}, "sequence": {"N": str(sequence)}, "alarms": {"L": [{"S": "rang"}]}}
        dynamodb.put_item(TableName=naming.ledger(connection.stage), Item=item)


@pytest.mark.usefixtures("table")
def test_every_record_is_kept_in_order(connection, tmp_path):
    """By model and number, in JSON that says which stage it was."""
    kept = json.loads(keeping.export(connection, folder=tmp_path).read_text())
    assert [(record["model"], record["sequence"]) for record in kept["records"]] == [("a", 9), ("a", 10), ("b", 1)]
    assert (kept["stage"], kept["records"][0]["alarms"]) == ("local", ["rang"])


@pytest.mark.usefixtures("table")
def test_a_deleted_ledger_stands_in_nobodys_way(connection):
    """Afterwards there is none, and deleting once more is no error."""
    assert keeping.delete(connection)
    assert naming.ledger(connection.stage) not in connection.client("dynamodb").list_tables()["TableNames"]
    assert not keeping.delete(connection)


def test_without_a_ledger_nothing_is_written(connection, tmp_path):
    """A stage that was never released leaves no file."""
    assert keeping.export(connection, folder=tmp_path) is None
    assert list(tmp_path.iterdir()) == []
