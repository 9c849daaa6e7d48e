"""boto3 with S3, SQS and SNS: transfers, multipart, presigned, versions, queues and topics."""

import hashlib
import json
import sys
import tempfile
import urllib.request
from pathlib import Path

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

BUCKET = "clients-storage"
BIG = bytes(range(256)) * 4096 * 12
"""Twelve MB: three parts."""

s3, sqs, sns = boto3.client("s3"), boto3.client("sqs"), boto3.client("sns")
REGION = {"LocationConstraint": s3.meta.region_name}


def transfers(scratch):
    """The transfer manager: in parts up, in ranges down, and a copy."""
    file = scratch / "big"
    file.write_bytes(BIG)
    parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
    s3.upload_file(str(file), BUCKET, "big", Config=parts, ExtraArgs={"Metadata": {"who": "clients"}})
    s3.copy({"Bucket": BUCKET, "Key": "big"}, BUCKET, "copy", Config=parts)
    s3.download_file(BUCKET, "copy", str(scratch / "back"), Config=parts)
    head = s3.head_object(Bucket=BUCKET, Key="big")
    return {
        "same": (scratch / "back").read_bytes() == BIG,
        "etag": head["ETag"],
        "metadata": head["Metadata"],
        "range": s3.get_object(Bucket=BUCKET, Key="big", Range="bytes=256-259")["Body"].read().hex(),
    }


def presigned():
    """URLs that anybody may use, to write and to read."""
    body = b"by anybody"
    put = s3.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "anybody"}, ExpiresIn=600)
    urllib.request.urlopen(urllib.request.Request(put, data=body, method="PUT"), timeout=20).close()
    get = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "anybody"}, ExpiresIn=600)
    with urllib.request.urlopen(get, timeout=20) as answer:
        return answer.read() == body


def versions():
    """Two versions of a key, a marker on top, listed over small pages."""
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for number in range(2):
        s3.put_object(Bucket=BUCKET, Key="versioned", Body=str(number), ChecksumAlgorithm="SHA256")
    s3.delete_object(Bucket=BUCKET, Key="versioned")
    pages = list(
        s3.get_paginator("list_object_versions").paginate(
            Bucket=BUCKET, Prefix="versioned", PaginationConfig={"PageSize": 1}
        )
    )
    found = [version for page in pages for version in page.get("Versions", [])]
    first = s3.get_object(Bucket=BUCKET, Key="versioned", VersionId=found[-1]["VersionId"])
    return {"pages": len(pages), "versions": len(found), "first": first["Body"].read().decode()}


def listed():
    """Many keys over small pages, by the resource interface too; then the bucket is emptied and deleted."""
    for number in range(7):
        s3.put_object(Bucket=BUCKET, Key=f"many/{number}", Body=b"")
    found = s3.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, Prefix="many/", PaginationConfig={"PageSize": 3}
    )
    sizes = [len(page["Contents"]) for page in found]
    bucket = boto3.resource("s3").Bucket(BUCKET)
    keys = [item.key for item in bucket.objects.filter(Prefix="many/")]
    bucket.object_versions.delete()
    bucket.delete()
    s3.get_waiter("bucket_not_exists").wait(Bucket=BUCKET, WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    return {"sizes": sizes, "keys": keys}


def queues():
    """A topic that fans out to two queues, one with a filter; long polls, and a message that is not deleted."""
    topic = sns.create_topic(Name="clients")["TopicArn"]
    urls = {}
    for name, attributes in {"all": {}, "some": {"FilterPolicy": json.dumps({"kind": ["b"]})}}.items():
        urls[name] = sqs.create_queue(QueueName=f"clients-{name}", Attributes={"VisibilityTimeout": "120"})["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=urls[name], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true", **attributes}
        )
    for kind in ("a", "b"):
        value = {"DataType": "String", "StringValue": kind}
        sns.publish(TopicArn=topic, Message=f"message {kind}", MessageAttributes={"kind": value})
    got = {name: received(url) for name, url in urls.items()}
    subscriptions = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    return {**got, "subscriptions": sum(len(page["Subscriptions"]) for page in subscriptions)}


def received(url):
    """All messages of a queue; a second read finds none, because they are in flight."""
    first = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
    again = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    intact = [item["MD5OfBody"] == hashlib.md5(item["Body"].encode()).hexdigest() for item in first]
    entries = [{"Id": str(at), "ReceiptHandle": item["ReceiptHandle"]} for at, item in enumerate(first)]
    sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    return {"bodies": sorted(item["Body"] for item in first), "again": len(again), "intact": all(intact)}


def virtual_hosts():
    """The bucket as a part of the host name, as it is without AWS_ENDPOINT_URL."""
    client = boto3.client(
        "s3",
        endpoint_url=f"https://s3.{s3.meta.region_name}.amazonaws.com",
        config=Config(s3={"addressing_style": "virtual"}),
    )
    client.put_object(Bucket=BUCKET, Key="virtual", Body=b"host")
    return client.get_object(Bucket=BUCKET, Key="virtual")["Body"].read().decode()


if __name__ == "__main__":
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=REGION)
    s3.get_waiter("bucket_exists").wait(Bucket=BUCKET, WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    with tempfile.TemporaryDirectory() as scratch:
        seen = {"transfers": transfers(Path(scratch))}
    seen |= {"presigned": presigned(), "virtual": virtual_hosts(), "versions": versions(), "listed": listed()}
    Path(sys.argv[1]).write_text(json.dumps({**seen, "queues": queues()}))
