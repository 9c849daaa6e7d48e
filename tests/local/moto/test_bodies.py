def test_what_is_put_as_a_web_form_keeps_its_body(small_cloud):
    """Whatever the type, an object holds what was sent, and tells the type."""
    s3 = small_cloud().client("s3")
    s3.create_bucket(Bucket="forms", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for body in (b"a=1&b=2", b"neither a form", b""):
        s3.put_object(Bucket="forms", Key="k", Body=body, ContentType="application/x-www-form-urlencoded")
        found = s3.get_object(Bucket="forms", Key="k")
        assert (found["Body"].read(), found["ContentType"]) == (body, "application/x-www-form-urlencoded")
