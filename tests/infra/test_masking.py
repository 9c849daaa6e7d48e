import json

import aws_cdk
import pytest
from aws_cdk.assertions import Template

from env import naming
from infra import masking
from infra.errors import MaskError
from infra.masking import MaskKey
from infra.roles import ServingRole
from infra.serving import Serving
from tests.infra.templates import MODEL, actions, of_one_model, only


def masked(**columns):
    """The laptop's stage with some columns of its model masked."""
    stage = of_one_model("local")
    model = stage.models[MODEL]
    capture = model.serving.capture.model_copy(update={"masked": columns})
    serving = model.serving.model_copy(update={"capture": capture})
    return stage.model_copy(update={"models": {MODEL: model.model_copy(update={"serving": serving})}})


def synthesized(make):
    """The template of a stack with what ``make`` puts into it."""
    stack = aws_cdk.Stack(aws_cdk.App(), "Stack")
    make(stack)
    return Template.from_stack(stack).to_json()


def serving(stage):
    """The template of the model's serving stack."""
    settings = stage.models[MODEL].serving
    return Template.from_stack(Serving(aws_cdk.App(), stage=stage, model=MODEL, settings=settings)).to_json()


def modes(template):
    """What SageMaker captures."""
    options = only(template, "AWS::SageMaker::EndpointConfig")["DataCaptureConfig"]["CaptureOptions"]
    return [option["CaptureMode"] for option in options]


def environment(template):
    """What the container is told."""
    (container,) = only(template, "AWS::SageMaker::Model")["Containers"]
    return container["Environment"]


def test_sagemaker_captures_answers_alone_where_columns_are_masked():
    """It keeps what comes in as it comes; the container is told what to hide and where to write the rest."""
    template = serving(masked(age="hash", sex="drop"))
    told = environment(template)
    folder = json.dumps(told["SLUICE_CAPTURE_FOLDER"])
    assert modes(template) == ["Output"]
    assert json.loads(told["SLUICE_MASKED"]) == {"age": "hash", "sex": "drop"}
    assert f"{MODEL}/" in folder
    assert f"/{MODEL}-local/{naming.VARIANT}" in folder


def test_an_endpoint_without_masked_columns_is_told_nothing_of_them():
    """Its model is the same as before there were any."""
    template = serving(of_one_model("local"))
    assert modes(template) == ["Input", "Output"]
    assert [name for name in environment(template) if "MASK" in name or "CAPTURE" in name] == []


def test_what_is_masked_before_the_first_release_is_masked_in_it():
    """CloudFormation takes over no template whose resources are all as before, those that have no model yet apart."""
    held = [
        {name for name, resource in serving(stage)["Resources"].items() if "Condition" not in resource}
        for stage in (of_one_model("local"), masked(age="hash"), masked(age="drop"))
    ]
    assert len(set.union(*held)) == 3


def test_a_model_that_hashes_may_read_the_key_of_its_stage_and_no_other_secret():
    """One that drops columns alone has nothing to read."""
    found = {}
    for way in ("hash", "drop"):
        stage = masked(age=way)
        template = synthesized(lambda stack, stage=stage: ServingRole(stack, stage=stage, model=MODEL))
        statements = only(template, "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
        found[way] = [each for each in statements if "secretsmanager:GetSecretValue" in actions(each)]
    (right,) = found["hash"]
    assert right["Resource"].endswith(":secret:sluice/local/mask-??????")
    assert found["drop"] == []


def test_the_key_is_made_up_and_encrypted_by_the_stage():
    """Nobody writes it down: 64 letters and digits, under the stage's key."""
    stage = masked(age="hash")
    secret = only(synthesized(lambda stack: MaskKey(stack, stage=stage)), "AWS::SecretsManager::Secret")
    assert secret["GenerateSecretString"] == {"ExcludePunctuation": True, "PasswordLength": 64}
    assert secret["KmsKeyId"] == naming.key_alias_arn(stage)
    assert masking.hashes(stage)
    assert not masking.hashes(masked(age="drop"))


def test_more_columns_than_a_container_can_be_told_of_stop_the_synthesis():
    """SageMaker would refuse the model at the next release."""
    stage = masked(**{f"column_number_{number}": "hash" for number in range(60)})
    with pytest.raises(MaskError, match="mask fewer columns"):
        masking.environment(stage, MODEL, folder="s3://b")
