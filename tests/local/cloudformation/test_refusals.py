import json
import re

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


def _refusal(call, **params):
    """The code of a call's error; empty when there is none."""
    try:
        call(**params)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return ""


def _valued(value, **sections):
    return json.dumps({"Resources": {"P": parameter(value)}, **sections})


def _given(**member):
    return _valued("a", Parameters={"X": {"Type": "String", "Default": "x", **member}})


def _out(**member):
    return _valued("a", Outputs={"O": member})


def _when(condition, **resource):
    sections = {"Conditions": {"C": condition}}
    return json.dumps({"Resources": {"P": parameter("a") | {"Condition": "C", **resource}}, **sections})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (_valued({"Fn::Sub": 5}), "Fn::Sub intrinsic functions don't specify expected arguments"),
        (_valued({"Fn::Sub": ["a"]}), "Fn::Sub intrinsic functions don't specify expected arguments"),
        (_valued({"Fn::Sub": None}), "Fn::Sub intrinsic functions don't specify expected arguments"),
        (_valued({"Fn::Select": [0, {"Fn::Split": ["", "abc"]}]}), "Fn::Split object requires a string delimiter"),
        (_valued({"Fn::If": [["C"], "a", "b"]}), "unresolved condition dependency"),
        (_valued({"Fn::FindInMap": [{"a": "b"}, "c", "d"]}), "Mapping named"),
        (_valued("a", Mappings={"M": 1}), "Every Mappings member must be a map of maps"),
        (_when({"Condition": ["C"]}), "Unresolved condition dependency"),
        (_when({"Fn::Contains": [1, "a"]}), "Fn::Contains object requires a list of strings"),
        (_when({"Fn::EachMemberIn": [["a"], 1]}), "Fn::EachMemberIn object requires a list of strings"),
        (_when({"Fn::Equals": ["a", "a"]}, Condition=["C"]), "Every Condition member must be a string"),
        (_when({"Fn::Equals": ["a", "a"]}, DependsOn={"a": 1}), "Every DependsOn value must be a string or a list"),
        (_valued("a", Rules={"R": {"Assertions": 5}}), "Rule R must have a list of Assertions"),
        (_given(Type="Nope"), "Unrecognized parameter type: Nope"),
        (_given(Default=None), "Every Default member must be a string"),
        (_given(Default=["x"]), "Every Default member must be a string"),
        (_given(MaxLength="y"), "Every MaxLength member must be a number"),
        (_given(AllowedValues=5), "Every AllowedValues member must be a list"),
        (_given(AllowedPattern="("), "AllowedPattern of X is no regular expression"),
        (_given(Type="Number", Default="nan"), "Parameter 'X' must be a number"),
        (_given(Default="a" * 40 + "!", AllowedPattern="^(a+)+$"), "Parameter 'X' must match pattern"),
        (_out(), "Every Outputs member must contain a Value object"),
        (_out(Value="x", Export="y"), "Every Export member must contain a Name"),
        (_out(Value="x", Export={"Name": ""}), "Every Export member must contain a Name"),
        (_out(Value="x", Description={"a": 1}), "Every Description member must be a string"),
        (_out(Value="x", Condition=["C"]), "Every Condition member must be a string"),
        (_valued("a", Outputs={"O-1": {"Value": "x"}}), "Output name O-1 is non alphanumeric"),
        (json.dumps({"Resources": {"P-1": parameter("a")}}), "Resource name P-1 is non alphanumeric"),
        (_valued("a", AWSTemplateFormatVersion="2020"), "2020 is not a supported value"),
        (_valued("a", Description=5), "Description must be a string"),
        (_valued("a", Description="x" * 1025), "'Description' length is greater than 1024"),
        ("Resources:\n  P: &p {Type: X}\n  Q: *p\n", "YAML aliases are not allowed"),
        (json.dumps({"Resources": {"Fn::ForEach::X": ["i", ["a"], {}]}}), "UnsupportedLocally.*Fn::ForEach::X"),
    ],
)
def test_what_has_another_shape_than_a_template_is_refused(account, body, message):
    """In CloudFormation's words, not as a failure of the cloud; validation says the same or does not look so far."""
    with pytest.raises(ClientError, match=message):
        account.client.create_stack(StackName="s", TemplateBody=body)
    assert _refusal(account.client.validate_template, TemplateBody=body) in (
        "",
        "ValidationError",
        "UnsupportedLocally",
    )


