import json

import pytest
from botocore.exceptions import ClientError

from tests.local.cloudformation.samples import TRUST, bucket, parameter

ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}
NAMED = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST, "RoleName": "r"}}


def _ref(name):
    return {"Ref": name}


def _att(name, attribute):
    return {"Fn::GetAtt": [name, attribute]}


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        (
            {"A": {"Type": "AWS::No::Such"}, "B": {"Type": "AWS::EC2::VPC"}, "P": parameter("a")},
            r"Template format error: Unrecognized resource types: \[AWS::EC2::VPC, AWS::No::Such\]\. "
            r"The local cloud does not support A \(AWS::No::Such\), B \(AWS::EC2::VPC\)\.",
        ),
        (
            {"B": bucket(Colour="red", AbacStatus="x")},
            r"extraneous key \[Colour\] is not permitted.*does not support the property AbacStatus of AWS::S3::Bucket",
        ),
        (
            {"P": parameter(_ref("Nobody"))},
            r"Unresolved resource dependencies \[Nobody\] in the Resources block of the template",
        ),
        ({"P": parameter("a") | {"DependsOn": "Nobody"}}, r"Unresolved resource dependencies \[Nobody\]"),
        (
            {"P": parameter(_att("Nobody", "Arn"))},
            "Template error: instance of Fn::GetAtt references undefined resource Nobody",
        ),
        (
            {"P": parameter("a"), "Q": parameter(_att("P", "Colour"))},
            "Template error: resource P does not support attribute type Colour in Fn::GetAtt",
        ),
        (
            {
                "A": parameter(_ref("B")),
                "B": parameter({"Fn::Sub": "${C.Value}"}),
                "C": parameter("c") | {"DependsOn": "A"},
            },
            r"Circular dependency between resources: \[A, B, C\]",
        ),
        ({"P": parameter({"Fn::Cidr": ["10.0.0.0/16", 1, 8]})}, "UnsupportedLocally.*the intrinsic function Fn::Cidr"),
        ({"P": parameter("a") | {"Condition": "Nope"}}, "Unresolved condition dependency Nope"),
        (
            {"P": parameter("a") | {"CreationPolicy": {}}},
            "UnsupportedLocally.*the attribute CreationPolicy of the resource P",
        ),
        ({"P": parameter("a") | {"Colour": 1}}, "Invalid template resource property 'Colour'"),
        ({"P": parameter("a") | {"DeletionPolicy": "Snapshot"}}, "UnsupportedLocally.*DeletionPolicy Snapshot"),
        ({"P": parameter("a") | {"DeletionPolicy": "Maybe"}}, "Unrecognized DeletionPolicy Maybe for resource P"),
        ({"P": {"Properties": {}}}, r"\[/Resources/P\] Every Resources object must contain a Type member"),
        ({}, "At least one Resources member must be defined"),
    ],
)
def test_a_wrong_template_is_refused_before_anything_is_made(account, resources, message):
    """What is wrong is named in AWS's words where AWS has them, and no stack appears."""
    with pytest.raises(ClientError, match=message):
        account.create(resources)
    assert account.client.list_stacks()["StackSummaries"] == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{", r"Template format error: JSON not well-formed\. \(line 1, column 2\)"),
        ("a: [", r"Template format error: YAML not well-formed\. \(line 1, column 5\)"),
        ("just text", r"Template format error: unsupported structure\."),
        (
            json.dumps({"Resources": {"P": parameter("a")}, "Extra": {}}),
            r"Invalid template property or properties \[Extra\]",
        ),
        (json.dumps({"Resources": {"P": parameter("a")}, "Transform": "X"}), "the template section Transform"),
        (json.dumps({"Resources": []}), "Resources"),
        (json.dumps({"Resources": {"P": parameter("a" * 52_000)}}), "less than or equal to 51200"),
    ],
)
def test_a_body_that_is_no_template_is_refused(account, body, message):
    """The place of the mistake, or the section, or the limit is named."""
    with pytest.raises(ClientError, match=message):
        account.client.create_stack(StackName="s", TemplateBody=body)


