import json

import pytest

from local.errors import UnsupportedLocally, ValidationError
from local.sagemaker.pipelines.parsing import parse


def step(name, kind="Processing", **more):
    """A step without arguments of its own."""
    return {"Name": name, "Type": kind, "Arguments": {}, **more}


def definition(*steps, parameters=(), experiment=None):
    """The text of a definition."""
    known = {"Version": "2020-12-01", "Parameters": list(parameters), "PipelineExperimentConfig": experiment}
    return json.dumps({**known, "Steps": list(steps)})


def test_references_and_dependencies_make_the_graph():
    """A Get of another step's property needs no DependsOn; both forms of DependsOn count."""
    uses = step("Train", "Training", Arguments={"A": [{"Std:Join": {"Values": [{"Get": "Steps.Prep.Outputs['x']"}]}}]})
    after = step("Check", DependsOn=["Train", {"Step": "Prep", "Trigger": "Completed"}])
    steps = parse(definition(uses, after, step("Prep"))).steps
    assert {name: sorted(found.needs) for name, found in steps.items()} == {
        "Train": ["Prep"],
        "Check": ["Prep", "Train"],
        "Prep": [],
    }


def test_a_step_may_wait_for_another_end_than_success():
    """Failed, Stopped or Any; Completed is as good as the name alone."""
    waits = step("B", DependsOn=[{"Step": "A", "Trigger": "Failed"}, {"Step": "C", "Trigger": "Completed"}])
    found = parse(definition(step("A"), waits, step("C"))).steps["B"]
    assert (found.needs, found.triggers) == ({"A", "C"}, {"A": "Failed"})


