import io
import tarfile

import pytest

from lambdas import sample
from lambdas.errors import SampleError
from tests.lambdas.aws import World, package_arn, refusal


def packed(**files):
    """A .tar.gz of files, by name with _ for the dot."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name.replace("_", "."))
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return archive.getvalue()


class Bucket:
    """S3 with one object, or with an error."""

    def __init__(self, content):
        self._content, self.asked = content, None

    def get_object(self, *, Bucket, Key):
        self.asked = (Bucket, Key)
        if isinstance(self._content, Exception):
            raise self._content
        return {"Body": io.BytesIO(self._content)}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"rows_csv": "1,2\n3,4\n\n"}, [(b"1,2\n", "text/csv"), (b"3,4\n", "text/csv")]),
        ({"rows_csv": "1,2"}, [(b"1,2", "text/csv")]),
        (
            {"one_json": '{\n"a": 1}', "two_json": "{}"},
            [(b'{\n"a": 1}', "application/json"), (b"{}", "application/json")],
        ),
        ({"many_jsonl": "{}\n[]\n"}, [(b"{}\n", "application/jsonlines"), (b"[]\n", "application/jsonlines")]),
        ({"picture_png": "bytes"}, [(b"bytes", "image/png")]),
    ],
)
def test_a_payload_is_sent_one_request_at_a_time(files, expected):
    """Rows of a table are requests of their own; any other file is one."""
    assert [(row.body, row.content_type) for row in sample.rows(packed(**files), otherwise="image/png")] == expected


def test_the_package_says_where_its_payload_is():
    """The URL's bucket and key are read, and the first content type is that of files without a known suffix."""
    world, bucket = World(), Bucket(packed(row="1,2"))
    world.sagemaker.register(
        1,
        SamplePayloadUrl="s3://artefacts/credit-risk/run/evaluation/sample.tar.gz",
        InferenceSpecification={"SupportedContentTypes": ["application/x-row"]},
    )
    (row,) = sample.of_package(package_arn(1), sagemaker=world.sagemaker, s3=bucket)
    assert bucket.asked == ("artefacts", "credit-risk/run/evaluation/sample.tar.gz")
    assert row == sample.Row(body=b"1,2", content_type="application/x-row")


def test_a_package_without_a_payload_has_no_rows():
    """It cannot be probed; S3 is not asked."""
    world = World()
    world.sagemaker.register(1)
    assert sample.of_package(package_arn(1), sagemaker=world.sagemaker, s3=None) == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"no archive", "cannot be read: not a gzip file"),
        (packed(row_csv="1,2")[:40], "cannot be read"),
        (refusal("NoSuchKey", "The specified key does not exist."), "cannot be read: .*specified key does not exist"),
        (packed(empty_csv="\n"), "holds no row"),
    ],
    ids=["no archive", "cut short", "not there", "empty"],
)
def test_a_payload_that_is_of_no_use_is_an_error(content, sentence):
    """Whatever is wrong with it, the error names where it is and what is wrong."""
    world = World()
    world.sagemaker.register(1, SamplePayloadUrl="s3://artefacts/sample.tar.gz")
    with pytest.raises(SampleError, match=f"s3://artefacts/sample.tar.gz {sentence}"):
        sample.of_package(package_arn(1), sagemaker=world.sagemaker, s3=Bucket(content))
