import json

import pytest

from local.cloudformation.errors import InvalidRequest
from local.cloudformation.template import parse

YAML = """
AWSTemplateFormatVersion: 2010-09-09
Conditions:
  Active: !Equals [!Ref V, "yes"]
  Both: !And [!Condition Active, !Not [!Condition Active]]
Resources:
  R:
    Type: AWS::IAM::Role
    Condition: Active
    DependsOn: Other
    Properties:
      Document: {Version: 2012-10-17}
      Attribute: !GetAtt Other.Nested.Arn
      Listed: !GetAtt [Other, Arn]
      Text: !Sub "${Other}-x"
      Pair: !Sub
        - "${A}"
        - A: !Ref V
      Flag: true
      Number: 3
  Other:
    Type: AWS::SSM::Parameter
"""


def test_yaml_reads_as_the_long_forms():
    """Short forms become functions, dates stay text, and scalars keep their types."""
    template = parse(YAML)
    assert template.version == "2010-09-09"
    assert template.conditions["Both"] == {"Fn::And": [{"Condition": "Active"}, {"Fn::Not": [{"Condition": "Active"}]}]}
    declared = template.resources["R"]
    assert (declared.condition, declared.depends_on) == ("Active", ("Other",))
    assert declared.properties == {
        "Document": {"Version": "2012-10-17"},
        "Attribute": {"Fn::GetAtt": ["Other", "Nested.Arn"]},
        "Listed": {"Fn::GetAtt": ["Other", "Arn"]},
        "Text": {"Fn::Sub": "${Other}-x"},
        "Pair": {"Fn::Sub": ["${A}", {"A": {"Ref": "V"}}]},
        "Flag": True,
        "Number": 3,
    }


def test_json_and_yaml_are_one():
    """The same template reads the same in JSON, in YAML, and in YAML's flow style."""
    document = {"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": "v"}}}}
    flow = "{Resources: {P: {Type: 'AWS::SSM::Parameter', Properties: {Value: v}}}}"
    assert parse(json.dumps(document)).resources == parse(flow).resources


def test_policies_have_defaults():
    """A resource is deleted with its stack and with its replacement unless it says otherwise."""
    declared = parse(YAML).resources["Other"]
    assert (declared.deletion_policy, declared.update_replace_policy) == ("Delete", "Delete")


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"Parameters": {"V": "String"}}, "Every Parameters member must be an object"),
        ({"Outputs": []}, None),
        ({"Outputs": ["o"]}, "Outputs must be an object"),
        ({"Resources": {"R": "AWS::S3::Bucket"}}, "resource definition is malformed"),
        ({"Resources": {"R": {"Type": "AWS::S3::Bucket", "Properties": []}}}, None),
        ({"Resources": {"R": {"Type": "AWS::S3::Bucket", "Properties": ["p"]}}}, "Properties must be an object"),
    ],
)
def test_sections_are_objects(sections, message):
    """A section, and each member of those that hold declarations, is an object; an empty list is an empty one."""
    document = {"Resources": {"B": {"Type": "AWS::S3::Bucket"}}, **sections}
    if message is None:
        parse(json.dumps(document))
    else:
        with pytest.raises(InvalidRequest, match=message):
            parse(json.dumps(document))
