from hypothesis import given, settings
from hypothesis import strategies as st

from local.sagemaker.pipelines.definition import Step
from local.sagemaker.pipelines.progress import Progress


def made(**needs):
    """Steps by name, each with what it waits for: a list of names, or the triggers by name."""
    steps = {}
    for name, waited in needs.items():
        triggers = {n: t for n, t in waited.items() if t != "Completed"} if isinstance(waited, dict) else {}
        steps[name] = Step(name, "Fail" if name.startswith("Fail") else "Model", {}, frozenset(waited), None, triggers)
    return steps


def startable(steps, **ended):
    """What could start now."""
    return [step.name for step in Progress(steps, ended, {}).startable()]


CHAIN = made(A=[], B=["A"], Notify={"A": "Failed"}, Clean={"B": "Any"}, After=["Notify"])


def test_a_step_starts_when_all_it_waits_for_has_ended_well():
    """And not before."""
    assert startable(CHAIN) == ["A"]
    assert startable(CHAIN, A="Succeeded") == ["B"]


def test_a_step_that_waits_for_a_failure_starts_on_one():
    """What comes after it starts too; what needed the failed step's success does not."""
    assert startable(CHAIN, A="Failed") == ["Notify"]
    assert startable(CHAIN, A="Failed", Notify="Succeeded") == ["After"]


def test_any_end_is_waited_for():
    """Be it good, bad or by hand."""
    for status in ("Succeeded", "Failed", "Stopped"):
        assert startable(CHAIN, A="Succeeded", B=status) == ["Clean"]


def test_a_failure_nobody_waits_for_stops_the_rest():
    """But not those that wait for another failure."""
    steps = made(A=[], B=[], C=[], Notify={"B": "Failed"}, D=["C"])
    assert startable(steps, A="Failed", C="Succeeded") == []
    assert startable(steps, A="Failed", B="Failed", C="Succeeded") == ["Notify"]
    assert list(Progress(steps, {"A": "Failed", "B": "Failed"}, {}).unhandled()) == ["A"]


def test_a_failure_that_is_waited_for_lets_the_rest_go_on():
    """Steps that do not hang on it run."""
    steps = made(A=[], B=[], Notify={"A": "Failed"})
    assert startable(steps, A="Failed") == ["B", "Notify"]


def test_nobody_waits_for_a_failure_who_can_never_run():
    """A step that also needs what has failed otherwise handles nothing."""
    steps = made(A=[], B=[], Notify={"A": "Failed", "B": "Completed"})
    assert list(Progress(steps, {"A": "Failed"}, {}).unhandled()) == []
    assert list(Progress(steps, {"A": "Failed", "B": "Failed"}, {}).unhandled()) == ["A", "B"]


def test_a_fail_step_ends_the_execution_whoever_waits():
    """That is what it is for."""
    steps = made(Fail=[], Notify={"Fail": "Failed"})
    assert list(Progress(steps, {"Fail": "Failed"}, {}).unhandled()) == ["Fail"]


def test_branches_wait_for_their_outcome():
    """A step of the branch that was not taken never starts, nor handles a failure."""
    steps = {
        "Gate": Step("Gate", "Condition", {}, frozenset()),
        "Yes": Step("Yes", "Model", {}, frozenset({"Gate"}), ("Gate", True)),
        "No": Step("No", "Model", {}, frozenset({"Gate"}), ("Gate", False)),
    }
    assert [s.name for s in Progress(steps, {"Gate": "Succeeded"}, {"Gate": False}).startable()] == ["No"]


_TRIGGERS = st.sampled_from(["Completed", "Failed", "Stopped", "Any"])


@settings(max_examples=40)
@given(st.data())
def test_every_execution_comes_to_an_end(data):
    """Whatever waits for whatever and however steps come out: each starts once, and no more can start at the end."""
    names = [f"S{n}" for n in range(data.draw(st.integers(1, 7)))]
    waits = {
        name: {before: data.draw(_TRIGGERS) for before in names[:n] if data.draw(st.booleans())}
        for n, name in enumerate(names)
    }
    steps, ended = made(**waits), {}
    while ready := startable(steps, **ended):
        assert not set(ready) & set(ended)
        ended[ready[0]] = data.draw(st.sampled_from(["Succeeded", "Failed", "Stopped"]))
    assert "S0" in ended
    assert Progress(steps, ended, {}).failed() == any(status != "Succeeded" for status in ended.values())
