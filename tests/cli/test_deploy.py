import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from cli import deploy, stacks
from cli.assembly import SynthesizedStack
from cli.errors import CliError, WrongUseError
from cli.registry import versions
from env import naming
from env.stage import Place
from tests.cli.fakes import FakeClient
from tests.local import trust

PLACEHOLDER = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "news"}}


def synthesized(name="sluice-local-storage", *, resources=None, parameters=None, tags=None):
    """A stack as an assembly holds it, without files."""
    template = {"Resources": resources or {"Placeholder": PLACEHOLDER}, "Parameters": parameters or {}}
    return SynthesizedStack(name=name, template=json.dumps(template), role=None, tags=tags or {}, assets=())


def silent(_):
    """Nobody listens."""


def register(connection):
    """An approved version 1 of the model; its ARN."""
    sagemaker, s3 = connection.client("sagemaker"), connection.client("s3")
    s3.create_bucket(Bucket="artefacts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="artefacts", Key="model.tar.gz", Body=b"")
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/image:1"
    specification = {
        "Containers": [{"Image": image, "ModelDataUrl": "s3://artefacts/model.tar.gz"}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    sagemaker.create_model_package_group(ModelPackageGroupName="credit-risk")
    made = sagemaker.create_model_package(
        ModelPackageGroupName="credit-risk", ModelApprovalStatus="Approved", InferenceSpecification=specification
    )
    return made["ModelPackageArn"]


def interrupted(connection, stack):
    """What a deployment leaves that was interrupted before it executed its change set."""
    connection.client("cloudformation").create_change_set(
        StackName=stack.name,
        ChangeSetName="sluice-deploy",
        ChangeSetType="UPDATE" if stacks.describe(connection, stack.name) else "CREATE",
        TemplateBody=stack.template,
    )


def test_an_interrupted_first_deployment_does_not_stop_the_next(connection):
    """The change set that was left is replaced, as is the stack that it was to create."""
    interrupted(connection, synthesized())
    assert stacks.deploy(connection, synthesized(), say=silent)
    assert stacks.describe(connection, "sluice-local-storage")["StackStatus"] == "CREATE_COMPLETE"


def test_an_interrupted_update_does_not_stop_the_next(connection):
    """The change set that was left is replaced."""
    stacks.deploy(connection, synthesized(), say=silent)
    changed = synthesized(resources={"Placeholder": PLACEHOLDER, "News": TOPIC})
    interrupted(connection, changed)
    assert stacks.deploy(connection, changed, say=silent)


def test_a_change_after_a_way_back_is_watched_again(connection):
    """`immediate`, which a rollback leaves, turns to `guarded` with the next change, and is no change by itself."""
    rollout = {"Rollout": {"Type": "String", "Default": "immediate"}}
    watched = {"Rollout": "guarded"}
    stacks.deploy(connection, synthesized(parameters=rollout), say=silent)
    assert not stacks.deploy(connection, synthesized(parameters=rollout), say=silent, along=watched)
    changed = synthesized(resources={"Placeholder": PLACEHOLDER, "News": TOPIC}, parameters=rollout)
    assert stacks.deploy(connection, changed, say=silent, along=watched)
    stack = stacks.describe(connection, changed.name)
    assert stack["Parameters"] == [{"ParameterKey": "Rollout", "ParameterValue": "guarded"}]


def test_parameters_keep_their_values_in_a_template_of_any_size(connection):
    """What a release chose stays, in templates too that are too large to be sent as they are."""
    parameters = {"Chosen": {"Type": "String", "Default": "none"}}
    connection.client("cloudformation").create_stack(
        StackName="sluice-local-storage",
        TemplateBody=synthesized(parameters=parameters).template,
        Parameters=[{"ParameterKey": "Chosen", "ParameterValue": "by a release"}],
    )
    new = {"Added": {"Type": "String", "Default": "x" * 60_000}}
    current = stacks.describe(connection, "sluice-local-storage")
    kept = stacks._parameters(synthesized(parameters={**parameters, **new}), current)
    assert kept == [{"ParameterKey": "Chosen", "UsePreviousValue": True}]


def test_one_model_alone_needs_the_stage(connection):
    """Its stacks use the stage's buckets and roles; without them nothing is begun."""
    with pytest.raises(WrongUseError, match="sluice deploy local"):
        deploy.bring_up(connection, model="credit-risk")


def test_destroying_leaves_groups_alone_that_the_stage_never_made(connection):
    """A model package group may bear a model's name and be somebody else's."""
    sagemaker = connection.client("sagemaker")
    register(connection)
    deploy.take_down(connection)
    assert len(sagemaker.list_model_packages(ModelPackageGroupName="credit-risk")["ModelPackageSummaryList"]) == 1


def test_destroying_takes_models_along_that_the_stage_names_no_more(connection):
    """Their stacks are known by their tag; one that only begins like them is another stage's."""
    name = "cdk-hnb659fds-cfn-exec-role-123456789012-eu-west-1"
    trust.role(connection.client("iam"), name, "cloudformation", allowed=["*"])
    for name, stage in (("sluice-local-serving-old", "local"), ("sluice-local-serving-storage", "local-serving")):
        stacks.deploy(connection, synthesized(name, tags={"sluice:stage": stage}), say=silent)
    deploy.take_down(connection)
    assert stacks.describe(connection, "sluice-local-serving-old") is None
    assert stacks.describe(connection, "sluice-local-serving-storage") is not None


def test_destroying_takes_the_monitors_along(connection):
    """Else they would go on looking, and writing, at what is no more; also where the stage's file names none."""
    name = "cdk-hnb659fds-cfn-exec-role-123456789012-eu-west-1"
    trust.role(connection.client("iam"), name, "cloudformation", allowed=["*"])
    watched, models = connection.stage, connection.stage.models
    unwatched = {model: parts.model_copy(update={"monitor": None}) for model, parts in models.items()}
    for stage in (watched, watched.model_copy(update={"models": unwatched})):
        monitors = synthesized("sluice-local-monitoring", tags={"sluice:stage": "local"})
        stacks.deploy(connection, monitors, say=silent)
        deploy.take_down(replace(connection, stage=stage))
        assert stacks.describe(connection, "sluice-local-monitoring") is None


def test_a_bucket_of_several_pages_is_emptied(connection):
    """Where a page begins is told by an object that is deleted by then: each time the first page is asked for."""
    bucket, s3 = naming.log_bucket(connection.stage), Pages(5)
    deploy._delete_bucket(replace(connection, session=SimpleNamespace(client=lambda *_, **__: s3)), bucket)
    assert (s3.left, s3.gone) == ([], [bucket])


class Pages(FakeClient):
    """A bucket of so many objects, two on a page; a page after one that is gone is empty."""

    def __init__(self, count):
        super().__init__(left=[{"Key": str(number), "VersionId": "v"} for number in range(count)], gone=[])

    def head_bucket(self, **_):
        return {}

    def list_object_versions(self, *, Bucket, KeyMarker=None):
        return {"Versions": [] if KeyMarker else self.left[:2], "IsTruncated": len(self.left) > 2}

    def delete_objects(self, *, Bucket, Delete):
        self.left = [each for each in self.left if each not in Delete["Objects"]]
        return {}

    def delete_bucket(self, *, Bucket):
        assert self.left == [], "The bucket you tried to delete is not empty"
        self.gone.append(Bucket)


def test_destroying_a_registry_warns_of_the_stages_that_serve_from_it(connection):
    """Their endpoints need its artifacts whenever an instance starts."""
    prod = Place(name="prod", account="333333333333", region="eu-west-1")
    stage = connection.stage.model_copy(update={"others": (prod,)})
    assert "hold the models of prod" in deploy._warning(replace(connection, stage=stage))
    assert "hold the models" not in deploy._warning(connection)


def test_a_missing_group_is_named_as_aws_knows_it(connection):
    """Before the stage is deployed there is nothing to list, and the remedy is a command."""
    with pytest.raises(CliError, match=r"no model package group credit-risk: run `sluice deploy local`"):
        versions(connection, "credit-risk")
