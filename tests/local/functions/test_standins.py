import io
import json
import time
import zipfile

import pytest
from botocore.exceptions import ClientError

from local.cloudformation.mailbox import Mailbox
from local.functions.standins import standing_in
from tests.local.functions.conftest import ROLE, package

BUCKET = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
MARKS = {
    "auto_delete_images": ("index.js", '"use strict";aws-cdk:auto-delete-images'),
    "auto_delete_objects": ("index.js", '"use strict";aws-cdk:auto-delete-objects'),
    "aws_custom_resource": ("index.js", '"use strict";InstallLatestAwsSdk physicalResourceId'),
    "bucket_deployment": ("index.py", "DestinationBucketKeyPrefix aws_command aws-cdk:cr-owned"),
    "log_retention": ("index.js", '"use strict";RetentionInDays LogGroupName SdkRetry'),
    "provider_framework": ("framework.js", '"use strict";USER_ON_EVENT_FUNCTION_ARN_ENV'),
}


def zipped(**files):
    """An archive of texts by name; two underscores stand for a dot."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return buffer.getvalue()


@pytest.fixture
def mailbox():
    """Where handlers answer."""
    made = Mailbox()
    yield made
    made.close()


@pytest.fixture
def ask(cloud, mailbox):
    """Makes a function of one of the CDK's packages, and gives its answer to a request."""
    rights = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    cloud.client("iam").put_role_policy(RoleName="fn", PolicyName="all", PolicyDocument=json.dumps(rights))

    def ask(kind, given, *, turn="Create", handler="index.handler", **more):
        file, text = MARKS[kind]
        code = {"ZipFile": zipped(**{file.replace(".", "__"): text})}
        names = [function["FunctionName"] for function in cloud.functions.list_functions()["Functions"]]
        if kind not in names:
            settings = {"Runtime": "nodejs22.x", "Handler": handler, "Role": ROLE, "Timeout": 30, **more}
            cloud.functions.create_function(FunctionName=kind, Code=code, **settings)
        letter = mailbox.open()
        event = {"RequestType": turn, "ResponseURL": letter.url, "ResourceProperties": given, "StackId": "s"}
        event |= {"RequestId": "r", "LogicalResourceId": "L"}
        event |= {"PhysicalResourceId": "it"} if turn != "Create" else {}
        cloud.functions.invoke(FunctionName=kind, Payload=json.dumps(event))
        deadline = time.monotonic() + 10
        while letter.body is None:
            assert time.monotonic() < deadline, cloud.log(f"/aws/lambda/{kind}")
            time.sleep(0.01)
        return json.loads(letter.body)

    return ask


@pytest.mark.parametrize("module", sorted(MARKS))
def test_a_package_of_the_cdk_is_known(tmp_path, module):
    """By what it holds, whatever its hash."""
    file, text = MARKS[module]
    (tmp_path / file).write_text(text)
    assert standing_in(tmp_path) == module


@pytest.mark.parametrize("module", MARKS)
def test_a_package_of_ones_own_is_not_taken_for_the_cdks(tmp_path, module):
    """Not with another file beside the CDK's words, as in a bundle, nor with the words in a source of one's own."""
    file, text = MARKS[module]
    (tmp_path / file).write_text(text)
    (tmp_path / "app.py").write_text("def handler(event, context): ...")
    assert standing_in(tmp_path) == ""
    (tmp_path / "app.py").unlink()
    (tmp_path / file).write_text(f"// as in the CDK: {text.split(';')[-1].split()[0]}")
    assert standing_in(tmp_path) == ""


def test_a_repository_is_emptied(cloud, ask):
    """Of all its images, when it goes; one that is gone already is no failure, and another turn does nothing."""
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="images")
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = {"schemaVersion": 2, "mediaType": kind, "config": {"digest": "sha256:" + "0" * 64}, "layers": []}
    ecr.put_image(repositoryName="images", imageManifest=json.dumps(manifest), imageTag="1")
    assert ask("auto_delete_images", {"RepositoryName": "images"})["Status"] == "SUCCESS"
    assert len(ecr.list_images(repositoryName="images")["imageIds"]) == 1
    assert ask("auto_delete_images", {"RepositoryName": "images"}, turn="Delete")["Status"] == "SUCCESS"
    assert ecr.list_images(repositoryName="images")["imageIds"] == []
    assert ask("auto_delete_images", {"RepositoryName": "none"}, turn="Delete")["Status"] == "SUCCESS"


def test_another_package_in_javascript_is_refused(cloud, tmp_path):
    """Nobody stands in for what is not the CDK's."""
    (tmp_path / "index.js").write_text("exports.handler = async () => 1")
    assert standing_in(tmp_path) == ""
    with pytest.raises(ClientError, match=r"the Lambda runtime nodejs22\.x"):
        cloud.functions.create_function(
            FunctionName="js",
            Runtime="nodejs22.x",
            Handler="index.handler",
            Role=ROLE,
            Code={"ZipFile": zipped(index__js="exports.handler = async () => 1")},
        )


