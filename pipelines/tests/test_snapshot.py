import hashlib
import io
import json

import pytest
from botocore.exceptions import ClientError

from pipelines.evidence import snapshot

DATA = b"a,b\n1,2\n"


class Bucket:
    """A client of S3 that knows one object."""

    def __init__(self, answer):
        self._answer, self.asked = answer, []

    def get_object(self, **asked):
        self.asked.append(asked)
        if isinstance(self._answer, Exception):
            raise self._answer
        content, version = self._answer
        return {"Body": io.BytesIO(content), "ContentLength": len(content), **version}


@pytest.fixture
def taken(tmp_path):
    """Takes the facts of a file that a job downloaded from a URI."""

    def taken(uri, answer):
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "rows.csv").write_bytes(DATA)
        source = {"S3Uri": uri, "LocalPath": str(tmp_path / "data")}
        config = {"ProcessingInputs": [{"InputName": "code"}, {"InputName": "data", "S3Input": source}]}
        (tmp_path / "config.json").write_text(json.dumps(config))
        bucket = Bucket(answer)
        found = snapshot.take(
            "data", tmp_path / "data" / "rows.csv", rows=1, config=tmp_path / "config.json", s3=bucket
        )
        return found, bucket.asked

    return taken


@pytest.mark.parametrize("uri", ["s3://b/data/rows.csv", "s3://b/data", "s3://b/data/"])
def test_a_file_is_known_by_its_object_and_version(taken, uri):
    """An object and a prefix of objects are told apart, and the version is that of the very object."""
    found, asked = taken(uri, (DATA, {"VersionId": "v1"}))
    assert asked == [{"Bucket": "b", "Key": "data/rows.csv"}]
    assert found == {
        "name": "data",
        "uri": "s3://b/data/rows.csv",
        "version_id": "v1",
        "sha256": hashlib.sha256(DATA).hexdigest(),
        "bytes": 8,
        "rows": 1,
    }


@pytest.mark.parametrize(
    "answer",
    [
        (DATA, {}),
        (DATA, {"VersionId": "null"}),
        (DATA + b"3,4\n", {"VersionId": "v2"}),
        (b"a,b\n9,9\n", {"VersionId": "v2"}),
        ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "GetObject"),
    ],
    ids=["no versions", "not versioned then", "longer by now", "as long but other by now", "may not ask"],
)
def test_a_version_that_is_not_known_is_not_made_up(taken, answer):
    """The other facts stand without it."""
    found, _ = taken("s3://b/data/rows.csv", answer)
    assert found["version_id"] is None
    assert found["uri"] == "s3://b/data/rows.csv"