def test_the_branches_of_a_condition_need_it_and_its_outcome():
    """Steps in IfSteps and ElseSteps are flattened, with the outcome for which they run."""
    gate = step("Gate", "Condition", Arguments={"Conditions": [], "IfSteps": [step("Yes")], "ElseSteps": [step("No")]})
    steps = parse(definition(gate)).steps
    assert steps["Yes"].branch == ("Gate", True)
    assert steps["No"].branch == ("Gate", False)
    assert steps["Yes"].needs == {"Gate"}
    assert steps["Gate"].needs == frozenset()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no json", "not valid JSON"),
        ("[]", "no list of Steps"),
        (json.dumps({"Version": "2020-12-01", "Steps": []}), "no list of Steps"),
        (json.dumps({"Version": "1", "Steps": [step("A")]}), "Version '1' is not 2020-12-01"),
        (definition(step("A"), step("A")), "'A' is used twice"),
        (definition(step("a b")), "does not match"),
        (definition(step("A", "Dream")), "unknown type 'Dream'"),
        (definition(step("A", DependsOn=["B"])), "step 'B', which does not exist"),
        (definition(step("A", Arguments={"X": {"Get": "Steps.B.C"}})), "step 'B', which does not exist"),
        (definition(step("A", Arguments={"X": {"Get": "Parameters.P"}})), "parameter 'P', which is not declared"),
        (definition(step("A", Arguments={"X": {"Get": "Execution.Mood"}})), "not an execution variable"),
        (definition(step("A", Arguments={"X": {"Get": "Weather"}})), "which is nothing"),
        (definition(step("A", DependsOn=["B"]), step("B", DependsOn=["A"])), "in a circle"),
        (definition(step("A"), parameters=[{"Name": "P", "Type": "Colour"}]), "needs a Name and a Type"),
        (definition(step("A"), parameters=["P"]), "A parameter is not an object"),
        (definition("A"), "A step is not an object"),
        (definition(step("A", Arguments=[1])), "Arguments that is not an object"),
        (definition(step("A", "Condition")), "needs a list of Conditions"),
        (definition(step("A", PropertyFiles=[{"FilePath": "x"}])), "property file without"),
        (definition(step("A", Arguments={"X": {"Std:Join": {"On": "/"}}})), "Std:Join without a list"),
        (definition(step("A", Arguments={"X": {"Std:JsonGet": {"Path": "a"}}})), "Std:JsonGet without"),
        (
            definition(step("A", Arguments={"X": {"Std:JsonGet": {"Path": "a!", "S3Uri": "s"}}})),
            "'a!' is not one such as",
        ),
        (definition(step("A", Arguments={"X": {"Std:JsonGet": {"Path": 1, "S3Uri": "s"}}})), "Path 1 is not one"),
        (
            definition(step("A", Arguments={"X": {"Std:JsonGet": {"Path": "a", "S3Uri": "s", "PropertyFile": {}}}})),
            "both a PropertyFile and an S3Uri",
        ),
        (definition(step("A", Arguments={"X": {"Std:Join": []}})), "Std:Join without arguments"),
        (definition(step("A", Arguments={"X": {"Std:Join": {"Values": [], "On": 1}}})), "On is not a string"),
        (definition(step("A", CacheConfig=True)), "CacheConfig that is not an object"),
        (definition(step("A", DependsOn=1)), "DependsOn that is not a list"),
        (definition(step("A", PropertyFiles=["x"])), "PropertyFiles is not an object"),
        (definition(step("A", [])), "Type that is not a string"),
        (definition(step("A", "Condition", Arguments={"IfSteps": 1})), "IfSteps that is not a list"),
        (definition(step("A", RetryPolicies=[{}])), "'A' has a retry policy whose ExceptionType"),
        (definition(step("A", RetryPolicies=[1])), "RetryPolicies is not an object"),
        (
            definition(step("A"), step("B", DependsOn=[{"Step": "A", "Trigger": "Mood"}])),
            "not one of Completed, Failed",
        ),
        (definition(step("A", DependsOn=[1])), "neither a name nor a Step"),
        (
            definition(step("A"), step("B", DependsOn=[{"Step": "A", "Trigger": "Any"}], X={"Get": "Steps.A.Y"})),
            "can only run when that succeeded",
        ),
        (definition(step("A"), experiment=[1]), "PipelineExperimentConfig that is not an object"),
        (definition(step("A"), experiment={"TrialName": {"Get": "Parameters.P"}}), "'Parameters.P', which is no"),
        (definition(step("A"), experiment={"TrialName": {"Get": "Steps.A.X"}}), "'Steps.A.X', which is no"),
        (definition(step("A"), experiment={"TrialName": {"Std:JsonGet": {}}}), "other than Std:Join"),
    ],
)
def test_what_is_wrong_is_said(text, said):
    """Each mistake has its sentence."""
    with pytest.raises(ValidationError, match="Unable to parse pipeline definition") as caught:
        parse(text)
    assert said in caught.value.message


def test_mistakes_are_told_together():
    """One answer names them all."""
    with pytest.raises(ValidationError) as caught:
        parse(definition(step("A", DependsOn=["B"]), step("A", "Dream")))
    assert all(said in caught.value.message for said in ("used twice", "'B'", "'Dream'"))


def test_a_property_file_must_be_the_steps_own():
    """A JsonGet of a file that its step does not declare is refused."""
    read = {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Eval.PropertyFiles.Report"}, "Path": "a"}}
    declared = step("Eval", PropertyFiles=[{"PropertyFileName": "Report", "OutputName": "o", "FilePath": "r.json"}])
    parse(definition(declared, step("B", Arguments={"X": read})))
    with pytest.raises(ValidationError, match="not a property file"):
        parse(definition(step("Eval"), step("B", Arguments={"X": read})))


@pytest.mark.parametrize(
    ("found", "named"),
    [
        (step("A", "EMR"), "EMR"),
        (step("A", "AutoML"), "AutoML"),
    ],
)
def test_what_only_aws_runs_is_refused_by_name(found, named):
    """Known to AWS is not the same as wrong."""
    with pytest.raises(UnsupportedLocally, match=named):
        parse(definition(found))


def test_a_condition_in_a_condition_is_refused():
    """Pipelines does not nest them."""
    inner = step("Inner", "Condition", Arguments={"Conditions": []})
    outer = step("Outer", "Condition", Arguments={"Conditions": [], "IfSteps": [inner], "ElseSteps": []})
    with pytest.raises(ValidationError, match="Condition inside a Condition"):
        parse(definition(outer))
