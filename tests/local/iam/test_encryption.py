"""Keys of KMS: their policies, and the rights that services ask of whoever reads and writes what is encrypted."""

import json

import pytest

from tests.local.iam.town import ACCOUNT, REGION, allow, document, refused


def via(service):
    """A condition on the service through which a key is used."""
    return {"StringEquals": {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}}


@pytest.fixture(scope="module")
def key(town):
    """A key that leaves it to the account who may use it."""
    kms = town.client("kms")
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/data", TargetKeyId=arn)
    return arn


def test_an_encrypted_bucket_opens_its_key_in_the_callers_name(town, key):
    """GenerateDataKey to write, Decrypt to read, and both to write in parts."""
    bucket = town.bucket()
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/data"}}
    town.client("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [default]})
    objects = allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{bucket}/*")
    writer = town.as_role(objects, allow("kms:GenerateDataKey", key, **via("s3")))("s3")
    reader = town.as_role(objects, allow("kms:Decrypt", key, **via("s3")))("s3")
    writer.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert reader.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    code, said = refused(writer.get_object, Bucket=bucket, Key="k")
    assert (code, f'kms:Decrypt on resource: "{key}"' in said) == ("AccessDenied", True)
    assert "kms:GenerateDataKey" in refused(reader.put_object, Bucket=bucket, Key="k", Body=b"2")[1]
    upload = writer.create_multipart_upload
    assert "kms:Decrypt" in refused(upload, Bucket=bucket, Key="k")[1]
    other = town.as_role(objects, allow("kms:GenerateDataKey", key, **via("sqs")))("s3")
    refused(other.put_object, Bucket=bucket, Key="k", Body=b"2")
    writer.put_object(Bucket=bucket, Key="plain", Body=b"1", ServerSideEncryption="AES256")
    assert writer.get_object(Bucket=bucket, Key="plain")["Body"].read() == b"1"


def test_a_key_can_be_told_by_its_alias(town, key):
    """IAM takes no alias as a resource; a condition knows those that a key has now."""
    by_alias = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/data"}}
    kms = town.as_role(allow("kms:DescribeKey", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*", **by_alias))("kms")
    assert kms.describe_key(KeyId="alias/data")["KeyMetadata"]["Arn"] == key
    another = town.client("kms").create_key()["KeyMetadata"]["Arn"]
    assert f"kms:DescribeKey on resource: {another}" in refused(kms.describe_key, KeyId=another)[1]


def test_a_key_that_does_not_trust_the_account_opens_to_whom_it_names(town):
    """Whatever their own policies allow."""
    named, other = town.role(), town.role(allow("kms:*"))
    statement = allow(["kms:Encrypt", "kms:Decrypt"]) | {"Principal": {"AWS": named}}
    key = town.client("kms").create_key(Policy=document(statement))["KeyMetadata"]["KeyId"]
    blob = town.assume(named)("kms").encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert town.assume(named)("kms").decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    code, said = refused(town.assume(other)("kms").decrypt, CiphertextBlob=blob)
    assert code == "AccessDeniedException"
    assert said.endswith("because no resource-based policy allows the kms:Decrypt action")


def test_a_grant_opens_a_key(town, key):
    """For its operations, until it is revoked."""
    role = town.role()
    kms = town.assume(role)("kms")
    blob = town.client("kms").encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    refused(kms.decrypt, CiphertextBlob=blob)
    grant = town.client("kms").create_grant(KeyId=key, GranteePrincipal=role, Operations=["Decrypt"])["GrantId"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    refused(kms.encrypt, KeyId=key, Plaintext=b"x")
    town.client("kms").revoke_grant(KeyId=key, GrantId=grant)
    refused(kms.decrypt, CiphertextBlob=blob)


def test_granting_for_aws_alone(town, key):
    """As the encrypted volumes of instances need it: never for a caller who asks by itself."""
    for_aws = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    kms = town.as_role(allow("kms:CreateGrant", key, **for_aws))("kms")
    grantee = f"arn:aws:iam::{ACCOUNT}:root"
    refused(kms.create_grant, KeyId=key, GranteePrincipal=grantee, Operations=["Decrypt"])


def test_an_encrypted_table_opens_its_key_in_the_callers_name(town, key):
    """To read as well as to write."""
    town.client("dynamodb").create_table(
        TableName="ledger",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )
    items = allow(["dynamodb:GetItem", "dynamodb:PutItem"], f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/ledger")
    item = {"id": {"S": "1"}}
    closed = town.as_role(items)("dynamodb")
    assert "kms:Decrypt" in refused(closed.put_item, TableName="ledger", Item=item)[1]
    open_ = town.as_role(items, allow("kms:Decrypt", key, **via("dynamodb")))("dynamodb")
    open_.put_item(TableName="ledger", Item=item)
    assert open_.get_item(TableName="ledger", Key=item)["Item"] == item


def test_an_encrypted_queue_and_topic_open_their_keys_in_the_callers_name(town, key):
    """With codes of their own when the key stays shut."""
    sqs, sns = town.client("sqs"), town.client("sns")
    url = sqs.create_queue(QueueName="shut", Attributes={"KmsMasterKeyId": "alias/data"})["QueueUrl"]
    arn = sns.create_topic(Name="shut", Attributes={"KmsMasterKeyId": key})["TopicArn"]
    sending = allow(["sqs:SendMessage", "sns:Publish"])
    closed = town.as_role(sending)
    assert refused(closed("sqs").send_message, QueueUrl=url, MessageBody="m")[0] == "KMS.AccessDeniedException"
    assert refused(closed("sns").publish, TopicArn=arn, Message="m")[0] == "KMSAccessDenied"
    half = town.as_role(sending, allow("kms:GenerateDataKey", key))
    assert "kms:Decrypt" in refused(half("sqs").send_message, QueueUrl=url, MessageBody="m")[1]
    opened = town.as_role(sending, allow(["kms:Decrypt", "kms:GenerateDataKey"], key))
    opened("sqs").send_message(QueueUrl=url, MessageBody="m")
    opened("sns").publish(TopicArn=arn, Message="m")


def test_a_key_policy_is_what_was_put(town, key):
    """Evaluating it with grants leaves it as it is."""
    policy = json.loads(town.client("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    assert [statement["Sid"] for statement in policy["Statement"]] == ["Enable IAM User Permissions"]


def test_awss_own_keys_open_to_the_whole_account(town):
    """Through their service, without a right of their own."""
    bucket = town.bucket()
    s3 = town.as_role(allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{bucket}/*"))("s3")
    own = town.client("kms").describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["Arn"]
    for named in ({}, {"SSEKMSKeyId": "alias/aws/s3"}, {"SSEKMSKeyId": own}):
        s3.put_object(Bucket=bucket, Key="k", Body=b"1", ServerSideEncryption="aws:kms", **named)
        assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"


def test_a_secret_opens_its_key_in_the_callers_name(town, key):
    """To read, and to write."""
    made = town.client("secretsmanager").create_secret(Name="shut", SecretString="s", KmsKeyId=key)["ARN"]
    actions = allow(["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"], made)
    closed = town.as_role(actions)("secretsmanager")
    assert "kms:Decrypt" in refused(closed.get_secret_value, SecretId="shut")[1]
    reader = town.as_role(actions, allow("kms:Decrypt", key, **via("secretsmanager")))("secretsmanager")
    assert reader.get_secret_value(SecretId="shut")["SecretString"] == "s"
    assert "kms:GenerateDataKey" in refused(reader.put_secret_value, SecretId="shut", SecretString="t")[1]


@pytest.mark.parametrize("name", ["/deep/shut", "shut"])
def test_a_parameter_opens_its_key_in_the_callers_name(town, key, name):
    """When it is to be shown in the clear, and when it is put."""
    actions = allow(["ssm:GetParameter", "ssm:PutParameter"])
    putting = {"Name": name, "Value": "v", "Type": "SecureString", "KeyId": "alias/data"}
    closed = town.as_role(actions)("ssm")
    assert "kms:Encrypt" in refused(closed.put_parameter, **putting)[1]
    town.as_role(actions, allow("kms:Encrypt", key, **via("ssm")))("ssm").put_parameter(**putting)
    closed.get_parameter(Name=name)
    assert "kms:Decrypt" in refused(closed.get_parameter, Name=name, WithDecryption=True)[1]
    opened = town.as_role(actions, allow("kms:Decrypt", key, **via("ssm")))("ssm")
    assert opened.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"] == "v"
