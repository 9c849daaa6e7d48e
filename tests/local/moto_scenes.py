"""What a user does with each service of moto's in use, and how each is asked afterwards what it holds."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

Client = Callable[[str], Any]

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"}
        ],
    }
)
MAY = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {"digest": "sha256:" + "a" * 64, "size": 1},
    "layers": [],
}
EXPIRE = {
    "rulePriority": 1,
    "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 5},
    "action": {"type": "expire"},
}


def s3(client: Client) -> None:
    """Versions, a deletion, a copy, metadata, tags, parts put together and parts left lying, a long object."""
    s3 = client("s3")
    s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.create_bucket(Bucket="versioned", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"two", b"three"):
        s3.put_object(Bucket="versioned", Key="a/b c", Body=body, Metadata={"of": "me"}, Tagging="x=1")
    s3.delete_object(Bucket="versioned", Key="a/b c")
    s3.put_object(Bucket="plain", Key="long", Body=b"x" * 300_000, ContentType="text/plain")
    s3.put_object(Bucket="plain", Key="stream", Body=io.BytesIO(b"stream" * 100))
    s3.copy_object(Bucket="plain", Key="copy", CopySource={"Bucket": "plain", "Key": "long"})
    s3.put_object(Bucket="plain", Key="gone", Body=b"gone")
    s3.delete_objects(Bucket="plain", Delete={"Objects": [{"Key": "gone"}]})
    whole = s3.create_multipart_upload(Bucket="plain", Key="whole")["UploadId"]
    part = s3.upload_part(Bucket="plain", Key="whole", UploadId=whole, PartNumber=1, Body=b"p" * 100_000)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket="plain", Key="whole", UploadId=whole, MultipartUpload=parts)
    left = s3.create_multipart_upload(Bucket="plain", Key="left")["UploadId"]
    s3.upload_part(Bucket="plain", Key="left", UploadId=left, PartNumber=1, Body=b"left")
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 3}}
    s3.put_bucket_lifecycle_configuration(Bucket="plain", LifecycleConfiguration={"Rules": [rule]})


def _see_s3(client: Client) -> Iterator[Any]:
    s3 = client("s3")
    yield s3.list_buckets()
    for bucket in ("plain", "versioned"):
        versions = s3.list_object_versions(Bucket=bucket)
        yield versions
        for version in versions.get("Versions", []):
            found = s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
            yield found.pop("Body").read(), found
            yield s3.get_object_tagging(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    uploads = s3.list_multipart_uploads(Bucket="plain")
    yield uploads
    for upload in uploads["Uploads"]:
        yield s3.list_parts(Bucket="plain", Key=upload["Key"], UploadId=upload["UploadId"])
    yield s3.get_bucket_lifecycle_configuration(Bucket="plain")


def sqs(client: Client) -> None:
    """A message that waits, one in flight, one deleted, one in the dead-letter queue after two receipts; FIFO too."""
    sqs = client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    main = sqs.create_queue(QueueName="main", Attributes={"RedrivePolicy": redrive})["QueueUrl"]
    sqs.send_message(QueueUrl=main, MessageBody="dies")
    for _ in range(3):
        sqs.receive_message(QueueUrl=main, VisibilityTimeout=0)
    for body in ("deleted", "in flight", "waits"):
        sqs.send_message(
            QueueUrl=main, MessageBody=body, MessageAttributes={"of": {"DataType": "String", "StringValue": body}}
        )
    got = sqs.receive_message(QueueUrl=main, MaxNumberOfMessages=2, VisibilityTimeout=600)["Messages"]
    sqs.delete_message(QueueUrl=main, ReceiptHandle=got[0]["ReceiptHandle"])
    fifo = sqs.create_queue(QueueName="f.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"})
    for body in ("1", "1", "2"):
        sqs.send_message(QueueUrl=fifo["QueueUrl"], MessageBody=body, MessageGroupId="g")


def _see_sqs(client: Client) -> Iterator[Any]:
    sqs = client("sqs")
    for url in sqs.list_queues()["QueueUrls"]:
        yield url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    yield from _messages()


def _messages() -> Iterator[Any]:
    # To receive them would change them.
    from moto.sqs.models import sqs_backends

    for queue in sqs_backends["123456789012"]["eu-west-1"].queues.values():
        for message in queue._messages:
            yield queue.name, message in queue.pending_messages, vars(message)


def sns(client: Client) -> None:
    """A topic, a queue that it fills, a filter."""
    queue = client("sqs").create_queue(QueueName="heard")["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns = client("sns")
    topic = sns.create_topic(Name="news", Tags=[{"Key": "a", "Value": "b"}])["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
    sns.publish(TopicArn=topic, Message="hello", Subject="hi")


def _see_sns(client: Client) -> Iterator[Any]:
    sns = client("sns")
    for topic in sns.list_topics()["Topics"]:
        yield sns.get_topic_attributes(TopicArn=topic["TopicArn"])
        yield sns.list_tags_for_resource(ResourceArn=topic["TopicArn"])
    for subscription in sns.list_subscriptions()["Subscriptions"]:
        yield subscription
        yield sns.get_subscription_attributes(SubscriptionArn=subscription["SubscriptionArn"])
    yield from _messages()


def ssm(client: Client) -> None:
    """Parameters of three types, a second version, a label, a deletion, tags."""
    ssm = client("ssm")
    ssm.put_parameter(Name="/a/text", Value="1", Type="String", Tags=[{"Key": "k", "Value": "v"}])
    ssm.put_parameter(Name="/a/text", Value="2", Type="String", Overwrite=True)
    ssm.put_parameter(Name="/a/list", Value="1,2", Type="StringList")
    ssm.put_parameter(Name="/a/secret", Value="s", Type="SecureString")
    ssm.put_parameter(Name="/gone", Value="1", Type="String")
    ssm.delete_parameter(Name="/gone")
    ssm.label_parameter_version(Name="/a/text", ParameterVersion=1, Labels=["first"])


def _see_ssm(client: Client) -> Iterator[Any]:
    ssm = client("ssm")
    yield ssm.get_parameters_by_path(Path="/", Recursive=True, WithDecryption=True)
    yield ssm.get_parameter_history(Name="/a/text")
    yield ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/a/text")
    yield ssm.describe_parameters()


def iam(client: Client) -> None:
    """A role with policies of three kinds, a user with keys and a second factor, versions of a policy, a profile."""
    iam, document = client("iam"), json.dumps({"Version": "2012-10-17", "Statement": [MAY]})
    iam.create_role(RoleName="role", AssumeRolePolicyDocument=TRUST, Tags=[{"Key": "a", "Value": "b"}])
    iam.put_role_policy(RoleName="role", PolicyName="inline", PolicyDocument=document)
    policy = iam.create_policy(PolicyName="own", PolicyDocument=document)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=document, SetAsDefault=True)
    iam.attach_role_policy(RoleName="role", PolicyArn=policy)
    iam.create_user(UserName="user")
    iam.create_access_key(UserName="user")
    iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")
    iam.create_instance_profile(InstanceProfileName="profile")
    iam.add_role_to_instance_profile(InstanceProfileName="profile", RoleName="role")
    iam.create_group(GroupName="group")
    iam.add_user_to_group(GroupName="group", UserName="user")


def _see_iam(client: Client) -> Iterator[Any]:
    iam = client("iam")
    yield iam.get_account_authorization_details()
    yield iam.list_access_keys(UserName="user")
    yield iam.get_role_policy(RoleName="role", PolicyName="inline")
    yield iam.list_virtual_mfa_devices()
    yield iam.get_instance_profile(InstanceProfileName="profile")


def sts(client: Client) -> None:
    """Keys of a role that was assumed."""
    client("iam").create_role(RoleName="assumed", AssumeRolePolicyDocument=TRUST)
    client("sts").assume_role(RoleArn="arn:aws:iam::123456789012:role/assumed", RoleSessionName="me")


def _see_sts(client: Client) -> Iterator[Any]:
    from moto.sts.models import sts_backends

    for assumed in sts_backends["123456789012"]["aws"].assumed_roles:
        yield assumed.access_key_id, assumed.secret_access_key, assumed.session_token, assumed.expiration, assumed.arn
        yield client("sts").get_access_key_info(AccessKeyId=assumed.access_key_id)


def dynamodb(client: Client) -> None:
    """A table with an index and a stream; items put, updated by condition, deleted, in a transaction."""
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName="ledger",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "by", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-whom",
                "KeySchema": [{"AttributeName": "by", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    for name in "abc":
        dynamodb.put_item(TableName="ledger", Item={"id": {"S": name}, "by": {"S": "me"}, "n": {"N": "1"}})
    dynamodb.update_item(
        TableName="ledger",
        Key={"id": {"S": "a"}},
        UpdateExpression="SET n = n + :one, seen = list_append(if_not_exists(seen, :none), :some)",
        ConditionExpression="n = :one",
        ExpressionAttributeValues={":one": {"N": "1"}, ":none": {"L": []}, ":some": {"L": [{"S": "x"}]}},
    )
    dynamodb.delete_item(TableName="ledger", Key={"id": {"S": "b"}})
    item = {"id": {"S": "t"}, "bytes": {"B": b"\x00\x01"}, "set": {"SS": ["x", "y"]}}
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "ledger", "Item": item}}])
    dynamodb.update_continuous_backups(
        TableName="ledger", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


def _see_dynamodb(client: Client) -> Iterator[Any]:
    dynamodb, streams = client("dynamodb"), client("dynamodbstreams")
    yield dynamodb.describe_table(TableName="ledger")
    yield dynamodb.scan(TableName="ledger")
    yield dynamodb.query(
        TableName="ledger",
        IndexName="by-whom",
        KeyConditionExpression="#b = :me",
        ExpressionAttributeNames={"#b": "by"},
        ExpressionAttributeValues={":me": {"S": "me"}},
    )
    for stream in streams.list_streams()["Streams"]:
        description = streams.describe_stream(StreamArn=stream["StreamArn"])
        yield description
        shard = description["StreamDescription"]["Shards"][0]["ShardId"]
        iterator = streams.get_shard_iterator(
            StreamArn=stream["StreamArn"], ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )
        yield streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]


def kms(client: Client) -> None:
    """A key with an alias, a policy and a grant; one that signs, whose pair no seed can repeat; one to be deleted."""
    kms = client("kms")
    key = kms.create_key(Description="mine", Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    kms.create_grant(KeyId=key, GranteePrincipal="arn:aws:iam::123456789012:root", Operations=["Decrypt"])
    kms.enable_key_rotation(KeyId=key)
    kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    kms.schedule_key_deletion(KeyId=kms.create_key()["KeyMetadata"]["KeyId"])


def _see_kms(client: Client) -> Iterator[Any]:
    from moto.kms.models import kms_backends

    kms = client("kms")
    yield kms.list_aliases()
    for key in kms.list_keys()["Keys"]:
        described = kms.describe_key(KeyId=key["KeyId"])
        yield described, kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")
        yield kms.list_grants(KeyId=key["KeyId"])
        if described["KeyMetadata"].get("KeyUsage") == "SIGN_VERIFY":
            yield kms.get_public_key(KeyId=key["KeyId"])
        yield kms_backends["123456789012"]["eu-west-1"].keys[key["KeyId"]].key_material


def ecr(client: Client) -> None:
    """A repository with an image, its tags and a policy."""
    ecr = client("ecr")
    ecr.create_repository(repositoryName="repo", imageTagMutability="IMMUTABLE")
    ecr.put_image(repositoryName="repo", imageManifest=json.dumps(MANIFEST), imageTag="one")
    ecr.put_lifecycle_policy(repositoryName="repo", lifecyclePolicyText=json.dumps({"rules": [EXPIRE]}))
    ecr.create_repository(repositoryName="gone")
    ecr.delete_repository(repositoryName="gone")


def _see_ecr(client: Client) -> Iterator[Any]:
    ecr = client("ecr")
    yield ecr.describe_repositories()
    yield ecr.describe_images(repositoryName="repo")
    yield ecr.batch_get_image(repositoryName="repo", imageIds=[{"imageTag": "one"}])
    yield ecr.get_lifecycle_policy(repositoryName="repo")


def logs(client: Client) -> None:
    """A group with its retention, a stream with events, a metric filter."""
    logs = client("logs")
    logs.create_log_group(logGroupName="group", tags={"a": "b"})
    logs.put_retention_policy(logGroupName="group", retentionInDays=3)
    logs.create_log_stream(logGroupName="group", logStreamName="stream")
    events = [{"timestamp": 1_790_000_000_000 + n, "message": f"line {n}"} for n in range(3)]
    logs.put_log_events(logGroupName="group", logStreamName="stream", logEvents=events)
    logs.put_metric_filter(
        logGroupName="group",
        filterName="f",
        filterPattern="x",
        metricTransformations=[{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}],
    )


def _see_logs(client: Client) -> Iterator[Any]:
    logs = client("logs")
    yield logs.describe_log_groups()
    yield logs.describe_log_streams(logGroupName="group")
    yield logs.get_log_events(logGroupName="group", logStreamName="stream")["events"]
    yield logs.filter_log_events(logGroupName="group")
    yield logs.describe_metric_filters(logGroupName="group")


def secretsmanager(client: Client) -> None:
    """A secret with two versions, a generated password, one to be deleted."""
    secrets = client("secretsmanager")
    secrets.create_secret(Name="mine", SecretString="one", Tags=[{"Key": "a", "Value": "b"}])
    secrets.put_secret_value(SecretId="mine", SecretString="two")
    secrets.create_secret(Name="word", SecretString=secrets.get_random_password()["RandomPassword"])
    secrets.create_secret(Name="gone", SecretBinary=b"x")
    secrets.delete_secret(SecretId="gone", RecoveryWindowInDays=7)


def _see_secretsmanager(client: Client) -> Iterator[Any]:
    secrets = client("secretsmanager")
    yield secrets.list_secrets(IncludePlannedDeletion=True)
    versions = secrets.list_secret_version_ids(SecretId="mine", IncludeDeprecated=True)["Versions"]
    # moto gives the time of the question for both dates of each.
    yield [(version["VersionId"], version["VersionStages"]) for version in versions]
    for name in ("mine", "word"):
        yield secrets.get_secret_value(SecretId=name)


def stepfunctions(client: Client) -> None:
    """A state machine and an execution."""
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
    states = client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/role"
    machine = states.create_state_machine(name="machine", definition=definition, roleArn=role)["stateMachineArn"]
    states.start_execution(stateMachineArn=machine, input="{}")


def _see_stepfunctions(client: Client) -> Iterator[Any]:
    states = client("stepfunctions")
    for machine in states.list_state_machines()["stateMachines"]:
        yield states.describe_state_machine(stateMachineArn=machine["stateMachineArn"])
        for execution in states.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]:
            yield states.describe_execution(executionArn=execution["executionArn"])


SCENES = {
    "s3": (s3, _see_s3),
    "sqs": (sqs, _see_sqs),
    "sns": (sns, _see_sns),
    "ssm": (ssm, _see_ssm),
    "iam": (iam, _see_iam),
    "sts": (sts, _see_sts),
    "dynamodb": (dynamodb, _see_dynamodb),
    "kms": (kms, _see_kms),
    "ecr": (ecr, _see_ecr),
    "logs": (logs, _see_logs),
    "secretsmanager": (secretsmanager, _see_secretsmanager),
    "stepfunctions": (stepfunctions, _see_stepfunctions),
}
"""By service: what is done, and what is seen of it."""


_OF_THE_QUESTION = ("ResponseMetadata", "lastEvaluatedAt")


def seen(see: Callable[[Client], Iterator[Any]], client: Client) -> list[Any]:
    """What is seen of a service, without what only tells of the request that asked."""
    return [_plain(each) for each in see(client)]


def _plain(seen: Any) -> Any:
    if isinstance(seen, dict):
        return {key: _plain(value) for key, value in seen.items() if key not in _OF_THE_QUESTION}
    return [_plain(each) for each in seen] if isinstance(seen, list | tuple) else seen
