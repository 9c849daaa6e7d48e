import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError

from local.cloudformation import CloudFormation
from local.functions import Functions
from local.sagemaker import SageMaker
from tests.local.cloudformation.account import Account
from tests.local.cloudformation.samples import TRUST

ROLE = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r", "AssumeRolePolicyDocument": TRUST}}
LAMBDA_TRUST = json.loads(json.dumps(TRUST).replace("sagemaker", "lambda"))
ROLE_ARN = {"Fn::GetAtt": ["R", "Arn"]}


@pytest.fixture
def account(small_cloud):
    """An account with the cloud's own Lambda and SageMaker, and a bucket for code."""
    cloud = small_cloud(CloudFormation, Functions, SageMaker)
    cloud.listen()
    cloud.client("s3").create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return Account(cloud, cloud.parts[0])


def _upload(account, key, answer):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", f"def handler(event, context):\n    return {answer!r}\n")
    account.cloud.client("s3").put_object(Bucket="code", Key=key, Body=packed.getvalue())
    return {"S3Bucket": "code", "S3Key": key}


def _function(code, **properties):
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r", "AssumeRolePolicyDocument": LAMBDA_TRUST}}
    made = {
        "FunctionName": "f",
        "Code": code,
        "Role": ROLE_ARN,
        "Handler": "main.handler",
        "Runtime": "python3.11",
        **properties,
    }
    return {"R": role, "F": {"Type": "AWS::Lambda::Function", "Properties": made}}


