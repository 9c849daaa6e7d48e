"""The condition keys of requests: what policies may ask about them."""

import json
from pathlib import Path

import pytest

from local.iam.actions import wanted
from local.requests import Asked, mutates
from tests.local.iam.records import ACCOUNT, REGION, Ledger

TEMPLATES = Path(__file__).parents[2] / "golden" / "templates"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
TAGS = [{"Key": "Team", "Value": "red"}]
REQUESTS = [
    ("application-autoscaling", "RegisterScalableTarget", {"ServiceNamespace": "sagemaker"}),
    ("cloudformation", "UpdateStack", {"StackName": "s", "RoleARN": ROLE, "TemplateURL": "https://t"}),
    ("cloudformation", "CreateChangeSet", {"StackName": "s", "ChangeSetName": "c", "ResourceTypes": ["AWS::A::B"]}),
    (
        "cloudformation",
        "CreateChangeSet",
        {"StackName": "s", "ChangeSetName": "c", "ResourcesToImport": [{"ResourceType": "AWS::A::C"}]},
    ),
    ("cloudwatch", "PutMetricData", {"Namespace": "n"}),
    ("cloudwatch", "PutMetricAlarm", {"AlarmName": "a", "AlarmActions": ["arn:1"], "OKActions": ["arn:2"]}),
    ("events", "PutTargets", {"Rule": "r", "Targets": [{"Id": "1", "Arn": "arn:q"}]}),
    ("events", "PutEvents", {"Entries": [{"Source": "aws.sagemaker", "DetailType": "d"}]}),
    ("iam", "AttachRolePolicy", {"RoleName": "r", "PolicyArn": "arn:p"}),
    ("iam", "CreateServiceLinkedRole", {"AWSServiceName": "x.amazonaws.com"}),
    ("kms", "CreateGrant", {"KeyId": "alias/a", "Operations": ["Decrypt"], "GranteePrincipal": ROLE}),
    ("kms", "Decrypt", {"CiphertextBlob": b"x", "EncryptionContext": {"For": "you"}}),
    ("lambda", "AddPermission", {"FunctionName": "f", "Principal": "sns.amazonaws.com"}),
    ("s3", "ListObjectsV2", {"Bucket": "b", "Prefix": "x/", "MaxKeys": 3}),
    ("s3", "PutObject", {"Bucket": "b", "Key": "k", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/a"}),
    ("s3", "PutObject", {"Bucket": "b", "Key": "k", "Tagging": "Team=red&x="}),
    ("s3", "PutObject", {"Bucket": "b", "Key": "k", "IfNoneMatch": "*"}),
    ("sagemaker", "CreateEndpointConfig", {"EndpointConfigName": "c", "KmsKeyId": "k1", "Tags": TAGS}),
    ("sagemaker", "CreateModel", {"ModelName": "m", "ExecutionRoleArn": ROLE, "EnableNetworkIsolation": True}),
    (
        "sagemaker",
        "UpdateModelPackage",
        {"ModelApprovalStatus": "Approved", "CustomerMetadataProperties": {"A:b": "1"}},
    ),
    ("sagemaker", "UpdateModelPackage", {"CustomerMetadataPropertiesToRemove": ["a", "b"]}),
    (
        "sagemaker",
        "CreateTrainingJob",
        {
            "TrainingJobName": "t",
            "OutputDataConfig": {"KmsKeyId": "k2", "S3OutputPath": "s3://b"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "VolumeKmsKeyId": "k3"},
            "VpcConfig": {"Subnets": ["s1", "s2"], "SecurityGroupIds": ["g"]},
        },
    ),
    ("secretsmanager", "GetSecretValue", {"SecretId": "s", "VersionStage": "AWSCURRENT"}),
    ("sns", "Subscribe", {"TopicArn": "arn:t", "Protocol": "sqs", "Endpoint": "arn:q"}),
    ("sqs", "UntagQueue", {"QueueUrl": "http://x/1/q", "TagKeys": ["a"]}),
    ("ssm", "PutParameter", {"Name": "/p", "Overwrite": False}),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s", "ExternalId": "42"}),
]
EXPECTED = {
    "application-autoscaling:service-namespace": {("sagemaker",)},
    "cloudformation:rolearn": {(ROLE,)},
    "cloudformation:templateurl": {("https://t",)},
    "cloudformation:changesetname": {("c",)},
    "cloudformation:resourcetypes": {("AWS::A::B",)},
    "cloudformation:importresourcetypes": {("AWS::A::C",)},
    "cloudwatch:namespace": {("n",)},
    "cloudwatch:alarmactions": {("arn:1", "arn:2")},
    "events:targetarn": {("arn:q",)},
    "events:source": {("aws.sagemaker",)},
    "events:detail-type": {("d",)},
    "iam:policyarn": {("arn:p",)},
    "iam:awsservicename": {("x.amazonaws.com",)},
    "kms:requestalias": {("alias/a",)},
    "kms:grantoperations": {("Decrypt",)},
    "kms:granteeprincipal": {(ROLE,)},
    "kms:grantisforawsresource": {("false",)},
    "kms:encryptioncontext:for": {("you",)},
    "kms:encryptioncontext:aws:s3:arn": {("arn:aws:s3:::b/k",)},
    "kms:viaservice": {(f"s3.{REGION}.amazonaws.com",)},
    "lambda:principal": {("sns.amazonaws.com",)},
    "s3:prefix": {("x/",)},
    "s3:max-keys": {("3",)},
    "s3:if-none-match": {("*",)},
    "s3:x-amz-server-side-encryption": {("aws:kms",)},
    "s3:x-amz-server-side-encryption-aws-kms-key-id": {("alias/a",)},
    "s3:requestobjecttag/team": {("red",)},
    "s3:requestobjecttagkeys": {("Team", "x")},
    "sagemaker:volumekmskey": {("k1",), ("k3",)},
    "sagemaker:outputkmskey": {("k2",)},
    "sagemaker:networkisolation": {("true",)},
    "sagemaker:modelapprovalstatus": {("Approved",)},
    "sagemaker:customermetadataproperties/a:b": {("1",)},
    "sagemaker:customermetadatapropertiestoremove": {("a", "b")},
    "sagemaker:instancetypes": {("ml.m5.large",)},
    "sagemaker:vpcsubnets": {("s1", "s2")},
    "sagemaker:vpcsecuritygroupids": {("g",)},
    "secretsmanager:versionstage": {("AWSCURRENT",)},
    "sns:protocol": {("sqs",)},
    "sns:endpoint": {("arn:q",)},
    "ssm:overwrite": {("false",)},
    "sts:externalid": {("42",)},
    "sts:rolesessionname": {("s",)},
    "iam:passedtoservice": {("sagemaker.amazonaws.com",), ("cloudformation.amazonaws.com",)},
    "aws:requesttag/team": {("red",)},
    "aws:tagkeys": {("Team",), ("a",)},
}
OF_EVERY_REQUEST = {"aws:principalarn", "aws:securetransport"}
LOOKED_UP = {"aws:resourcetag", "kms:resourcealiases"}
OF_SERVICES = {"aws:sourceaccount", "aws:sourcearn"}
"""Keys that only services bring, when they act for a resource."""


def keys(name, operation, params):
    """Every condition key that something wanted by a request has."""
    asked = Asked(name, operation, params, "key", REGION, "host", "", "", "id", mutates(name, operation))
    return [item for each in wanted(asked, Ledger()) for item in each.keys.items()]


@pytest.mark.parametrize("key", sorted(EXPECTED))
def test_a_request_has_the_key(key):
    """With what stands in the request, and nothing else."""
    found = {values for request in REQUESTS for name, values in keys(*request) if name == key}
    assert found == EXPECTED[key]


def test_every_condition_of_the_stages_templates_can_be_judged():
    """Each key in them is one that requests have here."""
    known = {key.partition("/")[0] for key in EXPECTED} | OF_EVERY_REQUEST | LOOKED_UP | OF_SERVICES
    used = {key.lower().partition("/")[0] for path in TEMPLATES.rglob("*.json") for key in conditions(path)}
    assert "s3:prefix" in used
    assert used <= known


def conditions(path):
    """The condition keys of every policy in a template."""
    return _keys(json.loads(path.read_text(encoding="utf-8")))


def _keys(node):
    if isinstance(node, dict):
        if "Effect" in node:
            for block in node.get("Condition", {}).values():
                yield from block
        for value in node.values():
            yield from _keys(value)
    elif isinstance(node, list):
        for value in node:
            yield from _keys(value)
