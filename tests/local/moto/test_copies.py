import pytest

PART = b"p" * (5 << 20)


@pytest.fixture
def s3(small_cloud):
    """S3 of a cloud that has nothing else, with a bucket."""
    client = small_cloud().client("s3")
    client.create_bucket(Bucket="copies", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return client


def test_a_copy_of_what_was_uploaded_in_parts_can_be_read(s3):
    """A client verifies what it reads: the copy's checksum is of the whole, not of the source's parts."""
    upload = s3.create_multipart_upload(Bucket="copies", Key="parts", ChecksumAlgorithm="CRC32")["UploadId"]
    named = {"Bucket": "copies", "Key": "parts", "UploadId": upload}
    parts = []
    for number, body in enumerate([PART, b"end"], start=1):
        part = s3.upload_part(**named, PartNumber=number, Body=body, ChecksumAlgorithm="CRC32")
        parts.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]})
    s3.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})
    s3.copy_object(Bucket="copies", Key="copy", CopySource={"Bucket": "copies", "Key": "parts"})
    copy = s3.get_object(Bucket="copies", Key="copy", ChecksumMode="ENABLED")
    assert copy["Body"].read() == PART + b"end"
    assert copy["ChecksumType"] == "FULL_OBJECT"
