"""What is written by hand loses nothing either: each member that is given, or changed, is shown."""

import json

import pytest
from botocore import xform_name

from local.model import service, typed
from tests.local.sagemaker.clouds import sagemaker_cloud
from tests.local.sagemaker.conftest import World
from tests.local.sagemaker.samples import WHOLE, sample

MODEL = service("sagemaker")
FAIL = {"Name": "stop", "Type": "Fail", "Arguments": {"ErrorMessage": "no"}}
DEFINITION = json.dumps({"Version": "2020-12-01", "Steps": [FAIL]})
EVENT = {"FeatureName": "at", "FeatureType": "String"}
NOT_SHOWN = {"PipelineDefinitionS3Location", "PipelineVersionAliases", "Tags", "ClientToken", "ClientRequestToken"}
"""Told by other operations, or as something else."""
STAMPS = {"ResponseMetadata", "LastModifiedTime", "LastModifiedBy"}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """SageMaker alone in front of moto, with a model and a group, for all tests of this file."""
    with sagemaker_cloud(tmp_path_factory) as cloud:
        world = World(cloud)
        world.model("m")
        world.sm.create_model_package_group(ModelPackageGroupName="g")
        world.sm.create_experiment(ExperimentName="e")
        yield world


def bases(world):
    """The least that makes one of each kind, and the member that names it."""
    variant = {"VariantName": "v", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    url = f"s3://{world.bucket}/hosted/m/model.tar.gz"
    source = {"Source": {"SourceUri": "s3://work/a"}}
    training, processing = world.training("pass"), world.processing("pass")
    # Their input is missing: the jobs end before a program would have to be started.
    training["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] = "s3://work/none/"
    processing["ProcessingInputs"][0]["S3Input"]["S3Uri"] = "s3://work/none/"
    return {
        "Model": {"PrimaryContainer": {"Image": world.image, "ModelDataUrl": url}, "ExecutionRoleArn": world.role},
        "EndpointConfig": {"ProductionVariants": [variant]},
        "ModelPackageGroup": {},
        "ModelPackage": {
            "InferenceSpecification": {
                "Containers": [{"Image": world.image, "ModelDataUrl": url}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            }
        },
        "Pipeline": {"PipelineDefinition": DEFINITION, "RoleArn": world.role, "ClientRequestToken": "t" * 32},
        "TrainingJob": training,
        "ProcessingJob": processing,
        "FeatureGroup": {
            "RecordIdentifierFeatureName": "id",
            "EventTimeFeatureName": "at",
            "FeatureDefinitions": [{"FeatureName": "id", "FeatureType": "String"}, EVENT],
            "OnlineStoreConfig": {"EnableOnlineStore": True},
            "RoleArn": world.role,
        },
        "Experiment": {},
        "Trial": {"ExperimentName": "e"},
        "TrialComponent": {},
        "Action": {"ActionType": "t", **source},
        "Context": {"ContextType": "t", **source},
    }


KINDS = (
    "Action",
    "Context",
    "EndpointConfig",
    "Experiment",
    "FeatureGroup",
    "Model",
    "ModelPackage",
    "ModelPackageGroup",
    "Pipeline",
    "ProcessingJob",
    "TrainingJob",
    "Trial",
    "TrialComponent",
)


def added(world, kind, member, shape):
    """What a request has of a member: what the model allows, but where it must name something that is there."""
    known = {
        "Containers": [bases(world)["Model"]["PrimaryContainer"]],
        "OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": f"s3://{world.bucket}/features"}, "TableFormat": "Glue"},
        "RoleArn": world.role,
        "ExecutionRoleArn": world.role,
        "CheckpointConfig": {"S3Uri": "s3://work/checkpoints", "LocalPath": "/opt/ml/saved"},
        "ExperimentConfig": {"ExperimentName": "e"},
        "ModelPackageGroupName": "g",
    }
    return known.get(member) or typed(shape, sample(shape, full=WHOLE))


def base_of(world, kind, member):
    """The least that a member can be added to."""
    exclusive = {"Containers": "PrimaryContainer", "ModelPackageGroupName": "ModelPackageName"}
    return {key: value for key, value in bases(world)[kind].items() if key != exclusive.get(member)}


def holds(found, given):
    """Whether all of a value is found again; AWS adds defaults to some."""
    if isinstance(found, dict) and isinstance(given, dict):
        return all(key in found and holds(found[key], part) for key, part in given.items())
    if isinstance(found, list) and isinstance(given, list):
        return len(found) == len(given) and all(map(holds, found, given))
    return found == given


def described(world, kind, named):
    """What a Describe tells."""
    return getattr(world.sm, xform_name(f"Describe{kind}"))(**{f"{kind}Name": named})


@pytest.mark.parametrize("kind", KINDS)
def test_each_member_that_is_given_is_shown(world, kind):
    """Added one at a time to the least that makes a resource."""
    create, shown = (
        MODEL.operation_model(f"Create{kind}"),
        MODEL.operation_model(f"Describe{kind}").output_shape.members,
    )
    lost = {}
    for number, (member, shape) in enumerate(create.input_shape.members.items()):
        if member == f"{kind}Name" or member in NOT_SHOWN or member not in shown:
            continue
        named = {} if member == "ModelPackageGroupName" else {f"{kind}Name": f"{kind.lower()}-{number}"}
        base = base_of(world, kind, member)
        request = {**base, member: base.get(member) or added(world, kind, member, shape)}
        made = getattr(world.sm, xform_name(create.name))(**named, **request)
        found = described(world, kind, named.get(f"{kind}Name") or made[f"{kind}Arn"]).get(member)
        if not holds(found, request[member]):
            lost[member] = (request[member], found)
    assert lost == {}


@pytest.mark.parametrize(
    "kind", ["Action", "Context", "Experiment", "ModelPackage", "Pipeline", "Trial", "TrialComponent"]
)
def test_each_member_that_is_changed_is_shown(world, kind):
    """One at a time; all the others stay."""
    name = f"changed-{kind.lower()}"
    made = getattr(world.sm, xform_name(f"Create{kind}"))(**{f"{kind}Name": name}, **bases(world)[kind])
    update = MODEL.operation_model(f"Update{kind}")
    shown = MODEL.operation_model(f"Describe{kind}").output_shape.members
    by = {f"{kind}Name": name} if f"{kind}Name" in update.input_shape.members else {f"{kind}Arn": made[f"{kind}Arn"]}
    known = name if f"{kind}Name" in by else made[f"{kind}Arn"]
    for member, shape in update.input_shape.members.items():
        before = described(world, kind, known)
        if member in by or member in NOT_SHOWN or member not in shown:
            continue
        value = added(world, kind, member, shape)
        if member == "PipelineDefinition":
            value = DEFINITION.replace("no", "never")
        getattr(world.sm, xform_name(update.name))(**by, **{member: value})
        after = described(world, kind, known)
        assert after[member] == value, member
        assert {k: v for k, v in before.items() if k not in (member, *STAMPS)}.items() <= after.items()
