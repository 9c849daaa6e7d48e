"""The function that sweeps, against the local cloud: the stack, its names, its tags and what it keeps are real."""

import json
from datetime import timedelta

import pytest

from lambdas import sweep
from lambdas.ledger import Ledger
from lambdas.settings import to_environ
from local.clock import Clock
from local.cloudformation import CloudFormation
from local.sagemaker import SageMaker
from tests.local.sagemaker.conftest import ECHO_MODEL, IMAGE, ROLE, PlainImages, World

MODEL, LEDGER, STACK = "echo", "sluice-local-ledger", "sluice-local-serving-echo"
RETAINED = {"UpdateReplacePolicy": "Retain", "DeletionPolicy": "Delete"}
TAGS = [{"Key": "sluice:model", "Value": MODEL}, {"Key": "sluice:stage", "Value": "local"}]
KEYS = {"model": ("S", "HASH"), "sequence": ("N", "RANGE")}


def template(release, url):
    """A serving stack without its endpoint: a model and a config that each release replaces."""
    container = {"Image": IMAGE, "ModelDataUrl": url, "Environment": {"SLUICE_RELEASE_ID": release}}
    model = {"ExecutionRoleArn": ROLE, "Containers": [container], "Tags": TAGS}
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": {"Fn::GetAtt": ["EchoLocalModel", "ModelName"]},
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
        "InitialVariantWeight": 1,
    }
    config = {"ProductionVariants": [variant], "Tags": TAGS}
    resources = {
        "EchoLocalModel": {"Type": "AWS::SageMaker::Model", **RETAINED, "Properties": model},
        "EchoLocalConfig": {"Type": "AWS::SageMaker::EndpointConfig", **RETAINED, "Properties": config},
    }
    return json.dumps({"Resources": resources})


class Stage:
    """A serving stack on a clock that is stepped."""

    def __init__(self, cloud):
        self.world, self.clock = World(cloud), cloud.services.clock
        self.cloudformation, self.dynamodb = cloud.client("cloudformation"), cloud.client("dynamodb")
        self.dynamodb.create_table(
            TableName=LEDGER,
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": kind} for n, (kind, _) in KEYS.items()],
            KeySchema=[{"AttributeName": n, "KeyType": role} for n, (_, role) in KEYS.items()],
            BillingMode="PAY_PER_REQUEST",
        )
        self._url = self.world.archive("model.tar.gz", ECHO_MODEL)

    def release(self, release, *, verb="update"):
        """Replace model and config."""
        call = getattr(self.cloudformation, f"{verb}_stack")
        call(StackName=STACK, TemplateBody=template(release, self._url))
        self.world.until(
            lambda: self.cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"],
            lambda status: status == f"{verb.upper()}_COMPLETE",
        )

    def names(self):
        """What there is: configs and models, by when they were made."""
        models = self.world.sm.list_models(SortBy="CreationTime", SortOrder="Ascending")["Models"]
        configs = self.world.sm.list_endpoint_configs(SortBy="CreationTime", SortOrder="Ascending")
        return (
            [config["EndpointConfigName"] for config in configs["EndpointConfigs"]],
            [model["ModelName"] for model in models],
        )

    def sweep(self):
        clients = sweep.Clients(cloudformation=self.cloudformation, dynamodb=self.dynamodb, sagemaker=self.world.sm)
        return sweep.handler({"model": MODEL}, None, clients=lambda: clients)


@pytest.fixture
def stage(small_cloud, monkeypatch):
    """A cloud of CloudFormation and SageMaker, with the function's environment."""
    settings = sweep.Settings(stage="local", ledger=LEDGER, models={MODEL: sweep.Keep(releases=1, days=7)})
    for name, value in to_environ(settings).items():
        monkeypatch.setenv(name, value)
    cloud = small_cloud(
        CloudFormation, lambda services: SageMaker(services, images=PlainImages()), clock=Clock(speed=0)
    )
    return Stage(cloud)


def test_what_releases_have_left_behind_is_swept(stage):
    """Three releases leave two configs and two models; when they are old enough, only the stack's own are left."""
    stage.release("one", verb="create")
    for release in ("two", "three"):
        stage.clock.advance(timedelta(days=1))
        stage.release(release)
    configs, models = stage.names()
    assert (len(configs), len(models)) == (3, 3)
    assert Ledger(LEDGER, dynamodb=stage.dynamodb).read(MODEL).now == stage.clock.now().replace(microsecond=0)
    assert stage.sweep()["deleted"] == []
    stage.clock.advance(timedelta(days=5, hours=12))
    report = stage.sweep()
    assert stage.names() == (configs[1:], models[1:])
    assert [entry["why"] for entry in report["kept"] if entry["name"] == configs[1]] == ["it is younger than 7 days"]
    stage.clock.advance(timedelta(days=30))
    stage.sweep()
    assert stage.names() == (configs[2:], models[2:])
