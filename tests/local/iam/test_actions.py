"""What requests want, held against AWS's own reference as cfn-lint carries it."""

import functools
import importlib.resources
import json
import re

import pytest
from botocore.model import ListShape, MapShape, StructureShape

from local.iam.actions import READERS, wanted
from local.model import service
from local.requests import Asked, mutates
from tests.local.iam.records import ACCOUNT, PLACE, REGION, Ledger

GIVEN = f"arn:aws:given:{PLACE}:by/the-caller"
TEXTS = {"AliasName": "alias/name", "Path": "/", "SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/serial"}
UNNAMED = {
    "cloudformation": "only with a stack's name is a change set, template or refactor about a stack",
    "cloudwatch": "data sets are what a request can name and seldom does",
    "dynamodb": "imports and exports, which nobody has here, are listed with or without a table",
    "iam": "delegation and its reports, which nobody has here",
    "lambda": "durable executions, which nobody has here",
    "logs": "a group may be named in one of two ways, so that neither is required; queries and tables are not there",
    "sagemaker": "reserved capacity, sessions of spaces and devices, which nobody has here",
    "secretsmanager": "a policy can be checked for no secret at all",
    "sns": "a message may be for a telephone",
    "ssm": "parameters and documents are what is there",
    "stepfunctions": "an alias names its machine within its routing",
    "sts": "assuming root, which nobody can here",
    "cloudtrail": "looking up events is what is there",
}
"""Services in which some operations can be about a resource and are judged by `*`."""


def asks(name, operation, params):
    """What a request wants, as a list of (action, resources)."""
    asked = Asked(name, operation, params, "key", REGION, "host", "", "", "id", mutates(name, operation))
    return [(each.action, list(each.resources)) for each in wanted(asked, Ledger())]


@functools.cache
def reference():
    """Actions and resources by prefix; everything in lower case."""
    found = importlib.resources.files("cfnlint.data.AdditionalSpecs").joinpath("Policies.json")
    return json.loads(found.read_text(encoding="utf-8").lower())


def formats(prefix, action):
    """Regular expressions of the ARNs on which an action is allowed; none for `*`."""
    known = reference()[prefix]
    types = known["actions"][action].get("resources", [])
    for kind in types:
        for arn in known["resources"][kind]["arnformats"]:
            yield re.sub(r"\\\$\\\{\w+\\\}", "[^:]*", re.escape(arn).replace(r"\.\*", ".*"))


def sample(shape, name="", depth=0):
    """A value for a member: an ARN where one belongs, else its own name."""
    if isinstance(shape, StructureShape):
        return (
            {member: sample(inner, member, depth + 1) for member, inner in shape.members.items()} if depth < 5 else {}
        )
    if isinstance(shape, ListShape):
        return [sample(shape.member, name, depth + 1)]
    if isinstance(shape, MapShape):
        return {"name": sample(shape.value, name, depth + 1)}
    kinds = {"boolean": True, "integer": 1, "long": 1, "double": 1.0, "float": 1.0, "blob": b"x", "timestamp": 0}
    return (
        GIVEN
        if name.lower().endswith("arn") or name == "Resource"
        else kinds.get(shape.type_name, TEXTS.get(name, name))
    )


@pytest.mark.parametrize("name", sorted(READERS))
def test_actions_and_resources_are_those_of_the_reference(name):
    """For each operation, with all members of its request and with the required ones."""
    wrong = {problem for operation in service(name).operation_names for problem in problems(name, operation)}
    assert sorted(wrong) == []


def problems(name, operation):
    """What differs from the reference in the first thing that an operation's requests want."""
    shape = service(name).operation_model(operation).input_shape
    members = dict(shape.members) if shape is not None else {}
    for chosen in (shape.required_members if shape is not None else [], members):
        [(action, resources), *_] = asks(name, operation, {m: sample(members[m], m) for m in chosen})
        prefix, _, verb = action.partition(":")
        known = reference()[prefix]["actions"]
        if verb.lower() in known:
            yield from misplaced(name, action, resources)
        elif verb != operation:  # an operation that is younger than the reference bears its own name
            yield f"no action {action}"


def misplaced(name, action, resources):
    """Resources that are not of an action."""
    expected = list(formats(*action.lower().split(":")))
    for resource in resources:
        if resource == "*":
            if expected and name not in UNNAMED:
                yield f"{action} is about a resource"
        elif not expected:
            yield f"{action} knows no resources, and wants {resource}"
        elif ":given:" not in resource and not any(re.fullmatch(each, resource.lower()) for each in expected):
            yield f"{action} on {resource}"