@pytest.mark.clients
def test_a_bucket_is_filled_and_emptied(cloud, ask):
    """Archives are unpacked and pruned; what is tagged for it is emptied, with its versions."""
    s3 = cloud.client("s3")
    for name in ("assets", "site"):
        s3.create_bucket(Bucket=name, **BUCKET)
    s3.put_bucket_versioning(Bucket="site", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="site", Key="p/stale", Body=b"")
    s3.put_object(Bucket="assets", Key="a.zip", Body=zipped(one__txt="at <<where>>", two__json="{}"))
    given = {
        "SourceBucketNames": ["assets"],
        "SourceObjectKeys": ["a.zip"],
        "SourceMarkers": [{"<<where>>": "home"}],
        "DestinationBucketName": "site",
        "DestinationBucketKeyPrefix": "p",
    }
    answer = ask("bucket_deployment", given)
    assert (answer["Status"], answer["Data"]["SourceObjectKeys"]) == ("SUCCESS", ["a.zip"])
    kept = s3.list_objects_v2(Bucket="site")["Contents"]
    assert [item["Key"] for item in kept] == ["p/one.txt", "p/two.json"]
    assert s3.get_object(Bucket="site", Key="p/one.txt")["Body"].read() == b"at home"
    assert ask("auto_delete_objects", {"BucketName": "site"}, turn="Delete")["Status"] == "SUCCESS"
    assert "Versions" in s3.list_object_versions(Bucket="site")
    tag = {"TagSet": [{"Key": "aws-cdk:auto-delete-objects", "Value": "true"}]}
    s3.put_bucket_tagging(Bucket="site", Tagging=tag)
    ask("auto_delete_objects", {"BucketName": "site"}, turn="Delete")
    assert "Versions" not in s3.list_object_versions(Bucket="site")


def test_one_call_of_aws_is_made_for_a_turn(cloud, ask):
    """Its answer is flat, an ignored error is none, another one is the reason of a failure."""
    create = {
        "service": "SSM",
        "action": "putParameter",
        "parameters": {"Name": "/p", "Value": "v", "Type": "String"},
        "physicalResourceId": {"id": "mine"},
    }
    read = {"service": "@aws-sdk/client-ssm", "action": "GetParameterCommand", "parameters": {"Name": "/p"}}
    delete = {"service": "ssm", "action": "deleteParameter", "parameters": {"Name": "/gone"}}
    given = {"Create": json.dumps(create), "Update": json.dumps(read), "Delete": json.dumps(delete)}
    assert ask("aws_custom_resource", given)["PhysicalResourceId"] == "mine"
    assert ask("aws_custom_resource", given, turn="Update")["Data"]["Parameter.Value"] == "v"
    failed = ask("aws_custom_resource", given, turn="Delete")
    assert (failed["Status"], "ParameterNotFound" in failed["Reason"]) == ("FAILED", True)
    ignoring = json.dumps({**delete, "ignoreErrorCodesMatching": "ParameterNot.*"})
    assert ask("aws_custom_resource", {"Delete": ignoring}, turn="Delete")["Status"] == "SUCCESS"


@pytest.mark.clients
def test_a_provider_runs_functions_of_the_user(cloud, ask):
    """One does the work, another is asked until it is complete."""
    work = "def handler(event, context): return {'PhysicalResourceId': 'made', 'Data': {'a': 1}}"
    done = "n = 0\ndef handler(event, context):\n    global n\n    n += 1\n    "
    done += "return {'IsComplete': n > 1, **({'Data': {'b': event['PhysicalResourceId']}} if n > 1 else {})}"
    arns = {}
    for name, source in (("USER_ON_EVENT_FUNCTION_ARN", work), ("USER_IS_COMPLETE_FUNCTION_ARN", done)):
        made = cloud.functions.create_function(
            FunctionName=name.lower(),
            Runtime="python3.12",
            Handler="app.handler",
            Role=ROLE,
            Code={"ZipFile": package(source)},
        )
        arns[name] = made["FunctionArn"]
    answer = ask("provider_framework", {}, handler="framework.onEvent", Environment={"Variables": arns})
    assert (answer["PhysicalResourceId"], answer["Data"]) == ("made", {"a": 1, "b": "made"})


@pytest.mark.clients
def test_the_retention_of_a_group_is_set(cloud, ask):
    """The group is made when it is not there, and goes when it is to."""
    logs = cloud.client("logs")
    given = {"LogGroupName": "/g", "RetentionInDays": "7", "RemovalPolicy": "destroy"}
    assert ask("log_retention", given)["Data"] == {"LogGroupName": "/g"}
    assert logs.describe_log_groups(logGroupNamePrefix="/g")["logGroups"][0]["retentionInDays"] == 7
    ask("log_retention", given, turn="Delete")
    assert logs.describe_log_groups(logGroupNamePrefix="/g")["logGroups"] == []