def test_names_in_yaml_are_texts(account):
    """Also where YAML would read a number."""
    account.client.create_stack(StackName="s", TemplateBody=f"Resources:\n  1: {json.dumps(parameter('a'))}\n")
    assert account.ended()["StackStatus"] == "CREATE_COMPLETE"
    assert account.resources() == {"1": "CREATE_COMPLETE"}


@pytest.mark.parametrize(
    ("kind", "properties", "wrong"),
    [
        ("AWS::IAM::Role", {"Policies": "x"}, "#/Policies: expected type: JSONArray, found: String"),
        ("AWS::IAM::Role", {"Policies": [{"PolicyName": "x"}]}, r"required key \[PolicyDocument\] not found"),
        ("AWS::IAM::Role", {"ManagedPolicyArns": [{}]}, "#/ManagedPolicyArns/0: expected type: String"),
        ("AWS::Events::Rule", {"Targets": [{}]}, r"#/Targets/0: required key \[Arn\] not found"),
        ("AWS::Events::Rule", {"Targets": "x"}, "#/Targets: expected type: JSONArray, found: String"),
        ("AWS::SNS::Topic", {"Subscription": [{}]}, r"#/Subscription/0: required key \[Endpoint\] not found"),
        ("AWS::Lambda::Function", {"Code": "x"}, "#/Code: expected type: JSONObject, found: String"),
        ("AWS::S3::Bucket", {"Tags": {"a": 1}}, "#/Tags: expected type: JSONArray, found: JSONObject"),
        ("AWS::SSM::Parameter", {"Tags": [{"Key": "a"}]}, "#/Tags: expected type: JSONObject, found: JSONArray"),
    ],
)
def test_a_property_of_the_wrong_form_makes_nothing_that_could_be_left(account, kind, properties, wrong):
    """Neither a creation nor an update begins with it, so that the rollback has nothing that it cannot read."""
    right = {
        "AWS::IAM::Role": {"AssumeRolePolicyDocument": TRUST},
        "AWS::Events::Rule": {"ScheduleExpression": "rate(1 day)"},
        "AWS::SSM::Parameter": {"Type": "String", "Value": "a"},
    }.get(kind, {})
    resources = {"R": {"Type": kind, "Properties": {**right, **properties}}}
    stack = account.create(resources, name="new")
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert [re.search(wrong, reason) is not None for reason in account.reasons("R", name="new")] == [True]
    if kind != "AWS::Lambda::Function":
        account.create({"R": {"Type": kind, "Properties": right}})
        stack = account.update(resources)
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


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


TYPES = ["AWS::SSM::*"]


def test_types_that_a_request_does_not_name_are_not_touched(account):
    """A change is refused with the type's name; what stays as it is may be of any type."""
    account.create({"P": parameter("a"), "B": bucket()})
    kept = json.dumps({"Resources": {"P": parameter("b"), "B": bucket()}})
    account.client.update_stack(StackName="s", TemplateBody=kept, ResourceTypes=TYPES)
    assert account.ended()["StackStatus"] == "UPDATE_COMPLETE"
    for other in ({"P": parameter("b")}, {"P": parameter("b"), "B": bucket(), "C": bucket()}):
        body = json.dumps({"Resources": other})
        with pytest.raises(ClientError, match=r"Resource type AWS::S3::Bucket is not allowed by .* \['AWS::SSM::\*'\]"):
            account.client.create_change_set(StackName="s", ChangeSetName="c", TemplateBody=body, ResourceTypes=TYPES)


def test_types_and_capabilities_exclude_each_other(account):
    """As the API reference says: who names types cannot acknowledge roles."""
    body = json.dumps({"Resources": {"R": ROLE}})
    with pytest.raises(ClientError, match="Only one of the parameters Capabilities and ResourceTypes"):
        account.client.create_stack(
            StackName="s", TemplateBody=body, ResourceTypes=["AWS::IAM::Role"], Capabilities=["CAPABILITY_IAM"]
        )
    assert (
        _refusal(account.client.create_stack, StackName="s", TemplateBody=body, ResourceTypes=["AWS::IAM::Role"])
        == "InsufficientCapabilitiesException"
    )
