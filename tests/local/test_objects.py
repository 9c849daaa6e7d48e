import pytest

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


def test_who_may_not_see_an_object_is_told_nothing_of_it(objects):
    """As by S3 itself."""
    with pytest.raises(AwsError, match="not you"):
        objects.exists("bucket", "there", access_key_id="stranger")
