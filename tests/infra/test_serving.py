import json
import re

import pytest

import env
from infra import assembly
from tests.infra.templates import CHECKOUT, Synthesized, only, resources

FORBIDDEN_TYPES = ("AWS::IAM::", "AWS::Lambda::", "AWS::CloudFormation::CustomResource", "Custom::", "AWS::SSM::")


def test_the_stack_holds_literals_only(every):
    """Nothing that the narrow role could not create or resolve stands in a serving stack."""
    template = every.template("serving")
    types = {resource["Type"] for resource in template["Resources"].values()}
    text = json.dumps(template)

    assert [kind for kind in types if kind.startswith(FORBIDDEN_TYPES)] == []
    assert [word for word in ("Fn::ImportValue", "{{resolve:", "Fn::Transform", "S3Key") if word in text] == []
    assert template.keys() == {"Parameters", "Conditions", "Resources", "Outputs"}
    assert {parameter["Type"] for parameter in template["Parameters"].values()} == {"String"}


def test_the_stack_has_no_asset_but_its_template(every):
    """A release may keep the template: nothing else would have to be fetched."""
    assert len(every.assets("serving")) == 1


def test_without_a_package_there_is_a_placeholder_alone(every):
    """The first deployment works before there is a model: everything but one free resource has the condition."""
    unconditional = [
        resource["Type"] for resource in every.template("serving")["Resources"].values() if "Condition" not in resource
    ]

    assert unconditional == ["AWS::CloudFormation::WaitConditionHandle"]
    assert {o["Condition"] for o in every.template("serving")["Outputs"].values()} == {"HasModel"}


def test_parameters_keep_out_what_is_no_release(local):
    """The parameters admit the packages of this model's group, the two ways to roll out, and nothing else."""
    parameters = local.template("serving")["Parameters"]
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:model-package"

    assert {name: parameter["Default"] for name, parameter in parameters.items()} == {
        "ModelPackageArn": "none",
        "Rollout": "guarded",
        "ReleaseId": "none",
    }
    assert parameters["Rollout"]["AllowedValues"] == ["guarded", "immediate"]
    pattern = re.compile(parameters["ModelPackageArn"]["AllowedPattern"])
    assert pattern.match(f"{arn}/credit-risk/7")
    assert pattern.match("none")
    assert not pattern.match(f"{arn}/churn/7")
    assert not pattern.match(f"{arn}/credit-risk/7/x")


def test_every_release_makes_a_new_model(local):
    """Release, way of rolling out and deployment settings stand where a change of them can only mean a replacement."""
    (container,) = only(local.template("serving"), "AWS::SageMaker::Model")["Containers"]

    assert container["ModelPackageName"] == {"Ref": "ModelPackageArn"}
    assert container["Environment"]["SLUICE_RELEASE_ID"] == {"Ref": "ReleaseId"}
    assert container["Environment"]["SLUICE_ROLLOUT"] == {"Ref": "Rollout"}


def test_a_change_of_the_bake_makes_a_new_model(tmp_path, local):
    """UpdateEndpoint takes no config that serves already: other deployment settings give the model another digest."""
    stage = env.load("local")
    serving = stage.models["credit-risk"].serving
    deployment = serving.deployment.model_copy(update={"final_bake_seconds": 300})
    changed = serving.model_copy(update={"deployment": deployment})
    model = stage.models["credit-risk"].model_copy(update={"serving": changed})
    stage = stage.model_copy(update={"models": {"credit-risk": model}})
    assembly.synthesize(stage, pipelines=CHECKOUT / "pipelines", assembly=tmp_path)

    digests = {digest_of(local), digest_of(Synthesized(stage, tmp_path))}
    assert len(digests) == 2


def digest_of(synthesized):
    """The digest of the deployment settings in a model's environment."""
    (container,) = only(synthesized.template("serving"), "AWS::SageMaker::Model")["Containers"]
    return container["Environment"]["SLUICE_DEPLOYMENT"]


@pytest.mark.parametrize("kind", ["AWS::SageMaker::Model", "AWS::SageMaker::EndpointConfig"])
def test_what_a_release_replaces_stays(every, kind):
    """An endpoint that was rolled back still finds its model and config, which have no name of ours."""
    ((_, resource),) = resources(every.template("serving"), kind)

    assert (resource["UpdateReplacePolicy"], resource["DeletionPolicy"]) == ("Retain", "Delete")
    assert {"ModelName", "EndpointConfigName"} & resource["Properties"].keys() == set()


