import copy
import json

import pytest

import env
from cli import definitions
from cli.errors import CliError
from tests.cli.fakes import FakeClient, connection, refusal

STEP = {"Name": "Train", "Type": "Training", "Arguments": {"HyperParameters": {"depth": "3"}}}
FAIL = {"Name": "Failed", "Type": "Fail", "Arguments": {"ErrorMessage": "no"}}
GATE = {"Name": "Gate", "Type": "Condition", "Arguments": {"Conditions": [], "IfSteps": [], "ElseSteps": [FAIL]}}
DEFINITION = {"Version": "2020-12-01", "Parameters": [], "Steps": [STEP, GATE]}


def changed(path, value):
    """The definition with another value at a path."""
    found = copy.deepcopy(DEFINITION)
    inner = found
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return found


@pytest.mark.parametrize(
    ("path", "value", "names"),
    [
        (["Steps", 0, "Arguments", "HyperParameters", "depth"], "4", ["Train"]),
        (["Steps", 1, "Arguments", "Conditions"], [{"Type": "In"}], ["Gate"]),
        (["Steps", 1, "Arguments", "ElseSteps", 0, "Arguments", "ErrorMessage"], "never", ["Failed"]),
        (["Steps", 1, "Arguments", "ElseSteps"], [], ["Gate", "Failed"]),
        (["Steps", 0, "Name"], "Fit", ["Train", "Fit"]),
        (["Parameters"], [{"Name": "Depth", "Type": "Integer"}], ["Parameters"]),
        (["Steps", 0, "Arguments", "HyperParameters", "depth"], "3", []),
    ],
)
def test_differences_are_told_by_step(path, value, names):
    """A step is named when it changes itself, is new or is gone; a condition not for the sake of what it leads to."""
    assert sorted(definitions.differing(DEFINITION, changed(path, value))) == sorted(names)
    assert sorted(definitions.differing(changed(path, value), DEFINITION)) == sorted(names)


def test_the_lock_is_read_for_a_stage():
    """The stage's own bucket stands where the lock has a placeholder."""
    found = definitions.locked(env.load("local"), "credit-risk")
    assert {step["Name"] for step in found["Steps"]} >= {"Prepare", "Train", "Evaluate", "Gate"}
    assert "{{sluice" not in json.dumps(found)
    assert "sluice-local-artifacts-123456789012-eu-west-1" in json.dumps(found)


def test_a_model_that_a_stage_does_not_train_has_no_lock_there():
    """What `infra` says is what the person reads."""
    with pytest.raises(CliError, match=r"env/prod.toml: there is no \[models.credit-risk.training\]"):
        definitions.locked(env.load("prod"), "credit-risk")


def test_a_pipeline_that_is_not_deployed_has_no_definition():
    """SageMaker's refusal is an answer; another one is not."""

    def describe(*, PipelineName):
        raise refusal("ResourceNotFound", f"Pipeline {PipelineName} does not exist")

    def deny(*, PipelineName):
        raise refusal("AccessDeniedException", "not authorized")

    assert definitions.deployed(connection(sagemaker=FakeClient(describe_pipeline=describe)), "credit-risk") is None
    with pytest.raises(Exception, match="not authorized"):
        definitions.deployed(connection(sagemaker=FakeClient(describe_pipeline=deny)), "credit-risk")


@pytest.mark.parametrize(("depth", "said", "differing"), [("3", "as locked", ()), ("4", "differs: Train", ("Train",))])
def test_how_a_pipeline_stands_to_its_lock_is_told_by_steps(depth, said, differing):
    """A person reads one word or the names of the steps; a program reads the names."""
    wanted = definitions.locked(env.load("local"), "credit-risk")
    there = copy.deepcopy(wanted)
    for step in there["Steps"]:
        if step["Name"] == "Train" and depth != "3":
            step["Arguments"]["HyperParameters"] = {"depth": depth}
    client = FakeClient(describe_pipeline=lambda **_: {"PipelineDefinition": json.dumps(there)})
    standing = definitions.standing(connection(sagemaker=client), "credit-risk")
    assert (str(standing), standing.differing) == (said, differing)


def test_a_stage_that_does_not_train_has_nothing_to_compare():
    """Nothing is asked of AWS."""
    assert definitions.standing(connection("prod"), "credit-risk") is None


def test_a_pipeline_that_is_missing_is_said_to_be():
    """Before the first deployment."""

    def describe(*, PipelineName):
        raise refusal("ResourceNotFound", f"Pipeline {PipelineName} does not exist")

    standing = definitions.standing(connection(sagemaker=FakeClient(describe_pipeline=describe)), "credit-risk")
    assert str(standing) == "not deployed"
