import io
from datetime import UTC, datetime

import pytest

from local.moto.app import moto_app, reset_moto
from local.transport import session

REGION = "eu-west-1"
HERE = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}


@pytest.fixture
def s3():
    """S3 of moto, in process."""
    yield session(moto_app(), region=REGION).client("s3")
    reset_moto()


@pytest.mark.parametrize("key", ["plain", "a/b/c.txt", "with space & ümlaut+plus%41", "question?mark=1"])
def test_any_key_and_any_bytes_come_back_as_they_went(s3, key):
    """The wire format is that of a real server, whatever the characters."""
    body = bytes(range(256)) * 64
    s3.create_bucket(Bucket="bucket", **HERE)
    s3.put_object(Bucket="bucket", Key=key, Body=body)
    assert s3.get_object(Bucket="bucket", Key=key)["Body"].read() == body
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket="bucket")["Contents"]] == [key]


def test_files_are_sent_and_streams_are_read_in_pieces(s3):
    """As boto3's transfers do."""
    s3.create_bucket(Bucket="bucket", **HERE)
    s3.upload_fileobj(io.BytesIO(b"x" * 100_000), "bucket", "k")
    chunks = list(s3.get_object(Bucket="bucket", Key="k")["Body"].iter_chunks(60_000))
    assert [len(chunk) for chunk in chunks] == [60_000, 40_000]


def test_an_empty_body_has_a_length(s3):
    """Requests that say everything in headers are taken, as S3 takes them from any HTTP client."""
    s3.create_bucket(Bucket="bucket", **HERE)
    s3.put_bucket_acl(Bucket="bucket", ACL="public-read")
    assert [grant["Permission"] for grant in s3.get_bucket_acl(Bucket="bucket")["Grants"]] == ["FULL_CONTROL", "READ"]


def test_each_session_talks_to_its_own_app():
    """What they share of botocore's handlers does not send one's requests to the other."""
    reached = []

    def app(name):
        def answer(environ, start_response):
            reached.append(name)
            start_response("200 OK", [])
            return [b"<ListAllMyBucketsResult/>"]

        return answer

    clients = {name: session(app(name), region=REGION).client("s3") for name in ("one", "two")}
    for name in ("one", "two", "one"):
        clients[name].list_buckets()
    assert reached == ["one", "two", "one"]


def test_the_users_own_profile_is_not_read(s3, monkeypatch):
    """Neither credentials nor endpoints of the environment reach a session."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "REAL")
    client = session(moto_app(), region=REGION).client("sts")
    assert client.get_caller_identity()["Account"] == "123456789012"
    assert client._request_signer._credentials.access_key == "local"


def test_times_are_told_as_by_any_client(s3):
    """With their zone, whether they come as ISO 8601 with fractions, as HTTP's dates, or in another form."""
    before = datetime.now(UTC).replace(microsecond=0)
    s3.create_bucket(Bucket="bucket", **HERE)
    s3.put_object(Bucket="bucket", Key="k", Body=b"x")
    listed = s3.list_objects_v2(Bucket="bucket")["Contents"][0]["LastModified"]
    headed = s3.head_object(Bucket="bucket", Key="k")["LastModified"]
    assert before <= headed <= listed <= datetime.now(UTC)
