import base64
import hashlib
import json
import urllib.request

import pytest
from botocore.exceptions import ClientError

from .conftest import ROLE, package

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:fn"
HANDLER = "def handler(event, context): return event"


def refusal(call, **params):
    """Code and message of a call that is refused."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def create(cloud, **more):
    """Create a function, given members that replace the usual ones."""
    request = {"FunctionName": "fn", "Runtime": "python3.12", "Handler": "app.handler", "Role": ROLE}
    return cloud.functions.create_function(**{**request, "Code": {"ZipFile": package(HANDLER)}, **more})


def test_a_new_function_is_described_with_its_defaults(cloud):
    """As AWS fills them in."""
    create(cloud)
    described = cloud.functions.get_function_configuration(FunctionName="fn")
    archive = package(HANDLER)
    changing = ("ResponseMetadata", "RevisionId", "LastModified", "CodeSha256", "CodeSize")
    assert {name: value for name, value in described.items() if name not in changing} == {
        "FunctionName": "fn",
        "FunctionArn": ARN,
        "Runtime": "python3.12",
        "Role": ROLE,
        "Handler": "app.handler",
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "Version": "$LATEST",
        "TracingConfig": {"Mode": "PassThrough"},
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/fn"},
    }
    assert described["CodeSize"] == len(archive)


def test_the_code_is_told_by_its_hash_and_can_be_fetched(cloud):
    """The archive itself, byte for byte."""
    archive = package(HANDLER)
    create(cloud, Code={"ZipFile": archive}, Tags={"owner": "me"})
    found = cloud.functions.get_function(FunctionName="fn")
    assert found["Configuration"]["CodeSha256"] == base64.b64encode(hashlib.sha256(archive).digest()).decode()
    assert found["Tags"] == {"owner": "me"}
    with urllib.request.urlopen(found["Code"]["Location"]) as fetched:
        assert fetched.read() == archive


def test_nothing_that_was_set_is_dropped(cloud):
    """Everything comes back as it went."""
    given = {
        "Description": "decides",
        "Timeout": 60,
        "MemorySize": 512,
        "Environment": {"Variables": {"STAGE": "local"}},
        "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-west-1:123456789012:letters"},
        "KMSKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1",
        "TracingConfig": {"Mode": "Active"},
        "Architectures": ["arm64"],
        "EphemeralStorage": {"Size": 1024},
        "LoggingConfig": {
            "LogFormat": "JSON",
            "ApplicationLogLevel": "DEBUG",
            "SystemLogLevel": "WARN",
            "LogGroup": "/g",
        },
    }
    create(cloud, **given)
    described = cloud.functions.get_function_configuration(FunctionName="fn")
    assert {name: described[name] for name in given} == given


def test_awss_waiters_end(cloud):
    """The answer to a change says that it is under way; the next call finds it done."""
    assert create(cloud)["State"] == "Pending"
    cloud.functions.get_waiter("function_active_v2").wait(FunctionName="fn")
    answer = cloud.functions.update_function_configuration(FunctionName="fn", Timeout=9)
    assert answer["LastUpdateStatus"] == "InProgress"
    cloud.functions.get_waiter("function_updated_v2").wait(FunctionName="fn")


def test_code_comes_from_a_bucket(cloud):
    """Whatever the version asked for."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="assets", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="assets", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="assets", Key="k", Body=package("def handler(e, c): return 'first'"))["VersionId"]
    s3.put_object(Bucket="assets", Key="k", Body=package("def handler(e, c): return 'second'"))
    create(cloud, Code={"S3Bucket": "assets", "S3Key": "k"})
    newest, _ = cloud.invoke()
    cloud.functions.update_function_code(FunctionName="fn", S3Bucket="assets", S3Key="k", S3ObjectVersion=first)
    assert (newest, cloud.invoke()[0]) == ("second", "first")


