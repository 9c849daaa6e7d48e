import re

import botocore
import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from local import requests
from local.errors import AwsError
from local.model import service as service_model
from local.requests import mutates
from local.signing import SERVICES, Scope
from local.transport import session

REGION = "eu-west-1"
EVENT = {"timestamp": 1, "message": "m"}
FORM = "application/x-www-form-urlencoded"


class Reached(Exception):
    """A request came through: nobody answers."""


@pytest.fixture(scope="module")
def ask():
    """Sends a call of a boto3 client and gives what the front would make of the first request."""

    def app(environ, start_response):
        raise Reached(identified(Request(environ)))

    made = session(app, region=REGION, access_key_id="AKID")
    clients = {}

    def call(service, operation, **params):
        if service not in clients:
            clients[service] = made.client(service)
        with pytest.raises(Reached) as reached:
            getattr(clients[service], operation)(**params)
        return reached.value.args[0]

    return call


def identified(request):
    """What is asked for."""
    scope = Scope.of(request)
    return requests.asked(request, scope, requests.find(request, scope))


def a_request(path="/", **rest):
    """A request as it arrives."""
    return Request(EnvironBuilder(path, **rest).get_environ())


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("sagemaker", "DescribeEndpoint", {"EndpointName": "e"}),
        ("sagemaker-runtime", "InvokeEndpoint", {"EndpointName": "e", "Body": b"x"}),
        ("cloudwatch", "PutMetricData", {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1.0}]}),
        ("sns", "Publish", {"TopicArn": "t", "Message": "m"}),
        ("iam", "GetRole", {"RoleName": "r"}),
        ("dynamodb", "PutItem", {"TableName": "ttt", "Item": {"a": {"S": "b"}}}),
        ("dynamodbstreams", "ListStreams", {"TableName": "ttt"}),
        ("stepfunctions", "DescribeExecution", {"executionArn": "a"}),
        ("logs", "PutLogEvents", {"logGroupName": "g", "logStreamName": "s", "logEvents": [EVENT]}),
        ("ec2", "DescribeInstances", {"InstanceIds": ["i-1"]}),
        ("route53", "GetHostedZone", {"Id": "z"}),
    ],
)
def test_a_request_to_any_service_is_identified(ask, service, operation, params):
    """Ours and moto's, whatever their protocol: service, operation, typed parameters and who asks from where."""
    asked = ask(service, botocore.xform_name(operation), **params)
    assert (asked.service, asked.operation, dict(asked.params)) == (service, operation, params)
    assert asked.access_key_id == "AKID"


def s3_operations():
    """What S3's model has, but for what no client of S3 sends to a bucket, an object or the account."""
    model = service_model("s3")
    others = {"ListDirectoryBuckets", "WriteGetObjectResponse"}
    return [n for n in model.operation_names if n not in others and not model.operation_model(n).deprecated]


def filled(shape):
    """The least that a shape takes."""
    if shape.type_name == "structure":
        union = list(shape.members)[:1] if getattr(shape, "is_tagged_union", False) else []
        return {name: filled(shape.members[name]) for name in [*shape.required_members, *union]}
    if shape.type_name == "list":
        return [filled(shape.member)]
    known = {"integer": 1, "long": 1, "boolean": True, "timestamp": "2026-03-01T12:00:00Z"}
    if shape.type_name in known:
        return known[shape.type_name]
    return shape.enum[0] if getattr(shape, "enum", None) else "name".ljust(shape.metadata.get("min", 0), "x")


@pytest.mark.parametrize("operation", s3_operations())
def test_each_operation_of_s3_is_told_from_all_the_others(ask, operation):
    """By method, path, query and headers alone."""
    shape = service_model("s3").operation_model(operation).input_shape
    asked = ask("s3", botocore.xform_name(operation), **filled(shape) if shape else {})
    assert (asked.service, asked.operation) == ("s3", operation)


def test_of_s3_the_parameters_in_url_and_headers_are_read(ask):
    """Typed, the metadata without its prefix, never the body."""
    asked = ask("s3", "put_object", Bucket="bbb", Key="a b/ü+c", Body=b"x", Metadata={"n": "v"}, SSEKMSKeyId="k")
    assert asked.params.items() >= {"Bucket": "bbb", "Key": "a b/ü+c", "SSEKMSKeyId": "k"}.items()
    assert asked.params["Metadata"] == {"n": "v"}
    assert "Body" not in asked.params
    assert ask("s3", "list_objects_v2", Bucket="bbb", MaxKeys=3).params["MaxKeys"] == 3


