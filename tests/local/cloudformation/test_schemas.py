import json
from pathlib import Path

import cfnlint
import pytest

from local.cloudformation.resources import CATALOGUE

SCHEMAS = Path(cfnlint.__file__).parent / "data" / "schemas"

# What the CloudFormation schemas do not say: CloudFormation gives these by Fn::GetAtt all the same (Resource and
# property types reference), and treats changes of these as replacements.
DOCUMENTED_ATTRIBUTES = {
    "AWS::SNS::Topic": {"TopicName"},
    "AWS::SQS::Queue": {"QueueName"},
    "AWS::SSM::Parameter": {"Type", "Value"},
    "AWS::SageMaker::CodeRepository": {"CodeRepositoryName"},
    "AWS::SageMaker::Endpoint": {"EndpointName"},
    "AWS::SageMaker::EndpointConfig": {"EndpointConfigName"},
    "AWS::SageMaker::Model": {"ModelName"},
    "AWS::SageMaker::NotebookInstance": {"NotebookInstanceName"},
    "AWS::SageMaker::NotebookInstanceLifecycleConfig": {"NotebookInstanceLifecycleConfigName"},
}
DOCUMENTED_CREATE_ONLY = {"AWS::DynamoDB::Table": {"LocalSecondaryIndexes"}}
# CloudFormation refuses what the schema calls a replacement ("Modifying service token is not allowed").
REFUSED = {"AWS::CloudFormation::CustomResource": {"ServiceToken"}}
NOT_REGISTERED = {"AWS::CDK::Metadata", "AWS::CloudFormation::WaitConditionHandle"}


def _schema(kind):
    index = json.loads((SCHEMAS / "providers" / "eu-west-1.json").read_text())
    return json.loads((SCHEMAS / "resources" / f"{index[kind]}.json").read_text())


def _names(schema, *members):
    paths = [path.removeprefix("/properties/") for member in members for path in schema.get(member, [])]
    return {path for path in paths if "/" not in path}


@pytest.mark.parametrize("kind", sorted(CATALOGUE))
def test_a_type_is_as_cloudformation_describes_it(kind):
    """Properties exist, what forces a replacement does so here, and attributes can be had on AWS as well."""
    ours, theirs = CATALOGUE[kind].schema, _schema(kind)
    read_only = _names(theirs, "readOnlyProperties")
    assert ours.properties <= theirs["properties"].keys() - read_only
    create_only = _names(theirs, "createOnlyProperties", "conditionalCreateOnlyProperties")
    create_only = (create_only | DOCUMENTED_CREATE_ONLY.get(kind, set())) - REFUSED.get(kind, set())
    assert ours.create_only == create_only & ours.properties
    assert ours.attributes <= read_only | DOCUMENTED_ATTRIBUTES.get(kind, set())
    assert ours.changing <= ours.attributes
    assert ours.name is None or ours.name in ours.properties
    if kind not in NOT_REGISTERED:
        assert set(theirs.get("required", [])) <= ours.properties


@pytest.mark.parametrize("kind", sorted(CATALOGUE))
def test_tags_have_the_shape_that_cloudformation_gives_them(kind):
    """A type with tags takes them in the form its schema says: list or map."""
    ours, theirs = CATALOGUE[kind].schema, _schema(kind)
    assert (ours.tags != "none") == ("Tags" in ours.properties)
    if ours.tags != "none":
        declared = theirs["properties"]["Tags"]
        assert declared["type"] == {"list": "array", "map": "object"}[ours.tags]
