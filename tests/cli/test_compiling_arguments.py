import json
from pathlib import Path

import pytest

from cli.compiling import arguments
from tests.cli.compiling_samples import IMAGE, definition, fail, gate, processing

LOCK = Path(__file__).parents[2] / "pipelines" / "credit_risk" / "lock" / "definition.json"

VALUES = {
    "{{sluice:artifact_bucket}}": "artifacts",
    "{{sluice:image:sklearn:1.4-2}}": IMAGE,
    "{{sluice:kms_key}}": "arn:aws:kms:eu-west-1:123456789012:alias/sluice-dev",
    "{{sluice:role:pipeline}}": "arn:aws:iam::123456789012:role/sluice-dev-pipeline-credit-risk",
}


def changed(*path, to):
    """A pipeline of one processing step with one argument replaced, or taken out when ``to`` is absent."""
    step = processing("Prepare")
    place = step["Arguments"]
    for name in path[:-1]:
        place = place[name]
    if to is ABSENT:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return definition(step)


ABSENT = object()
CLUSTER = ("ProcessingResources", "ClusterConfig")
INPUT = ("ProcessingInputs", 0, "S3Input")

BROKEN = {
    "a misspelt member": (changed("Enviroment", to={"a": "b"}), "Step Prepare.Enviroment is unknown"),
    "a missing member": (changed("RoleArn", to=ABSENT), "Step Prepare.RoleArn is missing"),
    "a text for a number": (
        changed(*CLUSTER, "InstanceCount", to="1"),
        "InstanceCount is '1'; expected a whole number",
    ),
    "a truth for a number": (changed(*CLUSTER, "InstanceCount", to=True), "InstanceCount is True; expected a whole"),
    "a number for a text": (changed("Environment", to={"a": 1}), "Step Prepare.Environment.a is 1; expected a text"),
    "an unknown instance": (changed(*CLUSTER, "InstanceType", to="ml.m5.lrage"), "'ml.m5.lrage'; expected one of"),
    "a number too small": (changed(*CLUSTER, "InstanceCount", to=0), "InstanceCount: the value, 0, is below 1"),
    "a malformed URI": (changed(*INPUT, "S3Uri", to="bucket/key"), "S3Uri is 'bucket/key'; expected the form"),
    "a malformed role": (changed("RoleArn", to="arn:aws:iam::1:role/x"), "RoleArn is 'arn:aws:iam::1:role/x'"),
    "too long a text": (changed("Environment", to={"a": "x" * 300}), "Environment.a: the length, 300, is above 256"),
    "a text for a list": (changed("AppSpecification", "ContainerEntrypoint", to="x"), "is 'x'; expected a list"),
    "a list for an object": (changed("Environment", to=[]), "Step Prepare.Environment is []; expected an object"),
    "a text for a structure": (changed("AppSpecification", to="x"), "is 'x'; expected AppSpecification, an object"),
    "too many members": (
        changed("ProcessingInputs", to=[{"InputName": "a"}] * 11),
        "the number of members, 11, is above",
    ),
    "a step in a branch": (
        definition(gate("Gate", then=changed("RoleArn", to=ABSENT)["Steps"])),
        "Step Prepare.RoleArn is missing",
    ),
    "an unknown type": (definition({"Name": "A", "Type": "Procesing", "Arguments": {}}), "'Procesing' is no step type"),
}


@pytest.mark.parametrize(("pipeline", "sentence"), BROKEN.values(), ids=BROKEN.keys())
def test_what_the_service_refuses_is_told(pipeline, sentence):
    """One finding says which argument is wrong, what it is and what is expected."""
    (finding,) = arguments.findings(pipeline)
    assert sentence in finding


@pytest.mark.parametrize(
    "function",
    [{"Get": "Parameters.X"}, {"Std:Join": {"On": "", "Values": []}}, {"Std:JsonGet": {"Path": "a"}}],
    ids=["Get", "Join", "JsonGet"],
)
def test_values_of_the_run_are_not_judged(function):
    """What is known only when the pipeline runs may stand for any value."""
    for path in ((*CLUSTER, "InstanceCount"), (*INPUT, "S3Uri"), ("Environment",)):
        assert arguments.findings(changed(*path, to=function)) == []


def test_steps_without_a_call_pass():
    """Conditions and fail steps stand for no call of SageMaker's."""
    assert arguments.findings(definition(gate("Gate", then=[fail("Failed")]))) == []


def test_a_real_definition_passes():
    """The compiled pipeline, with a stage's values in it, is what botocore's model of SageMaker allows."""
    text = LOCK.read_text()
    for placeholder, value in VALUES.items():
        text = text.replace(placeholder, value)
    assert arguments.findings(json.loads(text)) == []