def test_new_code_serves_the_next_invocation(cloud):
    """A warm process of the old code is not used again."""
    cloud.create("def handler(event, context): return 'old'")
    before, _ = cloud.invoke()
    cloud.functions.update_function_code(FunctionName="fn", ZipFile=package("def handler(e, c): return 'new'"))
    assert (before, cloud.invoke()[0]) == ("old", "new")


def test_a_new_configuration_serves_the_next_invocation(cloud):
    """Its variables replace the old ones; other members stay."""
    variables = {"Variables": {"STAGE": "dev", "OLD": "1"}}
    cloud.create("import os\ndef handler(e, c): return [os.getenv('STAGE'), os.getenv('OLD')]", Environment=variables)
    before, _ = cloud.invoke()
    cloud.functions.update_function_configuration(FunctionName="fn", Environment={"Variables": {"STAGE": "prod"}})
    assert (before, cloud.invoke()[0]) == (["dev", "1"], ["prod", None])
    assert cloud.functions.get_function_configuration(FunctionName="fn")["Handler"] == "app.handler"


def test_a_dead_letter_queue_can_be_taken_away(cloud):
    """By an empty ARN."""
    queue = "arn:aws:sqs:eu-west-1:123456789012:letters"
    create(cloud, DeadLetterConfig={"TargetArn": queue})
    answer = cloud.functions.update_function_configuration(FunctionName="fn", DeadLetterConfig={"TargetArn": ""})
    assert "DeadLetterConfig" not in answer


def test_what_is_no_archive_leaves_nothing_behind(cloud):
    """However often it comes: neither the bytes nor a folder half unpacked."""
    params = {"FunctionName": "fn", "Runtime": "python3.12", "Handler": "index.handler", "Role": ROLE}
    refusal(cloud.functions.create_function, Code={"ZipFile": b"no zip"}, **params)
    assert list((cloud.services.workdir / "functions").iterdir()) == []


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        ({"Runtime": "nodejs22.x"}, "UnsupportedLocally", "the Lambda runtime nodejs22.x"),
        ({"Layers": ["arn:aws:lambda:eu-west-1:123456789012:layer:x:1"]}, "ResourceNotFoundException", "layer:x:1"),
        ({"PackageType": "Image"}, "UnsupportedLocally", "with PackageType Image"),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, "UnsupportedLocally", "with SnapStart"),
        ({"Code": {"ImageUri": "x"}}, "UnsupportedLocally", "given by ImageUri"),
        ({"Code": {}}, "InvalidParameterValueException", "Please provide a source for function code."),
        ({"Code": {"ZipFile": b""}}, "InvalidParameterValueException", "non-empty zip"),
        ({"Code": {"ZipFile": b"no zip"}}, "InvalidParameterValueException", "Could not unzip uploaded file."),
        ({"Code": {"S3Bucket": "gone", "S3Key": "k"}}, "InvalidParameterValueException", "NoSuchBucket"),
        ({"Role": "arn:aws:iam::123456789012:role/gone"}, "InvalidParameterValueException", "cannot be assumed"),
        ({"Role": "arn:aws:iam::123456789012:role/other"}, "InvalidParameterValueException", "cannot be assumed"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "InvalidParameterValueException", "request: AWS_REGION"),
        ({"Environment": {"Variables": {"BIG": "x" * 5000}}}, "InvalidParameterValueException", "4096 bytes limit"),
        ({"Timeout": 901}, "ValidationException", "less than or equal to 900"),
    ],
)
def test_a_function_that_cannot_be_is_refused(cloud, change, code, told):
    """By name where only the local cloud cannot; nothing is left behind."""
    trust = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
    cloud.client("iam").create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    found = refusal(lambda **params: create(cloud, **params), **change)
    assert (found[0], told in found[1]) == (code, True)
    assert cloud.functions.list_functions()["Functions"] == []


def test_a_name_is_taken_once(cloud):
    """The second function is a conflict."""
    create(cloud)
    assert refusal(lambda: create(cloud)) == ("ResourceConflictException", "Function already exist: fn")


