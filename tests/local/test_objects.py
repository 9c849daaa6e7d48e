import threading

import pytest
from moto.s3.models import s3_backends

from local.errors import AwsError
from local.moto.app import ACCOUNT, moto_app, reset_moto
from local.objects import Objects
from local.transport import session

REGION = "eu-west-1"


class Guard:
    """Lets everybody but one in, and keeps what was asked."""

    def __init__(self):
        self.asked = []

    def check(self, asked):
        self.asked.append((asked.service, asked.operation, dict(asked.params)))
        if asked.access_key_id == "stranger":
            raise AwsError("AccessDenied", "not you", status=403)


@pytest.fixture
def guard():
    """A guard."""
    return Guard()


@pytest.fixture
def objects(guard):
    """A bucket with versions: one object, and one that was deleted."""
    s3 = session(moto_app(), region=REGION).client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    for key in ("there", "gone"):
        s3.put_object(Bucket="bucket", Key=key, Body=b"x")
    s3.delete_object(Bucket="bucket", Key="gone")
    yield Objects(guard, ACCOUNT, REGION)
    reset_moto()


@pytest.mark.parametrize(
    ("bucket", "key", "found"),
    [("bucket", "there", True), ("bucket", "gone", False), ("bucket", "never", False), ("nowhere", "there", False)],
)
def test_what_head_object_would_say_is_said(objects, guard, bucket, key, found):
    """Of objects, of the markers of deleted ones, and of buckets that are not there; the caller is judged first."""
    assert objects.exists(bucket, key, access_key_id="me") is found
    assert guard.asked == [("s3", "HeadObject", {"Bucket": bucket, "Key": key})]


def test_what_an_object_holds_and_which_there_are_is_said(objects, guard):
    """As GetObject and ListObjectsV2 say it, without what was deleted; the caller is judged first."""
    assert objects.content("bucket", "there", access_key_id="me") == b"x"
    assert objects.keys("bucket", "t", access_key_id="me") == ["there"]
    assert objects.keys("bucket", "", access_key_id="me") == ["there"]
    assert guard.asked == [
        ("s3", "GetObject", {"Bucket": "bucket", "Key": "there"}),
        ("s3", "ListObjectsV2", {"Bucket": "bucket", "Prefix": "t"}),
        ("s3", "ListObjectsV2", {"Bucket": "bucket", "Prefix": ""}),
    ]


def test_an_object_that_is_written_over_is_read_as_it_was_or_is(objects):
    """And never as one of no content any more, between the two."""
    key = s3_backends[ACCOUNT]["aws"].buckets["bucket"].keys["there"]
    key.dispose()  # as moto does before it puts another in its place
    s3 = session(moto_app(), region=REGION).client("s3")
    writing = threading.Timer(0.05, lambda: s3.put_object(Bucket="bucket", Key="there", Body=b"new"))
    writing.start()
    assert objects.content("bucket", "there", access_key_id="me") == b"new"
    writing.join()


@pytest.mark.parametrize(("bucket", "key", "code"), [("bucket", "gone", "NoSuchKey"), ("nowhere", "x", "NoSuchBucket")])
def test_what_is_not_there_cannot_be_read(objects, bucket, key, code):
    """In S3's own words."""
    with pytest.raises(AwsError, match=code):
        objects.content(bucket, key, access_key_id="me")


def test_what_is_archived_is_read_when_it_was_restored(objects):
    """Not before (Amazon S3 API Reference, "GetObject", InvalidObjectState)."""
    s3 = session(moto_app(), region=REGION).client("s3")
    s3.put_object(Bucket="bucket", Key="old", Body=b"x", StorageClass="GLACIER")
    with pytest.raises(AwsError, match="InvalidObjectState"):
        objects.content("bucket", "old", access_key_id="me")
    s3.restore_object(Bucket="bucket", Key="old", RestoreRequest={"Days": 1})
    s3.head_object(Bucket="bucket", Key="old")
    assert objects.content("bucket", "old", access_key_id="me") == b"x"


def test_who_may_not_see_an_object_is_told_nothing_of_it(objects):
    """As by S3 itself."""
    with pytest.raises(AwsError, match="not you"):
        objects.exists("bucket", "there", access_key_id="stranger")
