"""What CloudTrail knows of services: what its history leaves out, and how it names operations and resources.

AWS CloudTrail User Guide, "Logging data events"; each service's "Logging API calls with CloudTrail".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from local.model import service

_ALL: Final = frozenset({"*"})
_DATA: Final[Mapping[str, frozenset[str]]] = {
    "cloudwatch": frozenset({"GetMetricData", "GetMetricStatistics", "GetMetricWidgetImage", "PutMetricData"}),
    "dynamodb": frozenset(
        {
            "BatchExecuteStatement",
            "BatchGetItem",
            "BatchWriteItem",
            "DeleteItem",
            "ExecuteStatement",
            "ExecuteTransaction",
            "GetItem",
            "PutItem",
            "Query",
            "Scan",
            "TransactGetItems",
            "TransactWriteItems",
            "UpdateItem",
        }
    ),
    "dynamodbstreams": frozenset({"GetRecords", "GetShardIterator"}),
    "events": frozenset({"PutEvents"}),
    "lambda": frozenset({"Invoke", "InvokeAsync", "InvokeWithResponseStream"}),
    "logs": frozenset({"PutLogEvents"}),
    "s3": frozenset({"DeleteObjects", "ListMultipartUploads", "ListObjectVersions", "ListObjects", "ListObjectsV2"}),
    "sagemaker-featurestore-runtime": _ALL,
    "sagemaker-metrics": _ALL,
    "sagemaker-mlflow": _ALL,
    "sagemaker-runtime": _ALL,
    "sns": frozenset({"Publish", "PublishBatch"}),
    "sqs": frozenset(
        {
            "ChangeMessageVisibility",
            "ChangeMessageVisibilityBatch",
            "DeleteMessage",
            "DeleteMessageBatch",
            "ReceiveMessage",
            "SendMessage",
            "SendMessageBatch",
        }
    ),
}

# Lambda's events bear the date of the API in their names, and some a second version of it.
_LAMBDA_PATH: Final = re.compile(r"/(\d{4})-(\d{2})-(\d{2})/")
_LAMBDA_SECOND: Final = frozenset(
    {
        "AddPermission",
        "GetFunction",
        "GetFunctionConfiguration",
        "GetPolicy",
        "RemovePermission",
        "UpdateFunctionCode",
        "UpdateFunctionConfiguration",
    }
)

_RESOURCES: Final[Mapping[str, Mapping[str, str]]] = {
    "cloudformation": {"StackName": "AWS::CloudFormation::Stack", "ChangeSetName": "AWS::CloudFormation::ChangeSet"},
    "cloudwatch": {"AlarmName": "AWS::CloudWatch::Alarm"},
    "dynamodb": {"TableName": "AWS::DynamoDB::Table"},
    "ecr": {"repositoryName": "AWS::ECR::Repository"},
    "events": {"Rule": "AWS::Events::Rule"},
    "iam": {
        "GroupName": "AWS::IAM::Group",
        "InstanceProfileName": "AWS::IAM::InstanceProfile",
        "PolicyArn": "AWS::IAM::Policy",
        "PolicyName": "AWS::IAM::Policy",
        "RoleName": "AWS::IAM::Role",
        "UserName": "AWS::IAM::User",
    },
    "kms": {"KeyId": "AWS::KMS::Key"},
    "lambda": {"FunctionName": "AWS::Lambda::Function"},
    "logs": {"logGroupName": "AWS::Logs::LogGroup"},
    "s3": {"Bucket": "AWS::S3::Bucket"},
    "scheduler": {"GroupName": "AWS::Scheduler::ScheduleGroup"},
    "secretsmanager": {"Name": "AWS::SecretsManager::Secret", "SecretId": "AWS::SecretsManager::Secret"},
    "sns": {"TopicArn": "AWS::SNS::Topic"},
    "sqs": {"QueueName": "AWS::SQS::Queue", "QueueUrl": "AWS::SQS::Queue"},
    "ssm": {"Name": "AWS::SSM::Parameter"},
    "sts": {"RoleArn": "AWS::IAM::Role"},
}
_SAGEMAKER: Final = re.compile(r"(?P<type>[A-Z]\w+)(Name|Arn)")


def in_history(service_name: str, operation: str, params: Mapping[str, Any]) -> bool:
    """Whether the event history has it: management events are there, data events are not."""
    data = _DATA.get(service_name, frozenset())
    return not (operation in data or data is _ALL or (service_name == "s3" and "Key" in params))


@functools.cache
def event_source(service_name: str) -> str:
    """Such as `sagemaker.amazonaws.com`, or `monitoring.amazonaws.com` for CloudWatch."""
    return f"{service(service_name).metadata['endpointPrefix'].removeprefix('api.')}.amazonaws.com"


@functools.cache
def event_name(service_name: str, operation: str) -> str:
    """The operation's name; Lambda's with the date of the API."""
    if service_name != "lambda":
        return operation
    dated = _LAMBDA_PATH.match(service(service_name).operation_model(operation).http["requestUri"])
    return operation + ("".join(dated.groups()) if dated else "") + ("v2" if operation in _LAMBDA_SECOND else "")


def resources(service_name: str, params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The type and the name of each resource that the parameters name."""
    known = _RESOURCES.get(service_name, {})
    for member, value in params.items():
        if not isinstance(value, str):
            continue
        if service_name == "sagemaker" and (found := _SAGEMAKER.fullmatch(member)):
            yield ("AWS::IAM::Role" if found["type"] == "Role" else f"AWS::SageMaker::{found['type']}"), value
        elif member in known:
            yield known[member], value
