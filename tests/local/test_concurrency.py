import hashlib
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.clock import Clock
from local.cloud import LocalCloud

REGION = "eu-west-1"
CLIENTS, TIMES = 32, 2
IMAGE = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/image:1"
CONTAINERS = {
    "Containers": [{"Image": IMAGE}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}


@pytest.fixture(scope="module")
def cloud():
    """A whole cloud, in which threads are switched as often as can be."""
    with pytest.MonkeyPatch.context() as patch, LocalCloud(region=REGION, clock=Clock(speed=0)) as made:
        patch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
        before = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        yield made
        sys.setswitchinterval(before)


def all_at_once(call):
    """What `call(client, time)` gave to each of the clients each time, errors included."""
    gate = threading.Barrier(CLIENTS)

    def one(client):
        gate.wait()
        return [outcome(call, client, turn) for turn in range(TIMES)]

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [each for several in pool.map(one, range(CLIENTS)) for each in several]


def outcome(call, client, turn):
    """What a call gave, or the code of its error."""
    try:
        return call(client, turn)
    except ClientError as error:
        return error.response["Error"]["Code"]


def test_versions_of_packages_are_neither_lost_nor_doubled(cloud):
    """Ours: each caller gets one of its own."""
    sagemaker = cloud.services.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName="g")
    arns = all_at_once(
        lambda *_: sagemaker.create_model_package(ModelPackageGroupName="g", InferenceSpecification=CONTAINERS)
    )
    versions = sorted(int(answer["ModelPackageArn"].rpartition("/")[2]) for answer in arns)
    assert versions == list(range(1, CLIENTS * TIMES + 1))


def test_over_http_each_client_gets_its_own_answer(cloud, monkeypatch):
    """Connections are many and kept; nothing that is sent once is done twice, and no answer is another client's."""
    monkeypatch.setenv("NO_PROXY", "localhost")
    config = Config(max_pool_connections=CLIENTS, retries={"total_max_attempts": 1})
    url = cloud.start()
    sagemaker, sqs = (cloud.session().client(name, endpoint_url=url, config=config) for name in ("sagemaker", "sqs"))
    queue = sqs.create_queue(QueueName="of-http")["QueueUrl"]
    sagemaker.create_model_package_group(ModelPackageGroupName="of-http")

    def call(client, turn):
        body = f"{client}/{turn}" + "x" * 1000 * client
        sent = sqs.send_message(QueueUrl=queue, MessageBody=body)
        assert sent["MD5OfMessageBody"] == hashlib.md5(body.encode()).hexdigest()
        made = sagemaker.create_model_package(ModelPackageGroupName="of-http", InferenceSpecification=CONTAINERS)
        return int(made["ModelPackageArn"].rpartition("/")[2])

    assert sorted(all_at_once(call)) == list(range(1, CLIENTS * TIMES + 1))
    asked = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
    assert asked["Attributes"]["ApproximateNumberOfMessages"] == str(CLIENTS * TIMES)


def test_counters_parameters_and_objects_keep_every_write(cloud):
    """moto's, which has no locks of its own."""
    dynamodb, ssm, s3 = (cloud.services.client(name) for name in ("dynamodb", "ssm", "s3"))
    dynamodb.create_table(
        TableName="ttt",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    add = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}

    def write(client, turn):
        dynamodb.update_item(TableName="ttt", Key={"k": {"S": "counter"}}, **add)
        s3.put_object(Bucket="bucket", Key=f"{client}/{turn}", Body=b"x")
        return ssm.put_parameter(Name="p", Value=f"{client}", Type="String", Overwrite=True)["Version"]

    versions = all_at_once(write)
    item = dynamodb.get_item(TableName="ttt", Key={"k": {"S": "counter"}})["Item"]
    assert item["n"] == {"N": str(CLIENTS * TIMES)}
    assert sorted(versions) == list(range(1, CLIENTS * TIMES + 1))
    assert s3.list_objects_v2(Bucket="bucket")["KeyCount"] == CLIENTS * TIMES


@pytest.mark.parametrize(
    ("service", "operation", "params", "taken"),
    [
        ("sagemaker", "create_model_package_group", {"ModelPackageGroupName": "one"}, "ValidationException"),
        ("ssm", "put_parameter", {"Name": "one", "Value": "v", "Type": "String"}, "ParameterAlreadyExists"),
        ("iam", "create_user", {"UserName": "one"}, "EntityAlreadyExists"),
    ],
)
def test_one_name_is_given_once(cloud, service, operation, params, taken):
    """The others are told that it is taken."""
    client = cloud.services.client(service)
    answers = all_at_once(lambda *_: getattr(client, operation)(**params))
    codes = Counter(answer if isinstance(answer, str) else "made" for answer in answers)
    assert codes == {"made": 1, taken: CLIENTS * TIMES - 1}


def test_each_message_is_received_once(cloud):
    """By clients that wait for it while others send."""
    sqs = cloud.services.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]

    def send_or_receive(client, turn):
        if client % 2:
            return sqs.send_message(QueueUrl=url, MessageBody=f"{client}/{turn}") and None
        return [m["Body"] for m in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2).get("Messages", [])]

    received = [body for bodies in all_at_once(send_or_receive) if bodies for body in bodies]
    assert sorted(received) == sorted(f"{client}/{turn}" for client in range(1, CLIENTS, 2) for turn in range(TIMES))


def test_who_waits_for_a_message_holds_nobody_up(cloud):
    """Long polls wait outside of moto, and end as soon as there is one."""
    sqs = cloud.services.client("sqs")
    url = sqs.create_queue(QueueName="waited", Attributes={"ReceiveMessageWaitTimeSeconds": "20"})["QueueUrl"]
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(sqs.receive_message, QueueUrl=url) for _ in range(8)]
        began = time.monotonic()
        for number in range(8):
            sqs.send_message(QueueUrl=url, MessageBody=str(number))
        received = [future.result()["Messages"] for future in waiting]
    assert sorted(m["Body"] for messages in received for m in messages) == [str(number) for number in range(8)]
    assert time.monotonic() - began < 10


def test_a_poll_that_finds_nothing_ends_in_time(cloud):
    """And one of a queue that is not there at once."""
    sqs = cloud.services.client("sqs")
    url = sqs.create_queue(QueueName="empty")["QueueUrl"]
    began = time.monotonic()
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)
    assert 1 <= time.monotonic() - began < 5
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.receive_message(QueueUrl=f"{url}-not", WaitTimeSeconds=20)
