import json

import env
from infra import assembly
from local.cloudformation.resources import CATALOGUE
from tests.infra.templates import CHECKOUT


def files(folder):
    """Every file under a folder with its bytes."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_syntheses_give_the_same_bytes(every, tmp_path, monkeypatch):
    """A stage is synthesized from its files alone: without credentials, twice the same."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    # Validated once is enough: that reads the resources and changes none.
    assembly.synthesize(every.stage, pipelines=CHECKOUT / "pipelines", assembly=tmp_path)

    first, second = files(every.folder), files(tmp_path)
    assert first.keys() == second.keys()
    assert {name for name in first if first[name] != second[name]} == set()


def test_the_stage_that_owns_the_registry_trains(synthesized):
    """The stage with the registry has all six stacks; a later one serves and monitors what it trained."""
    assert set(synthesized("dev").templates()) == {
        "sluice-dev-storage",
        "sluice-dev-registry",
        "sluice-dev-training-credit-risk",
        "sluice-dev-release",
        "sluice-dev-monitoring",
        "sluice-dev-serving-credit-risk",
    }
    assert set(synthesized("staging").templates()) == {
        "sluice-staging-storage",
        "sluice-staging-release",
        "sluice-staging-monitoring",
        "sluice-staging-serving-credit-risk",
    }


def test_stacks_follow_those_whose_resources_they_name(local):
    """Storage comes first, then registry; serving comes after the roles of the release stack."""
    artifacts = local.manifest()["artifacts"]

    assert {"sluice-local-storage", "sluice-local-registry"} <= set(
        artifacts["sluice-local-training-credit-risk"]["dependencies"]
    )
    assert "sluice-local-storage" in artifacts["sluice-local-release"]["dependencies"]
    assert "sluice-local-release" in artifacts["sluice-local-serving-credit-risk"]["dependencies"]


def test_stacks_know_each_other_by_name_only(every):
    """No stack exports or imports a value: each can be deployed and removed without the others' consent."""
    text = json.dumps(every.templates())

    assert [word for word in ("Fn::ImportValue", '"Export"', "{{resolve:") if word in text] == []


def test_templates_hold_nothing_of_the_tools(every):
    """No bootstrap rule, no parameter of it, no metadata of the CDK stands in a template."""
    text = json.dumps(every.templates())

    assert [
        word for word in ("BootstrapVersion", "AWS::CDK::Metadata", "aws:cdk:path", "Custom::") if word in text
    ] == []


def test_the_local_cloud_can_create_every_type(every):
    """Templates keep to the resource types that the local cloud knows."""
    found = {resource["Type"] for template in every.templates().values() for resource in template["Resources"].values()}

    assert found - CATALOGUE.keys() == set()


def test_everything_that_takes_tags_bears_those_of_the_stage(prod):
    """The tags of the stage's file stand on buckets and on the endpoint alike, beside the stage's name."""
    expected = {"sluice:stage": "prod", "owner": "credit-risk-team", "cost-center": "lending"}

    for capability, kind in (("storage", "AWS::S3::Bucket"), ("serving", "AWS::SageMaker::Endpoint")):
        for resource in prod.template(capability)["Resources"].values():
            if resource["Type"] == kind:
                tags = {tag["Key"]: tag["Value"] for tag in resource["Properties"]["Tags"]}
                assert expected.items() <= tags.items()


def test_a_stage_without_models_has_storage_alone(tmp_path):
    """A stage may be prepared before there is a model for it."""
    stage = env.load("local").model_copy(update={"models": {}})
    assembly.synthesize(stage, pipelines=CHECKOUT / "pipelines", assembly=tmp_path)

    assert [path.name for path in tmp_path.glob("*.template.json")] == ["sluice-local-storage.template.json"]