def test_a_function_is_as_its_template_says(account):
    """Code, settings, concurrency and tags follow the template, and fall back to Lambda's defaults."""
    client = account.cloud.client("lambda")
    settings = {
        "Timeout": "10",
        "MemorySize": 256,
        "Environment": {"Variables": {"KEY": "v"}},
        "LoggingConfig": {"LogFormat": "JSON"},
        "ReservedConcurrentExecutions": 1,
        "Tags": [{"Key": "k", "Value": "v"}],
    }
    sections = {"Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["F", "Arn"]}}}}
    account.create(_function(_upload(account, "one", 1), **settings), sections=sections)
    shown = client.get_function(FunctionName="f")
    made = shown["Configuration"]
    assert (made["FunctionArn"], made["Timeout"], made["MemorySize"]) == (account.outputs()["Arn"], 10, 256)
    assert (made["Environment"]["Variables"], made["LoggingConfig"]["LogFormat"]) == ({"KEY": "v"}, "JSON")
    assert (shown["Tags"], shown["Concurrency"]) == ({"k": "v"}, {"ReservedConcurrentExecutions": 1})
    stack = account.update(_function(_upload(account, "two", 2), Tags=[{"Key": "l", "Value": "w"}]))
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    shown = client.get_function(FunctionName="f")
    changed = shown["Configuration"]
    assert changed["CodeSha256"] != made["CodeSha256"]
    assert (changed["Timeout"], changed["MemorySize"]) == (3, 128)
    assert changed.get("Environment", {}).get("Variables", {}) == {}
    assert (shown["Tags"], "Concurrency" in shown) == ({"l": "w"}, False)
    account.delete()
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_function(FunctionName="f")


def test_code_in_a_template_runs(account):
    """Text under ZipFile is the module index."""
    code = {"ZipFile": "def handler(event, context):\n    return event['n'] + 1\n"}
    account.create(_function(code, Handler="index.handler"))
    answer = account.cloud.client("lambda").invoke(FunctionName="f", Payload=b'{"n": 1}')
    assert json.loads(answer["Payload"].read()) == 2


def test_a_functions_permissions_and_retries_follow_the_template(account):
    """Statements are replaced, and the settings of asynchronous calls are set and removed."""
    client = account.cloud.client("lambda")
    function = _function(_upload(account, "one", 1))

    def resources(source, **retries):
        permission = {
            "FunctionName": {"Ref": "F"},
            "Action": "lambda:InvokeFunction",
            "Principal": "events.amazonaws.com",
            "SourceArn": f"arn:aws:events:eu-west-1:123456789012:rule/{source}",
        }
        made = {**function, "P": {"Type": "AWS::Lambda::Permission", "Properties": permission}}
        if retries:
            invocation = {"FunctionName": {"Ref": "F"}, "Qualifier": "$LATEST", **retries}
            made["I"] = {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": invocation}
        return made

    def sources():
        statements = json.loads(client.get_policy(FunctionName="f")["Policy"])["Statement"]
        return [statement["Condition"]["ArnLike"]["AWS:SourceArn"].rpartition("/")[2] for statement in statements]

    account.create(resources("one", MaximumRetryAttempts="1"))
    assert sources() == ["one"]
    assert client.get_function_event_invoke_config(FunctionName="f")["MaximumRetryAttempts"] == 1
    account.update(resources("two", MaximumRetryAttempts=0))
    assert sources() == ["two"]
    assert client.get_function_event_invoke_config(FunctionName="f")["MaximumRetryAttempts"] == 0
    account.update(resources("two"))
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_function_event_invoke_config(FunctionName="f")


def test_a_function_whose_code_is_missing_fails(account):
    """The reason is Lambda's, and nothing stays."""
    stack = account.create(_function({"S3Bucket": "code", "S3Key": "nowhere"}))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "S3 Error Code: NoSuchKey" in account.reasons("F")[-1]
    assert account.cloud.client("lambda").list_functions()["Functions"] == []


def _definition(value):
    step = {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": value}}
    return json.dumps({"Version": "2020-12-01", "Steps": [step]})


def _pipeline(definition, **properties):
    made = {"PipelineName": "p", "RoleArn": ROLE_ARN, "PipelineDefinition": definition, **properties}
    return {"R": ROLE, "P": {"Type": "AWS::SageMaker::Pipeline", "Properties": made}}


def test_a_pipeline_is_as_its_template_says(account):
    """The definition stands in the template or in S3; descriptions and tags follow."""
    sagemaker = account.cloud.client("sagemaker")
    account.create(_pipeline({"PipelineDefinitionBody": _definition("one")}, Tags=[{"Key": "k", "Value": "v"}]))
    assert json.loads(sagemaker.describe_pipeline(PipelineName="p")["PipelineDefinition"]) == json.loads(
        _definition("one")
    )
    account.cloud.client("s3").put_object(Bucket="code", Key="d.json", Body=_definition("two").encode())
    place = {"PipelineDefinitionS3Location": {"Bucket": "code", "Key": "d.json"}}
    stack = account.update(_pipeline(place, PipelineDescription="new", Tags=[{"Key": "l", "Value": "w"}]))
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    shown = sagemaker.describe_pipeline(PipelineName="p")
    assert (json.loads(shown["PipelineDefinition"]), shown["PipelineDescription"]) == (
        json.loads(_definition("two")),
        "new",
    )
    assert sagemaker.list_tags(ResourceArn=shown["PipelineArn"])["Tags"] == [{"Key": "l", "Value": "w"}]
    account.delete()
    assert sagemaker.list_pipelines()["PipelineSummaries"] == []


def test_a_model_package_group_is_as_its_template_says(account):
    """Policy and tags change in place; a group with packages is not deleted."""
    sagemaker = account.cloud.client("sagemaker")
    statement = {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
        "Action": ["sagemaker:DescribeModelPackage"],
        "Resource": ["arn:aws:sagemaker:eu-west-1:123456789012:model-package/g/*"],
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}

    def group(**properties):
        made = {"ModelPackageGroupName": "g", **properties}
        return {"G": {"Type": "AWS::SageMaker::ModelPackageGroup", "Properties": made}}

    account.create(group(ModelPackageGroupPolicy=policy))
    assert json.loads(sagemaker.get_model_package_group_policy(ModelPackageGroupName="g")["ResourcePolicy"]) == policy
    account.update(group(Tags=[{"Key": "k", "Value": "v"}]))
    with pytest.raises(ClientError):
        sagemaker.get_model_package_group_policy(ModelPackageGroupName="g")
    assert sagemaker.list_tags(ResourceArn=account.physical("G"))["Tags"] == [{"Key": "k", "Value": "v"}]
    account.delete()
    assert sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"] == []