@pytest.mark.parametrize(
    ("resource", "given", "needed"),
    [
        (ROLE, [], "CAPABILITY_IAM"),
        (NAMED, [], "CAPABILITY_NAMED_IAM"),
        (NAMED, ["CAPABILITY_IAM"], "CAPABILITY_NAMED_IAM"),
        (ROLE, ["CAPABILITY_AUTO_EXPAND"], "CAPABILITY_IAM"),
    ],
)
def test_rights_need_consent(account, resource, given, needed):
    """IAM resources need a capability, named ones the stronger; a summary tells which."""
    body = json.dumps({"Resources": {"R": resource}})
    with pytest.raises(
        account.client.exceptions.InsufficientCapabilitiesException, match=rf"Requires capabilities : \[{needed}\]"
    ):
        account.client.create_stack(StackName="s", TemplateBody=body, Capabilities=given)
    summary = account.client.get_template_summary(TemplateBody=body)
    assert [needed] == summary["Capabilities"]
    assert "[AWS::IAM::Role]" in summary["CapabilitiesReason"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("NotificationARNs", ["arn:aws:sns:eu-west-1:123456789012:t"]),
        ("TimeoutInMinutes", 5),
        ("ResourceTypes", ["AWS::S3::*"]),
        ("DeploymentConfig", {"Mode": "EXPRESS"}),
    ],
)
def test_options_that_nobody_would_heed_are_refused(account, option, value):
    """An option that has no effect here is refused by name."""
    with pytest.raises(ClientError, match=f"UnsupportedLocally.*CreateStack with {option}"):
        account.create({"P": parameter("a")}, **{option: value})


def test_a_type_cannot_change_under_a_logical_id(account):
    """A resource keeps its type."""
    account.create({"P": parameter("a")})
    with pytest.raises(ClientError, match=r"Update of resource type is not permitted.*P"):
        account.update({"P": bucket()})


def test_a_name_is_taken_once(account):
    """A second stack of the same name is refused, in the exception clients know."""
    account.create({"P": parameter("a")})
    with pytest.raises(account.client.exceptions.AlreadyExistsException, match=r"Stack \[s\] already exists"):
        account.create({"P": parameter("a")})


@pytest.mark.parametrize(
    ("call", "parameters", "message"),
    [
        ("describe_stacks", {"StackName": "x"}, "Stack with id x does not exist"),
        ("describe_stack_events", {"StackName": "x"}, r"Stack \[x\] does not exist"),
        ("list_stack_resources", {"StackName": "x"}, "Stack with id x does not exist"),
        ("get_template", {"StackName": "x"}, "Stack with id x does not exist"),
        ("update_stack", {"StackName": "x", "TemplateBody": "{}"}, r"Stack \[x\] does not exist"),
        ("describe_stack_resource", {"StackName": "x", "LogicalResourceId": "y"}, "Stack 'x' does not exist"),
        ("cancel_update_stack", {"StackName": "x"}, r"Stack \[x\] does not exist"),
        ("detect_stack_drift", {"StackName": "x"}, "Stack with id x does not exist"),
        ("list_stack_sets", {}, "UnsupportedLocally.*ListStackSets"),
    ],
)
def test_an_unknown_stack_is_named(account, call, parameters, message):
    """Each operation says in its own words that there is no such stack."""
    with pytest.raises(ClientError, match=message):
        getattr(account.client, call)(**parameters)


def test_a_request_that_breaks_the_model_is_refused(account):
    """A name that the API's own pattern forbids is refused on the server, under CloudFormation's code."""
    with pytest.raises(ClientError, match=r"\(ValidationError\).*Value '-c' at 'changeSetName' failed to satisfy"):
        account.client.describe_change_set(StackName="s", ChangeSetName="-c")


def test_empty_options_mean_nothing(account):
    """An option that is not supported passes as long as it asks for nothing."""
    nothing = {"NotificationARNs": [], "RollbackConfiguration": {"RollbackTriggers": []}}
    assert account.create({"P": parameter("a")}, **nothing)["StackStatus"] == "CREATE_COMPLETE"
