import json

import pytest
from botocore.exceptions import ClientError

ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/ledger"
READ = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
            "Action": "dynamodb:Query",
            "Resource": ARN,
        }
    ],
}


def _ledger(**more):
    """A table as the ledger is declared: a log per model, encrypted by a customer's key."""
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": "ledger",
            "AttributeDefinitions": [
                {"AttributeName": "model", "AttributeType": "S"},
                {"AttributeName": "sequence", "AttributeType": "N"},
            ],
            "KeySchema": [
                {"AttributeName": "model", "KeyType": "HASH"},
                {"AttributeName": "sequence", "KeyType": "RANGE"},
            ],
            "BillingMode": "PAY_PER_REQUEST",
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "SSESpecification": {
                "SSEEnabled": True,
                "SSEType": "KMS",
                "KMSMasterKeyId": "arn:aws:kms:eu-west-1:123456789012:alias/sluice-dev",
            },
            **more,
        },
    }


@pytest.fixture
def dynamodb(account):
    """DynamoDB of the account."""
    return account.cloud.client("dynamodb")


def _row(sequence, kind="opened"):
    return {"model": {"S": "churn"}, "sequence": {"N": str(sequence)}, "kind": {"S": kind}}


def test_the_ledger_is_as_its_template_says(account, dynamodb):
    """Encrypted with the given key, recoverable, readable by others as its policy says."""
    account.create({"Ledger": _ledger(ResourcePolicy={"PolicyDocument": READ}, DeletionProtectionEnabled=True)})
    table = dynamodb.describe_table(TableName="ledger")["Table"]
    assert (table["SSEDescription"]["Status"], table["SSEDescription"]["SSEType"]) == ("ENABLED", "KMS")
    assert table["SSEDescription"]["KMSMasterKeyArn"].endswith("alias/sluice-dev")
    backups = dynamodb.describe_continuous_backups(TableName="ledger")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert json.loads(dynamodb.get_resource_policy(ResourceArn=ARN)["Policy"]) == READ


def test_a_protected_table_outlives_its_stack(account, dynamodb):
    """Deletion fails until an update takes the protection away."""
    account.create({"Ledger": _ledger(DeletionProtectionEnabled=True)})
    assert account.delete()["StackStatus"] == "DELETE_FAILED"
    assert dynamodb.list_tables()["TableNames"] == ["ledger"]
    dynamodb.update_table(TableName="ledger", DeletionProtectionEnabled=False)
    assert account.delete()["StackStatus"] == "DELETE_COMPLETE"


def test_protection_and_policy_that_leave_the_template_are_taken_away(account, dynamodb):
    """The rows stay."""
    account.create({"Ledger": _ledger(ResourcePolicy={"PolicyDocument": READ}, DeletionProtectionEnabled=True)})
    dynamodb.put_item(TableName="ledger", Item=_row(0))
    account.update({"Ledger": _ledger()})
    with pytest.raises(ClientError, match="PolicyNotFound"):
        dynamodb.get_resource_policy(ResourceArn=ARN)
    assert dynamodb.scan(TableName="ledger")["Count"] == 1
    assert account.delete()["StackStatus"] == "DELETE_COMPLETE"


def test_a_log_can_be_read_by_the_tables_arn(account, dynamodb):
    """As a later stage reads that of the stage before, and a row is written once."""
    account.create({"Ledger": _ledger()})
    for sequence in range(3):
        dynamodb.put_item(
            TableName="ledger",
            Item=_row(sequence),
            ConditionExpression="attribute_not_exists(#s)",
            ExpressionAttributeNames={"#s": "sequence"},
        )
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.put_item(
            TableName="ledger",
            Item=_row(2, "veto"),
            ConditionExpression="attribute_not_exists(#s)",
            ExpressionAttributeNames={"#s": "sequence"},
        )
    found = dynamodb.query(
        TableName=ARN,
        KeyConditionExpression="model = :m",
        ExpressionAttributeValues={":m": {"S": "churn"}},
        ScanIndexForward=False,
        ConsistentRead=True,
    )
    assert [item["sequence"]["N"] for item in found["Items"]] == ["2", "1", "0"]
    assert dynamodb.get_item(TableName=ARN, Key={"model": {"S": "churn"}, "sequence": {"N": "1"}})["Item"]
