import pytest

from cli.compiling import reachability
from tests.cli.compiling_samples import definition, fail, gate, processing


def constant(name, *, left, right, kind="LessThan", **branches):
    """A condition whose sides are both known."""
    step = gate(name, **branches)
    step["Arguments"]["Conditions"] = [{"Type": kind, "LeftValue": left, "RightValue": right}]
    return step


BOTH = gate("Gate", then=[processing("Good")], otherwise=[processing("Bad")])

REACHED = {
    "both branches of an open gate": definition(BOTH, processing("After", DependsOn=["Gate"])),
    "a step after one branch": definition(BOTH, processing("After", DependsOn=["Good"])),
    "a step upon a failure": definition(fail("F"), processing("After", DependsOn=[{"Step": "F", "Trigger": "Failed"}])),
    "the branch that is always taken": definition(constant("Gate", left=1, right=2, then=[processing("Good")])),
}

NEVER = {
    "a step after a failure": (
        definition(fail("F"), processing("After", DependsOn=["F"])),
        ("Step After never runs: it comes after step F, which ends the execution.", False),
    ),
    "a step of both branches": (
        definition(BOTH, processing("After", DependsOn=["Good", "Bad"])),
        ("Step After never runs: it needs steps of both branches of condition Gate.", False),
    ),
    "a step that needs the other branch": (
        definition(gate("Gate", then=[processing("Good")], otherwise=[processing("Bad", DependsOn=["Good"])])),
        ("Step Bad never runs: it needs steps of both branches of condition Gate.", False),
    ),
    "a branch that is never taken": (
        definition(constant("Gate", left=3, right=2, then=[processing("Good")], otherwise=[fail("F")])),
        ("Step Good never runs: condition Gate is always false.", True),
    ),
    "a branch that a text decides": (
        definition(constant("Gate", kind="Equals", left="a", right="a", otherwise=[fail("F")])),
        ("Step F never runs: condition Gate is always true.", True),
    ),
}


@pytest.mark.parametrize("pipeline", REACHED.values(), ids=REACHED.keys())
def test_what_an_execution_can_reach_passes(pipeline):
    """A step that runs in some execution is no finding."""
    assert reachability.findings(pipeline) == []


@pytest.mark.parametrize(("pipeline", "expected"), NEVER.values(), ids=NEVER.keys())
def test_what_no_execution_reaches_is_told(pipeline, expected):
    """One finding says which step never runs and why; what is meant perhaps is a warning."""
    (finding,) = reachability.findings(pipeline)
    assert (finding.sentence, finding.warning) == expected


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([{"Type": "Not", "Condition": {"Type": "Equals", "LeftValue": 1, "RightValue": 1}}], False),
        ([{"Type": "Or", "Conditions": [{"Type": "In"}, {"Type": "Equals", "LeftValue": 1, "RightValue": 1}]}], True),
        ([{"Type": "Equals", "LeftValue": 1, "RightValue": 1}, {"Type": "In"}], None),
        ([{"Type": "LessThan", "LeftValue": 1, "RightValue": "b"}], None),
    ],
    ids=["not", "one of several", "all of several", "sides that cannot be compared"],
)
def test_an_outcome_is_known_only_from_constants(conditions, expected):
    """All conditions of a step must hold; what is not known leaves the outcome open unless another decides."""
    step = gate("Gate")
    step["Arguments"]["Conditions"] = conditions
    assert reachability.outcome(step) is expected