def test_a_change_for_another_revision_is_refused(cloud):
    """Nothing is overwritten unseen."""
    stale = create(cloud)["RevisionId"]
    cloud.functions.update_function_configuration(FunctionName="fn", Timeout=9, RevisionId=stale)
    change = cloud.functions.update_function_configuration
    assert refusal(change, FunctionName="fn", Timeout=8, RevisionId=stale)[0] == "PreconditionFailedException"
    assert cloud.functions.get_function_configuration(FunctionName="fn")["Timeout"] == 9


def test_a_deleted_function_is_gone(cloud):
    """With everything that hung on it."""
    create(cloud)
    cloud.functions.delete_function(FunctionName="fn")
    told = ("ResourceNotFoundException", f"Function not found: {ARN}")
    for name in ("get_function", "delete_function", "invoke", "get_policy", "list_versions_by_function"):
        assert refusal(getattr(cloud.functions, name), FunctionName="fn") == told


def test_functions_are_listed_in_pages(cloud):
    """In the order of their names."""
    for name in ("b-fn", "a-fn", "c-fn"):
        create(cloud, FunctionName=name)
    pages = list(cloud.functions.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2}))
    assert [[f["FunctionName"] for f in page["Functions"]] for page in pages] == [["a-fn", "b-fn"], ["c-fn"]]


def test_a_published_version_stays_what_it_was(cloud):
    """While the latest goes on; the same code is not published twice."""
    cloud.create("def handler(event, context): return 'one'")
    first = cloud.functions.publish_version(FunctionName="fn", Description="good")
    again = cloud.functions.publish_version(FunctionName="fn")
    cloud.functions.update_function_code(FunctionName="fn", ZipFile=package("def handler(e, c): return 'two'"))
    assert (first["Version"], again["Version"], first["FunctionArn"]) == ("1", "1", f"{ARN}:1")
    assert [cloud.invoke(name=name)[0] for name in ("fn", "fn:1")] == ["two", "one"]
    versions = cloud.functions.list_versions_by_function(FunctionName="fn")["Versions"]
    assert [(version["Version"], version["Description"]) for version in versions] == [("$LATEST", ""), ("1", "good")]


def test_a_version_can_be_deleted_alone(cloud):
    """The latest cannot."""
    create(cloud, Publish=True)
    delete = cloud.functions.delete_function
    assert refusal(delete, FunctionName="fn", Qualifier="$LATEST")[0] == "InvalidParameterValueException"
    delete(FunctionName="fn", Qualifier="1")
    assert refusal(cloud.functions.get_function, FunctionName="fn", Qualifier="1")[0] == "ResourceNotFoundException"
    assert cloud.functions.get_function(FunctionName="fn")["Configuration"]["Version"] == "$LATEST"


def test_tags_can_be_changed(cloud):
    """One is added, one is taken."""
    create(cloud, Tags={"a": "b"})
    cloud.functions.tag_resource(Resource=ARN, Tags={"c": "d"})
    cloud.functions.untag_resource(Resource=ARN, TagKeys=["a", "unknown"])
    assert cloud.functions.list_tags(Resource=ARN)["Tags"] == {"c": "d"}


def test_reserved_concurrency_throttles(cloud):
    """Zero is AWS's way to switch a function off."""
    create(cloud)
    cloud.functions.put_function_concurrency(FunctionName="fn", ReservedConcurrentExecutions=0)
    assert cloud.functions.get_function(FunctionName="fn")["Concurrency"] == {"ReservedConcurrentExecutions": 0}
    invoke = cloud.client("lambda").invoke
    assert refusal(invoke, FunctionName="fn", InvocationType="RequestResponse")[0] == "TooManyRequestsException"
    cloud.functions.delete_function_concurrency(FunctionName="fn")
    assert "ReservedConcurrentExecutions" not in cloud.functions.get_function_concurrency(FunctionName="fn")
    assert cloud.invoke(1) == (1, None)
