import pytest

from local.sagemaker import s3
from local.sagemaker.errors import S3Error


@pytest.mark.parametrize(
    "uri",
    [
        "s3://bucket/a/b.tar.gz",
        "https://bucket.s3.eu-west-1.amazonaws.com/a/b.tar.gz",
        "https://bucket.s3-eu-west-1.amazonaws.com/a/b.tar.gz",
        "https://bucket.s3.amazonaws.com/a/b.tar.gz",
        "https://s3.eu-west-1.amazonaws.com/bucket/a/b.tar.gz",
    ],
)
def test_an_object_may_be_named_by_its_address(uri):
    """Amazon S3 User Guide, "Virtual hosting of buckets": both styles lead to the object, as its URI does."""
    assert s3.split(uri) == ("bucket", "a/b.tar.gz")


@pytest.mark.parametrize("uri", ["https://example.com/a/b.tar.gz", "bucket/a", "s3://"])
def test_another_address_is_told(uri):
    """What is not in S3 is refused with the form that is."""
    with pytest.raises(S3Error, match="is not an S3 URI"):
        s3.split(uri)
