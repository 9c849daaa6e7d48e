import pytest


@pytest.fixture
def dynamodb(small_cloud):
    """moto's DynamoDB with a table."""
    client = small_cloud().client("dynamodb")
    client.create_table(
        TableName="table",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def test_a_table_is_encrypted_later(dynamodb):
    """And not any more, when an update says so."""
    made = dynamodb.update_table(TableName="table", SSESpecification={"Enabled": True, "SSEType": "KMS"})
    assert made["TableDescription"]["SSEDescription"]["Status"] == "ENABLED"
    assert "SSEDescription" in dynamodb.describe_table(TableName="table")["Table"]
    dynamodb.update_table(TableName="table", SSESpecification={"Enabled": False})
    assert "SSEDescription" not in dynamodb.describe_table(TableName="table")["Table"]


def test_a_table_that_had_a_stream_has_one_again(dynamodb):
    """Once the old one is off."""
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    dynamodb.update_table(TableName="table", StreamSpecification=stream)
    with pytest.raises(dynamodb.exceptions.ResourceInUseException):
        dynamodb.update_table(TableName="table", StreamSpecification=stream)
    dynamodb.update_table(TableName="table", StreamSpecification={"StreamEnabled": False})
    made = dynamodb.update_table(TableName="table", StreamSpecification=stream)["TableDescription"]
    assert made["StreamSpecification"] == stream