def test_each_object_of_a_delete_is_named(ask):
    """The one body of S3 that is looked at: its keys are resources."""
    asked = ask("s3", "delete_objects", Bucket="bbb", Delete={"Objects": [{"Key": "k"}, {"Key": "l"}]})
    assert asked.params["Delete"] == {"Objects": [{"Key": "k"}, {"Key": "l"}]}
    with pytest.raises(AwsError, match="MalformedXML"):
        identified(a_request("/bbb?delete", method="POST", data=b"<Delete"))


@pytest.mark.parametrize(
    ("host", "path", "bucket", "key"),
    [
        ("localhost:4566", "/b/k/l", "b", "k/l"),
        ("127.0.0.1:4566", "/b/k", "b", "k"),
        ("s3.eu-west-1.amazonaws.com", "/b/k", "b", "k"),
        ("b.c.localhost:4566", "/k/l", "b.c", "k/l"),
        ("b.s3.eu-west-1.amazonaws.com", "/k", "b", "k"),
    ],
)
def test_a_bucket_is_in_the_path_or_in_the_host(host, path, bucket, key):
    """Both styles of S3's addresses."""
    asked = identified(a_request(path, base_url=f"http://{host}"))
    assert (asked.operation, asked.params) == ("GetObject", {"Bucket": bucket, "Key": key})


def test_who_signs_an_url_asks():
    """Version 4 in the query, and version 2, which boto3 still makes for S3."""
    four = "/b/k?X-Amz-Credential=AKID%2F20260301%2Feu-west-1%2Fs3%2Faws4_request"
    found = [identified(a_request(path)) for path in (four, "/b/k?AWSAccessKeyId=OLD&Signature=s&Expires=1")]
    assert [(asked.access_key_id, asked.region) for asked in found] == [("AKID", REGION), ("OLD", "")]
    assert {asked.operation for asked in found} == {"GetObject"}


def test_who_does_not_sign_has_no_key():
    """Objects may be public, and who has no keys yet may ask STS for some."""
    anonymous = identified(a_request("/b/k", method="PUT", data=b"x"))
    assert (anonymous.service, anonymous.operation, anonymous.access_key_id) == ("s3", "PutObject", "")
    form = "Action=AssumeRoleWithWebIdentity&RoleArn=r"
    asked = identified(a_request("/", method="POST", data=form, content_type=FORM))
    assert (asked.service, asked.operation, asked.access_key_id) == ("sts", "AssumeRoleWithWebIdentity", "")


@pytest.mark.parametrize(
    ("path", "method", "changes"), [("/moto-api/", "GET", False), ("/moto-api/reset", "POST", True)]
)
def test_what_nobody_knows_is_nobodys(path, method, changes):
    """moto's own pages: they may change anything unless they are only read."""
    asked = identified(a_request(path, method=method))
    assert (asked.service, asked.operation, asked.mutates) == ("", "", changes)


def test_a_service_that_botocore_does_not_know_is_nobodys():
    """It may exist all the same; moto will say."""
    signed = "AWS4-HMAC-SHA256 Credential=AKID/20260301/eu-west-1/flyingcarpets/aws4_request, Signature=0"
    asked = identified(a_request("/", method="POST", headers={"Authorization": signed}, data="{}"))
    assert (asked.service, asked.operation, asked.access_key_id) == ("", "", "AKID")


@pytest.mark.parametrize(
    ("service", "reading", "changing"),
    [
        ("sqs", "GetQueueAttributes", "ReceiveMessage"),
        ("sts", "GetCallerIdentity", "AssumeRole"),
        ("dynamodb", "TransactGetItems", "ExecuteStatement"),
        ("dynamodbstreams", "DescribeStream", "GetShardIterator"),
        ("kms", "GenerateDataKey", "CreateGrant"),
        ("sagemaker", "BatchDescribeModelPackage", "StartPipelineExecution"),
        ("s3", "HeadObject", "RestoreObject"),
    ],
)
def test_what_changes_nothing_is_known_by_its_name(service, reading, changing):
    """In doubt an operation changes something."""
    assert (mutates(service, reading), mutates(service, changing)) == (False, True)


def test_services_of_another_signing_name_are_those_of_botocores_models():
    """Each signs as the table says."""
    signed = {name: service_model(name).signing_name for names in SERVICES.values() for name in names}
    spelt = {name: signing for signing, names in SERVICES.items() for name in names}
    alike = {name: re.sub("^docdb$|^neptune$", "rds", signing) for name, signing in signed.items()}
    assert alike == spelt
