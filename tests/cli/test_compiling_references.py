import pytest

from cli.compiling import references
from tests.cli.compiling_samples import definition, fail, gate, processing


def using(reference, **extra):
    """A processing step that refers to something in its environment."""
    step = processing("Use", **extra)
    step["Arguments"]["Environment"] = {"value": {"Get": reference}}
    return step


def json_get(step, file, path="metrics['the auc'].values[0]"):
    """A value from a property file."""
    return {"Std:JsonGet": {"PropertyFile": {"Get": f"Steps.{step}.PropertyFiles.{file}"}, "Path": path}}


REPORT = {"PropertyFileName": "Report", "OutputName": "train", "FilePath": "report.json"}
OUTPUT = "ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri"

SOUND = {
    "a parameter": definition(using("Parameters.MinAuc")),
    "an execution variable": definition(using("Execution.PipelineExecutionId")),
    "another step's output": definition(processing("Prepare"), using(f"Steps.Prepare.{OUTPUT}")),
    "a property file": definition(
        processing("Prepare", PropertyFiles=[REPORT]), gate("Gate", left=json_get("Prepare", "Report"))
    ),
    "a step in a branch": definition(gate("Gate", then=[using("Parameters.MinAuc")], otherwise=[fail("Failed")])),
    "the outcome of a condition": definition(gate("Gate"), using("Steps.Gate.Outcome")),
    "an order": definition(processing("A"), processing("B", DependsOn=["A"])),
    "an order upon an outcome": definition(
        processing("A"), processing("B", DependsOn=[{"Step": "A", "Trigger": "Failed"}])
    ),
}

BROKEN = {
    "a step is there twice": (definition(processing("A"), fail("A")), "Step A is defined 2 times"),
    "a step is there twice, once in a branch": (
        definition(processing("A"), gate("Gate", then=[fail("A")])),
        "Step A is defined 2 times",
    ),
    "a step's name has a blank": (definition(fail("too low")), "Step too low: the name must be 1 to 64 letters"),
    "a step's name is too long": (definition(fail("a" * 65)), "the name must be 1 to 64 letters"),
    "a parameter is unknown": (
        definition(using("Parameters.MinAcu")),
        "Step Use uses parameter MinAcu, which is not defined",
    ),
    "an execution variable is unknown": (
        definition(using("Execution.Id")),
        "uses execution variable Id; SageMaker has CurrentDateTime",
    ),
    "a step is unknown": (definition(using(f"Steps.Prepaer.{OUTPUT}")), "refers to step Prepaer, which is not in"),
    "a property is unknown": (
        definition(processing("A"), using("Steps.A.ModelArtifacts.S3ModelArtifacts")),
        "but a Processing step has no such property",
    ),
    "an output is unknown": (
        definition(processing("A"), using("Steps.A.ProcessingOutputConfig.Outputs['tset'].S3Output.S3Uri")),
        "refers to output 'tset' of step A, which it does not have",
    ),
    "a property file is unknown": (
        definition(processing("A"), gate("Gate", left=json_get("A", "Report"))),
        "Step Gate reads property file Report, which step A does not have; it has none",
    ),
    "a property file is in no output": (
        definition(processing("A", outputs=["test"], PropertyFiles=[REPORT])),
        "has property file Report in output 'train', but its outputs are test",
    ),
    "a property file is an absolute path": (
        definition(processing("A", PropertyFiles=[{**REPORT, "FilePath": "/opt/ml/report.json"}])),
        "has property file Report at '/opt/ml/report.json'; write its path within the output",
    ),
    "a JSON path leads to many values": (
        definition(processing("A", PropertyFiles=[REPORT]), gate("Gate", left=json_get("A", "Report", path="a[*].b"))),
        "Step Gate reads JSON path 'a[*].b'; write one that leads to one value",
    ),
    "an order names no step": (definition(processing("A", DependsOn=["B"])), "Step A depends on step B, which is not"),
    "steps wait for each other": (
        definition(processing("A", DependsOn=["B"]), processing("B", DependsOn=["A"])),
        "Steps wait for each other",
    ),
    "a step waits for itself": (definition(using(f"Steps.Use.{OUTPUT}")), "Steps wait for each other: Use → Use"),
    "a gate waits for its branch": (
        definition(gate("Gate", then=[processing("A")], left={"Get": f"Steps.A.{OUTPUT}"})),
        "Steps wait for each other",
    ),
    "there are too many steps": (definition(*[fail(f"F{n}") for n in range(51)]), "has 51 steps; SageMaker takes 50"),
}


def wrong(pipeline):
    """What SageMaker would refuse."""
    return [finding for finding in references.findings(pipeline) if not finding.warning]


@pytest.mark.parametrize("pipeline", SOUND.values(), ids=SOUND.keys())
def test_what_leads_somewhere_passes(pipeline):
    """A reference to something that is there is no finding."""
    assert wrong(pipeline) == []


@pytest.mark.parametrize(("pipeline", "sentence"), BROKEN.values(), ids=BROKEN.keys())
def test_what_leads_nowhere_is_told(pipeline, sentence):
    """One finding says which step refers to what."""
    (finding,) = wrong(pipeline)
    assert sentence in finding.sentence


@pytest.mark.parametrize(
    ("parameter", "sentence"),
    [
        ({"Name": "MinAuc", "Type": "Float"}, "Parameter MinAuc is defined 2 times"),
        ({"Name": "N", "Type": "Integer", "DefaultValue": 0.5}, "Parameter N: default 0.5 is not of type Integer"),
        ({"Name": "N", "Type": "Integer", "DefaultValue": True}, "Parameter N: default True is not of type Integer"),
        (
            {"Name": "S", "Type": "String", "DefaultValue": "c", "EnumValues": ["a"]},
            "default 'c' is none of its values",
        ),
        (
            {"Name": "S", "Type": "String", "DefaultValue": {"Get": "Execution.PipelineName"}},
            "Parameter S: the default is Execution.PipelineName; a default is a value that is known",
        ),
    ],
)
def test_parameters_are_judged(parameter, sentence):
    """A parameter has one definition and a default of its type and among its values."""
    pipeline = definition()
    pipeline["Parameters"].append(parameter)
    (finding,) = wrong(pipeline)
    assert sentence in finding.sentence


def test_a_parameter_that_no_step_uses_is_told():
    """Whoever starts an execution with another value would wait for an effect in vain."""
    (finding,) = references.findings(definition(processing("A")))
    assert finding.sentence == "Parameter MinAuc is used by no step, so that its value has no effect."
    assert (finding.parameter, finding.warning) == ("MinAuc", True)
    assert references.findings(definition(using("Parameters.MinAuc"))) == []
    assert references.findings(definition(gate("Gate", then=[using("Parameters.MinAuc")]))) == []