def test_releases_can_be_told_apart_by_tags(every):
    """A sweeper finds stage, model and release on everything that a release makes."""
    for kind in ("Model", "EndpointConfig", "Endpoint"):
        tags = {t["Key"]: t["Value"] for t in only(every.template("serving"), f"AWS::SageMaker::{kind}")["Tags"]}
        assert {
            "sluice:stage": every.stage.name,
            "sluice:model": "credit-risk",
            "sluice:release": {"Ref": "ReleaseId"},
        }.items() <= tags.items()


def test_captured_requests_are_kept_apart_by_package(prod):
    """Capture goes below the model's name and the version that ends the package's ARN."""
    capture = only(prod.template("serving"), "AWS::SageMaker::EndpointConfig")["DataCaptureConfig"]
    version = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "ModelPackageArn"}]}]}

    assert capture["DestinationS3Uri"] == {
        "Fn::Join": ["", ["s3://sluice-prod-capture-333333333333-eu-west-1/credit-risk/", version]]
    }
    assert (capture["EnableCapture"], capture["InitialSamplingPercentage"]) == (True, 20)


def test_a_guarded_release_goes_as_the_stage_deploys(prod):
    """Production moves a quarter, watches it ten minutes, then the rest, and rolls back on four alarms."""
    guarded, _ = deployment_configs(prod)

    assert guarded["BlueGreenUpdatePolicy"] == {
        "TrafficRoutingConfiguration": {
            "Type": "CANARY",
            "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 25},
            "WaitIntervalInSeconds": 600,
        },
        "TerminationWaitInSeconds": 600,
        "MaximumExecutionTimeoutInSeconds": 7200,
    }
    assert [alarm["AlarmName"]["Ref"] for alarm in guarded["AutoRollbackConfiguration"]["Alarms"]] == [
        "ServerErrors",
        "ModelErrors",
        "Latency",
        "Abort",
    ]


def test_an_immediate_release_waits_for_nothing(prod):
    """The way back moves everything at once, without waits, and no alarm can stop it."""
    _, immediate = deployment_configs(prod)

    assert immediate == {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
            "TerminationWaitInSeconds": 0,
            "MaximumExecutionTimeoutInSeconds": 3600,
        }
    }


def test_one_instance_moves_all_at_once(synthesized):
    """The first stage's endpoint has one instance, which cannot be divided; its alarms still undo a release."""
    guarded, _ = deployment_configs(synthesized("dev"))

    assert guarded["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["Type"] == "ALL_AT_ONCE"
    assert len(guarded["AutoRollbackConfiguration"]["Alarms"]) == 4


def deployment_configs(synthesized):
    """The guarded and the immediate deployment of an endpoint."""
    condition, guarded, immediate = only(synthesized.template("serving"), "AWS::SageMaker::Endpoint")[
        "DeploymentConfig"
    ]["Fn::If"]
    assert condition == "Guarded"
    return guarded, immediate


def test_the_endpoint_keeps_its_weights_and_takes_the_rest_from_its_file(every):
    """Capture and, as nothing scales it, the instance count follow the stage's file with each update."""
    endpoint = only(every.template("serving"), "AWS::SageMaker::Endpoint")

    assert endpoint["RetainAllVariantProperties"] is True
    assert renewed(endpoint) == {"DataCaptureConfig", "DesiredInstanceCount"}


def renewed(endpoint):
    """What an update does not keep of an endpoint."""
    return {kind["VariantPropertyType"] for kind in endpoint["ExcludeRetainedVariantProperties"]}


def test_a_network_isolates_the_model(prod, local):
    """A stage with subnets runs its models inside them, cut off from the internet; one without does not."""
    inside = only(prod.template("serving"), "AWS::SageMaker::Model")
    outside = only(local.template("serving"), "AWS::SageMaker::Model")

    assert inside["VpcConfig"]["Subnets"] == list(prod.stage.network.subnets)
    assert inside["VpcConfig"]["SecurityGroupIds"] == list(prod.stage.network.security_groups)
    assert (inside["EnableNetworkIsolation"], outside["EnableNetworkIsolation"]) == (True, False)
    assert "VpcConfig" not in outside
