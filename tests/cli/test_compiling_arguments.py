import json
from pathlib import Path

import pytest

from cli.compiling import arguments
from tests.cli.compiling_samples import IMAGE, definition, fail, gate, processing

LOCK = Path(__file__).parents[2] / "pipelines" / "credit_risk" / "lock" / "definition.json"

VALUES = {
    "{{sluice:artifact_bucket}}": "artifacts",
    "{{sluice:image:sklearn:1.4-2}}": IMAGE,
    "{{sluice:model}}": "credit-risk",
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
    assert sentence in finding.sentence


TYPED = definition()["Parameters"] + [
    {"Name": "Count", "Type": "Integer", "DefaultValue": 1},
    {"Name": "Place", "Type": "String", "DefaultValue": "s3://b/k"},
]
GIVEN = "Steps.Train.ProcessingResources.ClusterConfig.InstanceCount"

FITTING = {
    "a whole number": ((*CLUSTER, "InstanceCount"), {"Get": "Parameters.Count"}),
    "a whole number of another step": ((*CLUSTER, "InstanceCount"), {"Get": GIVEN}),
    "a text": ((*INPUT, "S3Uri"), {"Get": "Parameters.Place"}),
    "a join": ((*INPUT, "S3Uri"), {"Std:Join": {"On": "", "Values": []}}),
    "a value of a file": ((*CLUSTER, "InstanceCount"), {"Std:JsonGet": {"Path": "a"}}),
    "an object of another step": (("Environment",), {"Get": "Steps.Train.Environment"}),
}
MISFIT = {
    "a text for a number": (
        ((*CLUSTER, "InstanceCount"), {"Get": "Parameters.Place"}),
        "InstanceCount is Parameters.Place, a text; expected a whole number.",
    ),
    "a number with a fraction for a whole one": (
        ((*CLUSTER, "InstanceCount"), {"Get": "Parameters.MinAuc"}),
        "InstanceCount is Parameters.MinAuc, a number; expected a whole number.",
    ),
    "a number for a text": (
        (("Environment",), {"COUNT": {"Get": "Parameters.Count"}}),
        "Environment.COUNT is Parameters.Count, a whole number; expected a text; write .to_string().",
    ),
    "another step's number for a text": (
        (("Environment",), {"COUNT": {"Get": GIVEN}}),
        f"Environment.COUNT is {GIVEN}, a whole number; expected a text; write .to_string().",
    ),
    "another step's object for a text": (
        ((*INPUT, "S3Uri"), {"Get": "Steps.Train.ProcessingOutputConfig"}),
        "S3Uri is Steps.Train.ProcessingOutputConfig, an object; expected a text.",
    ),
    "a join for a number": (
        ((*CLUSTER, "InstanceCount"), {"Std:Join": {"On": "", "Values": []}}),
        "InstanceCount is a Join, which gives one value; expected a whole number.",
    ),
    "a value of a file for an object": (
        (("Environment",), {"Std:JsonGet": {"Path": "a"}}),
        "Environment is a JsonGet, which gives one value; expected an object.",
    ),
}


def typed(path, function):
    """A pipeline with parameters and another step, in which a function stands for an argument."""
    pipeline = changed(*path, to=function)
    pipeline["Steps"].append(processing("Train"))
    return {**pipeline, "Parameters": TYPED}


@pytest.mark.parametrize(("path", "function"), FITTING.values(), ids=FITTING.keys())
def test_values_of_the_run_that_fit_pass(path, function):
    """What is known only when the pipeline runs may stand for a value of its type."""
    assert arguments.findings(typed(path, function)) == []


@pytest.mark.parametrize(("place", "sentence"), MISFIT.values(), ids=MISFIT.keys())
def test_values_of_the_run_that_do_not_fit_are_told(place, sentence):
    """A value of another type than SageMaker wants is told with its type, and with the way out where there is one."""
    (finding,) = arguments.findings(typed(*place))
    assert finding.sentence.endswith(sentence)


@pytest.mark.parametrize("kind", ["EMR", "AutoML", "Endpoint"])
def test_types_that_nothing_here_runs_are_refused_with_those_that_are(kind):
    """A step type of SageMaker's that is not supported is told with the list of those that are."""
    (finding,) = arguments.findings(definition({"Name": "A", "Type": kind, "Arguments": {}}))
    assert (
        f"steps of type {kind} are not supported; supported are Callback, ClarifyCheck, Condition" in finding.sentence
    )


def test_steps_without_a_call_pass():
    """Conditions and fail steps stand for no call of SageMaker's."""
    assert arguments.findings(definition(gate("Gate", then=[fail("Failed")]))) == []


def test_a_real_definition_passes():
    """The compiled pipeline, with a stage's values in it, is what botocore's model of SageMaker allows."""
    text = LOCK.read_text()
    for placeholder, value in VALUES.items():
        text = text.replace(placeholder, value)
    assert arguments.findings(json.loads(text)) == []