@pytest.mark.parametrize(
    ("operation", "params", "expected"),
    [
        ("GetObject", {"VersionId": "v"}, [("s3:GetObjectVersion", "k")]),
        ("HeadObject", {"VersionId": "v"}, [("s3:GetObjectVersion", "k")]),
        ("DeleteObject", {"VersionId": "v"}, [("s3:DeleteObjectVersion", "k")]),
        ("GetObjectTagging", {"VersionId": "v"}, [("s3:GetObjectVersionTagging", "k")]),
        (
            "DeleteObjects",
            {"Key": "", "Delete": {"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "v"}]}},
            [("s3:DeleteObject", "a"), ("s3:DeleteObjectVersion", "b")],
        ),
        ("CopyObject", {"CopySource": "/b/x%20y?versionId=v"}, [("s3:PutObject", "k"), ("s3:GetObjectVersion", "x y")]),
        ("CopyObject", {"CopySource": "b/x"}, [("s3:PutObject", "k"), ("s3:GetObject", "x")]),
        ("PutObject", {"Tagging": "a=b"}, [("s3:PutObject", "k"), ("s3:PutObjectTagging", "k")]),
        ("PutObject", {"ACL": "private"}, [("s3:PutObject", "k"), ("s3:PutObjectAcl", "k")]),
    ],
)
def test_what_requests_of_objects_want(operation, params, expected):
    """Versions, sources of copies, and what is put along have actions of their own."""
    wanted_ = asks("s3", operation, {"Bucket": "b", "Key": "k", **params})
    assert wanted_ == [(action, [f"arn:aws:s3:::b/{key}"]) for action, key in expected]


@pytest.mark.parametrize(
    ("name", "operation", "params", "expected"),
    [
        (
            "dynamodb",
            "TransactWriteItems",
            {"TransactItems": [{"Put": {"TableName": "a"}}, {"ConditionCheck": {"TableName": "b"}}]},
            [("dynamodb:PutItem", "table/a"), ("dynamodb:ConditionCheckItem", "table/b")],
        ),
        ("dynamodb", "BatchGetItem", {"RequestItems": {"a": {}}}, [("dynamodb:BatchGetItem", "table/a")]),
        ("dynamodb", "Query", {"TableName": "a", "IndexName": "i"}, [("dynamodb:Query", "table/a/index/i")]),
        (
            "dynamodb",
            "ExecuteStatement",
            {"Statement": 'SELECT * FROM "a"."i" WHERE x = 1'},
            [("dynamodb:PartiQLSelect", "table/a/index/i")],
        ),
        ("dynamodb", "ExecuteStatement", {"Statement": "update a set x=1"}, [("dynamodb:PartiQLUpdate", "table/a")]),
        (
            "dynamodb",
            "ExecuteStatement",
            {"Statement": "INSERT INTO a VALUE {}"},
            [("dynamodb:PartiQLInsert", "table/a")],
        ),
        ("sqs", "SendMessageBatch", {"QueueUrl": "http://localhost:1/1/q"}, [("sqs:SendMessage", "q")]),
        ("ssm", "GetParameters", {"Names": ["/a/b", "c:1"]}, [("ssm:GetParameters", "parameter/a/b", "parameter/c")]),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "g", "logStreamName": "s"},
            [("logs:PutLogEvents", "log-group:g:log-stream:s")],
        ),
        ("logs", "CreateLogGroup", {"logGroupName": "g"}, [("logs:CreateLogGroup", "log-group:g:log-stream:")]),
        ("events", "PutRule", {"Name": "r", "EventBusName": "default"}, [("events:PutRule", "rule/r")]),
        ("events", "PutRule", {"Name": "r", "EventBusName": "b"}, [("events:PutRule", "rule/b/r")]),
        ("scheduler", "GetSchedule", {"Name": "s"}, [("scheduler:GetSchedule", "schedule/default/s")]),
        ("lambda", "Invoke", {"FunctionName": "f", "Qualifier": "1"}, [("lambda:InvokeFunction", "function:f:1")]),
        ("lambda", "Invoke", {"FunctionName": f"{ACCOUNT}:function:f"}, [("lambda:InvokeFunction", "function:f")]),
        (
            "sagemaker",
            "CreateModelPackage",
            {"ModelPackageGroupName": "G"},
            [("sagemaker:CreateModelPackage", "model-package/g/*")],
        ),
        (
            "sagemaker",
            "UpdateEndpoint",
            {"EndpointName": "E", "EndpointConfigName": "C"},
            [("sagemaker:UpdateEndpoint", "endpoint/e", "endpoint-config/c")],
        ),
    ],
)
def test_what_other_requests_want(name, operation, params, expected):
    """Where an action or resource is not the operation's name or the first member."""
    place = f":{PLACE}:"
    found = [(action, *(arn.partition(place)[2] for arn in arns)) for action, arns in asks(name, operation, params)]
    assert found == expected
